#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/tool.h"
#include "lab/log_writes.h"

DEFINE_string(log, "", "what dm-log-writes wrote");
DEFINE_string(begin_mark, "made", "the plan begins behind this mark of the log");
DEFINE_uint64(subsets, 4, "how many random ones between a flush or mark and the next");
DEFINE_bool(no_cache, false, "the disk has no cache: whatever was written before is there");
DEFINE_uint64(states, 0, "a random selection of so many; 0 for all");
DEFINE_uint64(seed, 1, "of the random choices");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "plan_power_cuts",
    "picks moments at which the power may have failed, and how much of the writes was lost.",
    "",
    "",
    "'DURABLE END SEED' for each, in order of END: the last two are flags of replay_writes, and "
    "whatever precedes entry DURABLE is on the disk; then 'end N BOUNDARIES', how many there are, "
    "and behind how many different entries all that was written is there",
    "",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("log", FLAGS_log));
  ASSIGN_OR_RETURN(const WriteLog log, WriteLog::Open(FLAGS_log));
  PlanOptions options;
  options.begin_mark = FLAGS_begin_mark;
  options.subsets = FLAGS_subsets;
  options.no_cache = FLAGS_no_cache;
  options.states = FLAGS_states;
  options.seed = FLAGS_seed;
  ASSIGN_OR_RETURN(const std::vector<PowerCut> cuts, PlanCuts(log.entries, options));
  std::string lines;
  size_t boundaries = 0;
  for (const PowerCut& cut : cuts) {
    if (!cut.seed.has_value()) ++boundaries;
    absl::StrAppend(&lines, DurableEnd(log.entries, cut.end), " ", cut.end, " ",
                    cut.seed.has_value() ? absl::StrCat(*cut.seed) : "all", "\n");
  }
  return WriteStdout(absl::StrCat(lines, "end ", cuts.size(), " ", boundaries, "\n"));
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

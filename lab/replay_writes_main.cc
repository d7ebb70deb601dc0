#include <fcntl.h>
#include <gflags/gflags.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/tool.h"
#include "base/unique_fd.h"
#include "lab/log_writes.h"

DEFINE_string(log, "", "what dm-log-writes wrote");
DEFINE_string(image, "", "a file of the disk's size; without it the log is listed");
DEFINE_uint64(begin, 0, "the image holds what the entries before this one wrote");
DEFINE_uint64(end, 0, "the power failed before this entry was made");
DEFINE_string(seed, "all",
              "how much is on the disk of what was not durable then: all, 0 (nothing), or, with "
              "another number, a random part, block by block");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "replay_writes",
    "brings an image to what a disk may have held when the power failed, or lists its writes.",
    "",
    "",
    "without --image: 'INDEX KIND OFFSET BYTES TEXT' for each entry, then 'end N'; KIND is write, "
    "discard, flush or mark, with flush+ before and +fua behind it; only marks have a TEXT",
    "",
};

absl::Status List(const WriteLog& log) {
  std::string lines;
  size_t index = 0;
  for (const LogEntry& entry : log.entries) {
    absl::StrAppend(&lines, index++, " ", KindOf(entry), " ", entry.offset, " ", entry.size,
                    entry.mark ? " " : "", entry.text, "\n");
  }
  return WriteStdout(absl::StrCat(lines, "end ", index, "\n"));
}

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("log", FLAGS_log));
  ASSIGN_OR_RETURN(const WriteLog log, WriteLog::Open(FLAGS_log));
  if (FLAGS_image.empty()) return List(log);
  RETURN_IF_ERROR(CheckPathFlag("image", FLAGS_image));
  PowerCut cut;
  cut.end = FLAGS_end;
  if (FLAGS_seed != "all") {
    uint64_t seed = 0;
    if (!absl::SimpleAtoi(FLAGS_seed, &seed)) {
      return UsageError(absl::StrCat("--seed='", FLAGS_seed, "' is neither 'all' nor a number"));
    }
    cut.seed = seed;
  }
  if (cut.end > log.entries.size()) {
    return UsageError(
        absl::StrCat("--end=", cut.end, ": the log has ", log.entries.size(), " entries"));
  }
  const size_t durable = DurableEnd(log.entries, cut.end);
  if (FLAGS_begin > (cut.seed.has_value() ? durable : cut.end)) {
    return UsageError(absl::StrCat("--begin=", FLAGS_begin,
                                   " is too late: only what precedes entry ", durable,
                                   " is sure to be on the disk"));
  }
  const UniqueFd image(open(FLAGS_image.c_str(), O_RDWR | O_CLOEXEC));
  if (!image.ok()) return ErrnoError(absl::StrCat("open ", FLAGS_image));
  return ApplyPieces(log, PiecesOf(log.entries, FLAGS_begin, cut), image.get());
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

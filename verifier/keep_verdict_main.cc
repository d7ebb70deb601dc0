#include <gflags/gflags.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/exit_code.h"
#include "base/manifest.h"
#include "base/open_backup.h"
#include "base/status.h"
#include "base/tool.h"
#include "base/verdict.h"

DEFINE_string(backup, "", "the backup, such as /backups/mysql/backup_20261123_020000");
DEFINE_string(verdict, "", "good or bad");
DEFINE_int32(seconds, 0, "how long the verification took");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "keep_verdict",
    "keeps with a backup what a verification of it has found, for lists to show.",
    "--backup=PATH --verdict=good|bad",
    "",
    "",
    "2   not kept, for example where the backup has no manifest, or its filesystem no extended "
    "attributes\n"
    "75  the backup is being removed",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("backup", FLAGS_backup));
  if (FLAGS_verdict != "good" && FLAGS_verdict != "bad") {
    return UsageError(absl::StrCat("--verdict='", FLAGS_verdict, "' is neither good nor bad"));
  }
  RETURN_IF_ERROR(CheckRangeFlag("seconds", FLAGS_seconds, 0));
  ASSIGN_OR_RETURN(const UniqueFd backup, OpenBackup(FLAGS_backup));
  ASSIGN_OR_RETURN(const Manifest records, ReadManifestRecords(backup.get(), FLAGS_backup));
  Verdict verdict;
  verdict.good = FLAGS_verdict == "good";
  verdict.time = absl::Now();
  verdict.duration = absl::Seconds(FLAGS_seconds);
  return WriteVerdict(backup.get(), FLAGS_backup, verdict, records);
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

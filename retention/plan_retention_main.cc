#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/tool.h"
#include "retention/backup_list.h"
#include "retention/plan_retention.h"

DEFINE_int32(keep, 7, "how many of the newest backups stay; 1 or more");

namespace {

constexpr mysql_backup::ToolHelp kHelp = {
    "plan_retention",
    "picks from a list of backups those that have to go: all but the newest.",
    "",
    "the list that list_backups prints, read whole before anything is printed",
    "the names that have to go, oldest first, then 'end M' with their number",
    "",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(mysql_backup::NoArguments(arguments));
  if (FLAGS_keep < 1) {
    return mysql_backup::UsageError(absl::StrCat("--keep=", FLAGS_keep, " is less than 1"));
  }
  ASSIGN_OR_RETURN(const std::string text, mysql_backup::ReadStdin());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, mysql_backup::ParseBackupList(text));
  return mysql_backup::WriteStdout(mysql_backup::FormatBackupList(
      mysql_backup::PlanRetention(names, static_cast<size_t>(FLAGS_keep))));
}

}  // namespace

int main(int argc, char** argv) { return mysql_backup::ToolMain(argc, argv, kHelp, RealMain); }

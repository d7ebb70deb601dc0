#include <gflags/gflags.h>

#include "base/status.h"
#include "base/tool.h"
#include "retention/backup_list.h"
#include "retention/plan_retention.h"

DEFINE_int32(keep, 7, "how many of the newest backups stay; 1 or more");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "plan_retention",
    "picks from a list of backups those that have to go: all but the newest.",
    "",
    "the list that list_backups prints, read whole before anything is printed",
    "the names that have to go, oldest first, then 'end M' with their number",
    "",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckRangeFlag("keep", FLAGS_keep, 1));
  ASSIGN_OR_RETURN(const std::string text, ReadStdin());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ParseBackupList(text));
  return WriteStdout(FormatBackupList(PlanRetention(names, static_cast<size_t>(FLAGS_keep))));
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

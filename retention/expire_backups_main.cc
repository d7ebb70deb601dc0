#include <gflags/gflags.h>

#include "base/status.h"
#include "base/tool.h"
#include "retention/backup_list.h"
#include "retention/backup_root.h"
#include "retention/removal_report.h"

DEFINE_string(root, "", "the backup root, for example /backups/mysql");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "expire_backups",
    "removes the published backups that it is told to, but never the last one, nor the last good "
    "one.",
    "--root=PATH",
    "the list that plan_retention prints, read whole and checked before anything is touched",
    "the name of each backup that was removed, one a line",
    "4   something could not be removed, or what was removed could not be written to stdout; "
    "stderr names it",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("root", FLAGS_root));
  ASSIGN_OR_RETURN(const std::string text, ReadStdin());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ParseBackupList(text));
  std::vector<std::string> removed;
  const absl::Status status = ExpireBackups(FLAGS_root, names, &removed);
  return ReportRemoved(removed, status);
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

#include <gflags/gflags.h>

#include "base/status.h"
#include "base/tool.h"
#include "retention/backup_list.h"
#include "retention/backup_root.h"
#include "retention/removal_report.h"

DEFINE_string(root, "", "the backup root, for example /backups/mysql");

namespace {

constexpr mysql_backup::ToolHelp kHelp = {
    "expire_backups",
    "removes the published backups that it is told to, but never the last one, nor the last good "
    "one.",
    "--root=PATH",
    "the list that plan_retention prints, read whole and checked before anything is touched",
    "the name of each backup that was removed, one a line",
    "4   something could not be removed, or what was removed could not be written to stdout;\n"
    "    stderr names it",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(mysql_backup::NoArguments(arguments));
  RETURN_IF_ERROR(mysql_backup::CheckPathFlag("root", FLAGS_root));
  ASSIGN_OR_RETURN(const std::string text, mysql_backup::ReadStdin());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, mysql_backup::ParseBackupList(text));
  std::vector<std::string> removed;
  const absl::Status status = mysql_backup::ExpireBackups(FLAGS_root, names, &removed);
  return mysql_backup::ReportRemoved(removed, status);
}

}  // namespace

int main(int argc, char** argv) { return mysql_backup::ToolMain(argc, argv, kHelp, RealMain); }

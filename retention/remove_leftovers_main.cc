#include <gflags/gflags.h>

#include "base/status.h"
#include "base/tool.h"
#include "retention/backup_root.h"
#include "retention/removal_report.h"

DEFINE_string(root, "", "the backup root, for example /backups/mysql");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "remove_leftovers",
    "removes the copies, deletions and .verify that an interrupted run left; not during a run.",
    "--root=PATH",
    "",
    "the name of each directory that was removed, one a line",
    "4   something could not be removed, or what was removed could not be written to stdout; "
    "stderr names it",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("root", FLAGS_root));
  std::vector<std::string> removed;
  const absl::Status status = RemoveLeftovers(FLAGS_root, &removed);
  return ReportRemoved(removed, status);
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

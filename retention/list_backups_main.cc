#include <gflags/gflags.h>

#include "base/directory.h"
#include "base/published.h"
#include "base/status.h"
#include "base/tool.h"
#include "retention/backup_list.h"

DEFINE_string(root, "", "the backup root, for example /backups/mysql");

namespace {

constexpr mysql_backup::ToolHelp kHelp = {
    "list_backups",
    "lists the published backups of a backup root, oldest first.",
    "",
    "",
    "one name a line, then 'end N' with the number of names",
    "",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(mysql_backup::NoArguments(arguments));
  RETURN_IF_ERROR(mysql_backup::CheckPathFlag("root", FLAGS_root));
  absl::StatusOr<mysql_backup::UniqueFd> root = mysql_backup::OpenDirectory(FLAGS_root);
  if (absl::IsNotFound(root.status())) {
    return mysql_backup::Annotate(root.status(),
                                  "; check --root, or make a backup first: that makes the root");
  }
  RETURN_IF_ERROR(root.status());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, mysql_backup::ListPublished(root->get()));
  return mysql_backup::WriteStdout(mysql_backup::FormatBackupList(names));
}

}  // namespace

int main(int argc, char** argv) { return mysql_backup::ToolMain(argc, argv, kHelp, RealMain); }

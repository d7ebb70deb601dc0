#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/tool.h"
#include "retention/backup_root.h"

DEFINE_string(root, "", "the backup root, for example /backups/mysql");

namespace {

constexpr mysql_backup::ToolHelp kHelp = {
    "remove_leftovers",
    "removes the copies and deletions that an interrupted run left; not while a run is going on.",
    "",
    "",
    "the name of each directory that was removed, one a line",
    "4   something could not be removed; stderr names it",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(mysql_backup::NoArguments(arguments));
  RETURN_IF_ERROR(mysql_backup::CheckPathFlag("root", FLAGS_root));
  std::vector<std::string> removed;
  absl::Status status = mysql_backup::RemoveLeftovers(FLAGS_root, &removed);
  for (const std::string& name : removed) {
    RETURN_IF_ERROR(mysql_backup::WriteStdout(absl::StrCat(name, "\n")));
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) { return mysql_backup::ToolMain(argc, argv, kHelp, RealMain); }

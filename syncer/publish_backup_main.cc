#include <fcntl.h>
#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/backup_name.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/tool.h"
#include "syncer/publish_backup.h"

DEFINE_string(root, "", "the backup root, for example /backups/mysql");
DEFINE_int32(witness_fd, -1,
             "descriptor of the root that the caller opened before the copy began: what has been "
             "lost since then is noticed even if another program was told of it");
DEFINE_string(partial, "", "name of the copy in it: .backup_YYYYMMDD_HHMMSS.partial");

namespace {

constexpr mysql_backup::ToolHelp kHelp = {
    "publish_backup",
    "writes a proven copy to disk and gives it its published name.",
    "",
    "",
    "the path of the published backup, on one line, written just before the backup gets it",
    "4   the backup is published, but that may not outlast a power cut",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(mysql_backup::NoArguments(arguments));
  RETURN_IF_ERROR(mysql_backup::CheckPathFlag("root", FLAGS_root));
  if (!mysql_backup::ParsePartialName(FLAGS_partial).has_value()) {
    return mysql_backup::UsageError(
        absl::StrCat("--partial='", FLAGS_partial, "' is not .backup_YYYYMMDD_HHMMSS.partial"));
  }
  if (FLAGS_witness_fd != -1 && (FLAGS_witness_fd < 0 || fcntl(FLAGS_witness_fd, F_GETFD) < 0)) {
    return mysql_backup::UsageError(
        absl::StrCat("--witness_fd=", FLAGS_witness_fd, " is no open descriptor"));
  }
  const auto announce = [](const std::string& name) {
    return mysql_backup::WriteStdout(
        absl::StrCat(absl::StripSuffix(FLAGS_root, "/"), "/", name, "\n"));
  };
  return mysql_backup::PublishBackup(FLAGS_root, FLAGS_partial, FLAGS_witness_fd, announce)
      .status();
}

}  // namespace

int main(int argc, char** argv) { return mysql_backup::ToolMain(argc, argv, kHelp, RealMain); }

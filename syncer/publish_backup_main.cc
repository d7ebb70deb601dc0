#include <fcntl.h>
#include <gflags/gflags.h>
#include <sys/utsname.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/backup_name.h"
#include "base/exit_code.h"
#include "base/file.h"
#include "base/percent.h"
#include "base/status.h"
#include "base/tool.h"
#include "base/version.h"
#include "syncer/publish_backup.h"

DEFINE_string(root, "", "the backup root, for example /backups/mysql");
DEFINE_int32(witness_fd, -1,
             "descriptor of the root that the caller opened before the copy began: what has been "
             "lost since then is noticed even if another program was told of it");
DEFINE_string(partial, "", "name of the copy in it: .backup_YYYYMMDD_HHMMSS.partial");
DEFINE_string(records, "", "file with what the run knows of the copy, records for its manifest");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "publish_backup",
    "writes a proven copy to disk and gives it its published name.",
    "--root=PATH --partial=NAME",
    "",
    "the path of the published backup, on one line, written just before the backup gets it",
    "2   not published; the copy is left where it was\n"
    "4   the backup is published, but that may not outlast a power cut",
};

// The last record: when and where it was published, and by which version.
std::string PublicationRecord() {
  utsname machine = {};
  uname(&machine);
  return absl::StrCat(
      "published time=", absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::LocalTimeZone()),
      " version=", kVersion, " host=", PercentEncode(machine.nodename), "\n");
}

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("root", FLAGS_root));
  if (!ParsePartialName(FLAGS_partial).has_value()) {
    return UsageError(
        absl::StrCat("--partial='", FLAGS_partial, "' is not .backup_YYYYMMDD_HHMMSS.partial"));
  }
  if (FLAGS_witness_fd != -1 && (FLAGS_witness_fd < 0 || fcntl(FLAGS_witness_fd, F_GETFD) < 0)) {
    return UsageError(absl::StrCat("--witness_fd=", FLAGS_witness_fd, " is no open descriptor"));
  }
  PublishOptions options;
  options.root = FLAGS_root;
  options.partial = FLAGS_partial;
  options.witness = FLAGS_witness_fd;
  if (!FLAGS_records.empty()) {
    RETURN_IF_ERROR(CheckPathFlag("records", FLAGS_records));
    ASSIGN_OR_RETURN(options.records, ReadFile(FLAGS_records));
  }
  options.records += PublicationRecord();
  options.announce = [](const std::string& name) {
    return WriteStdout(absl::StrCat(absl::StripSuffix(FLAGS_root, "/"), "/", name, "\n"));
  };
  return PublishBackup(options).status();
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/tool.h"
#include "quiesce/check_datadir.h"

DEFINE_string(datadir, "/var/lib/mysql", "the server's data directory");
DEFINE_string(device, "", "block device of the volume that is to be snapshotted, /dev/VG/LV");
DEFINE_string(socket, "", "the server's unix socket; empty: the usual places are tried");
DEFINE_string(defaults_file, "", "option file with a [client] group; nobody else may read it");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "check_datadir",
    "proves that everything the server keeps lies in its data directory on one volume.",
    "--device=PATH",
    "",
    "one record 'bytes=N files=N subdirectory=PATH': what the data takes on the disk, and where it "
    "is in the volume's filesystem, empty for the top of it",
    "2   something lies elsewhere, or that cannot be told",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("datadir", FLAGS_datadir));
  RETURN_IF_ERROR(CheckPathFlag("device", FLAGS_device));
  RETURN_IF_ERROR(RequireRoot("the data directory is the server's own"));
  CheckDatadirOptions options;
  options.mysql.socket = FLAGS_socket;
  options.mysql.defaults_file = FLAGS_defaults_file;
  options.datadir = FLAGS_datadir;
  options.device = FLAGS_device;
  ASSIGN_OR_RETURN(const DatadirReport report, CheckDatadir(options));
  return WriteStdout(absl::StrCat("bytes=", report.survey.bytes, " files=", report.survey.files,
                                  " subdirectory=", report.subdirectory, "\n"));
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

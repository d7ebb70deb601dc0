#include <gflags/gflags.h>
#include <sys/un.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/tool.h"
#include "verifier/scratch_server.h"

DEFINE_string(datadir, "",
              "the data directory to serve, such as a backup that is mounted read-only");
DEFINE_string(
    scratch, "",
    "directory for all that is written, such as /backups/mysql/.verify; its last part must "
    "be .verify, and whatever bears that name is removed");
DEFINE_bool(
    in_place, false,
    "let the server work on the data directory itself and shut down cleanly at the end: not "
    "for a backup, but for what was restored");
DEFINE_string(socket, "", "where the command finds the server's socket");
DEFINE_string(server, "", "the server program; if empty, found by the kind of the data directory");
DEFINE_string(user, "mysql", "the server's user");
DEFINE_string(options_file, "",
              "an option file for the server, with what the data cannot be read without; if empty, "
              "none is read");
DEFINE_string(server_options, "",
              "options for the server, separated by spaces, which the live server has in its "
              "configuration and the data cannot be read without");
DEFINE_int32(start_timeout, 3600, "seconds for recovery, and for each start and stop");
DEFINE_string(setpriv, "/usr/bin/setpriv", "the setpriv program of util-linux");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "scratch_server",
    "runs a command beside a throwaway server that has recovered a copy of a backup.",
    "--datadir=PATH --scratch=PATH --socket=PATH -- COMMAND [ARG...]",
    "the command's",
    "the command's",
    "2   this host cannot tell (no server program, no room, ...); nothing is left behind\n"
    "3   the backup does not verify: the server could not recover from it, or broke on it\n"
    "4   failed, and the scratch directory is left behind\n"
    "75  another scratch server is at work in the scratch directory, or the data directory is "
    "being removed\n"
    "N   whatever else the command ended with",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(CheckPathFlag("datadir", FLAGS_datadir));
  RETURN_IF_ERROR(CheckPathFlag("scratch", FLAGS_scratch));
  RETURN_IF_ERROR(CheckPathFlag("socket", FLAGS_socket));
  RETURN_IF_ERROR(CheckPathFlag("setpriv", FLAGS_setpriv));
  if (!FLAGS_options_file.empty()) {
    RETURN_IF_ERROR(CheckPathFlag("options_file", FLAGS_options_file));
  }
  if (!FLAGS_server.empty()) RETURN_IF_ERROR(CheckPathFlag("server", FLAGS_server));
  if (!absl::EndsWith(FLAGS_scratch, "/.verify")) {
    return UsageError(
        "--scratch must end in /.verify: only what bears that name is ours to remove");
  }
  if (FLAGS_socket.size() >= sizeof(sockaddr_un::sun_path)) {
    return UsageError("--socket is longer than the 107 bytes that the kernel takes");
  }
  RETURN_IF_ERROR(CheckRangeFlag("start_timeout", FLAGS_start_timeout, 1));
  if (arguments.empty() || arguments[0].empty() || arguments[0][0] != '/') {
    return UsageError("a command with an absolute path is needed: scratch_server ... -- /PATH ARG");
  }
  RETURN_IF_ERROR(RequireRoot("only root can mount, and become the server's user"));
  ScratchServerOptions options;
  options.datadir = FLAGS_datadir;
  options.in_place = FLAGS_in_place;
  options.scratch = FLAGS_scratch;
  options.socket = FLAGS_socket;
  options.server = FLAGS_server;
  options.user = FLAGS_user;
  options.options_file = FLAGS_options_file;
  options.server_options = absl::StrSplit(FLAGS_server_options, ' ', absl::SkipEmpty());
  options.start_timeout = absl::Seconds(FLAGS_start_timeout);
  options.setpriv = FLAGS_setpriv;
  options.command = arguments;
  return RunScratchServer(options);
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

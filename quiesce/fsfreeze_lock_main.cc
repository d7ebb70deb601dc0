#include <gflags/gflags.h>

#include "base/status.h"
#include "base/tool.h"
#include "quiesce/hold.h"

DEFINE_string(fifo, "", "fifo to make and to listen on: 'check' and 'release' are the words");
DEFINE_string(socket, "", "the server's unix socket; empty: the usual places are tried");
DEFINE_string(defaults_file, "", "option file with a [client] group; nobody else may read it");
DEFINE_string(
    datadir, "",
    "directory whose filesystem is written to the disk before the lock is asked for; empty: "
    "none");
DEFINE_int32(lock_wait, 5,
             "seconds that the lock may be waited for at a time, with every writer waiting too");
DEFINE_int32(attempts, 3, "how often to try, with a pause of --lock_wait between");
DEFINE_int32(max_hold, 3600, "seconds after which the lock is released whatever happens");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "fsfreeze_lock",
    "holds FLUSH TABLES WITH READ LOCK until it reads 'release' from a fifo.",
    "--fifo=PATH",
    "",
    "a record 'locked key=value ...' when the lock is held, 'held ...' for each 'check', and "
    "'released ...' at the end",
    "3   the lock was lost while it was to be held\n"
    "75  the lock could not be had: a statement is in the way",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("fifo", FLAGS_fifo));
  if (!FLAGS_datadir.empty()) {
    RETURN_IF_ERROR(CheckPathFlag("datadir", FLAGS_datadir));
  }
  RETURN_IF_ERROR(CheckRangeFlag("lock_wait", FLAGS_lock_wait, 1, 60));
  RETURN_IF_ERROR(CheckRangeFlag("attempts", FLAGS_attempts, 1, 100));
  RETURN_IF_ERROR(CheckRangeFlag("max_hold", FLAGS_max_hold, 1, 86400));
  HoldOptions options;
  options.fifo = FLAGS_fifo;
  options.lock.mysql.socket = FLAGS_socket;
  options.lock.mysql.defaults_file = FLAGS_defaults_file;
  options.lock.datadir = FLAGS_datadir;
  options.lock.lock_wait = absl::Seconds(FLAGS_lock_wait);
  options.lock.attempts = FLAGS_attempts;
  options.lock.max_hold = absl::Seconds(FLAGS_max_hold);
  return HoldLock(options, WriteStdout);
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

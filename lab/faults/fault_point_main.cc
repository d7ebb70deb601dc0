#include <fcntl.h>
#include <gflags/gflags.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/tool.h"
#include "lab/faults/point.h"
#include "lab/faults/supervisor.h"

DEFINE_string(log, "", "file that gets a line for each point: NAME PATH, tab between");
DEFINE_string(at, "", "point at which something is to happen");
DEFINE_string(
    run, "",
    "program to run while the point is held; FAULT_CALLER, FAULT_TOOL and FAULT_SCRIPT in "
    "its environment are process ids");
DEFINE_string(error, "", "errno with which the call is to fail, such as EIO");
DEFINE_bool(again, false, "every later call of the same kind fails as well");
DEFINE_string(tools, "/app/bin", "directory of the programs that are ours");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "fault_point",         "runs a command, and makes something go wrong at one point of its life.",
    "-- COMMAND [ARG...]", "the command's",
    "the command's",       "N   the command's own exit code, 128 + signal when a signal ended it",
};

absl::StatusOr<int> ErrorNumber(const std::string& name) {
  for (int number = 1; number < 134; ++number) {
    const char* known = strerrorname_np(number);
    if (known != nullptr && name == known) return number;
  }
  return UsageError(absl::StrCat("--error='", name, "' is no name of an errno"));
}

// Runs --run and waits for its end; what it does to the processes of the run is its own business.
void RunHook(const HeldCall& held, pid_t script) {
  const pid_t pid = fork();
  if (pid == 0) {
    setenv("FAULT_CALLER", absl::StrCat(held.caller).c_str(), 1);
    setenv("FAULT_TOOL", held.tool == 0 ? "" : absl::StrCat(held.tool).c_str(), 1);
    setenv("FAULT_SCRIPT", absl::StrCat(script).c_str(), 1);
    execl(FLAGS_run.c_str(), FLAGS_run.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
}

// Lives until the last process of the run is gone, in a session of its own.
absl::Status SuperviseRun(const UniqueFd& notifications, pid_t script, const UniqueFd& log,
                          int error_number) {
  bool reached = false;
  const std::string kind(KindOf(FLAGS_at));
  return Supervise(notifications, script, FLAGS_tools, [&](const HeldCall& held) -> int {
    const std::string line = absl::StrCat(held.point, "\t", held.path, "\n");
    // The log is the harness's own; without it, the trial is seen not to have happened.
    [[maybe_unused]] const ssize_t written = write(log.get(), line.data(), line.size());
    if (held.point == FLAGS_at) {
      reached = true;
      if (!FLAGS_run.empty()) RunHook(held, script);
      return error_number;
    }
    const bool repeat = FLAGS_again && reached && kind == std::string(KindOf(held.point));
    return repeat ? error_number : 0;
  });
}

// The command's process: waits for the supervisor, so that not even its exec goes unseen.
[[noreturn]] void BecomeCommand(const std::vector<std::string>& arguments, int to_parent,
                                int from_parent) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const auto notifications = InstallPointFilter();
  const int fd = notifications.ok() ? notifications->get() : -1;
  char answer = 0;
  if (write(to_parent, &fd, sizeof(fd)) == sizeof(fd) && fd >= 0 &&
      read(from_parent, &answer, 1) == 1) {
    execv(argv[0], argv.data());
  }
  _exit(127);
}

absl::StatusOr<int> RunCommand(const std::vector<std::string>& arguments, int error_number) {
  UniqueFd log;
  if (!FLAGS_log.empty()) {
    log.reset(open(FLAGS_log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    if (!log.ok()) return ErrnoError(absl::StrCat("open ", FLAGS_log));
  }
  int up[2];
  int down[2];
  if (pipe2(up, O_CLOEXEC) != 0 || pipe2(down, O_CLOEXEC) != 0) return ErrnoError("make a pipe");
  // As cron starts it: in a session of its own.
  const pid_t command = fork();
  if (command < 0) return ErrnoError("fork");
  if (command == 0) {
    setsid();
    BecomeCommand(arguments, up[1], down[0]);
  }
  int remote = -1;
  if (read(up[0], &remote, sizeof(remote)) != sizeof(remote) || remote < 0) {
    return absl::InternalError(
        "cannot install the filter for system calls; root and Linux 5.19 are needed");
  }
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, command, 0)));
  const UniqueFd notifications(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd.get(), remote, 0)));
  if (!notifications.ok()) return ErrnoError("take over the filter's descriptor");

  const pid_t supervisor = fork();
  if (supervisor < 0) return ErrnoError("fork");
  if (supervisor == 0) {
    setsid();
    // Whoever reads this command's output must not have to wait for the last process of the run.
    const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int fd : {0, 1, 2}) dup2(null.get(), fd);
    for (const int signal_number : {SIGTERM, SIGINT, SIGHUP}) std::signal(signal_number, SIG_IGN);
    _exit(SuperviseRun(notifications, command, log, error_number).ok() ? 0 : 2);
  }
  if (write(down[1], "", 1) != 1) return ErrnoError("start the command");
  int status = 0;
  while (waitpid(command, &status, 0) < 0) {
    if (errno != EINTR) return ErrnoError("wait for the command");
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

absl::Status RealMain(const std::vector<std::string>& arguments, int* exit_code) {
  if (arguments.empty()) return UsageError("no command given; see --help");
  int error_number = 0;
  if (!FLAGS_error.empty()) {
    ASSIGN_OR_RETURN(error_number, ErrorNumber(FLAGS_error));
  }
  ASSIGN_OR_RETURN(*exit_code, RunCommand(arguments, error_number));
  return absl::OkStatus();
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  int exit_code = 0;
  const int own = mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp,
                                         [&](const std::vector<std::string>& arguments) {
                                           return mysql_backup::RealMain(arguments, &exit_code);
                                         });
  return own != 0 ? own : exit_code;
}

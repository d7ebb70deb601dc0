#include "base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/status.h"
#include "base/steady_clock.h"

namespace mysql_backup {
namespace {

constexpr size_t kMaxStdout = size_t{16} << 20;
constexpr size_t kMaxStderr = size_t{64} << 10;

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

absl::StatusOr<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return ErrnoError("make a pipe");
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// Between fork and exec: async-signal-safe calls only. Returns only on failure.
void BecomeProgram(const SubprocessOptions& options, char* const* argv, int stdin_fd, int stdout_fd,
                   int stderr_fd, int error_fd, pid_t parent) {
  if (!options.foreground) setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);  // the parent died before the line above
  for (const int signal_number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGQUIT}) {
    std::signal(signal_number, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);

  // Descriptor 3 is where failure is reported, so it comes before all that can fail; except that
  // the working directory, which is not a copy, may be open as 3.
  const int directory_error =
      (options.working_directory >= 0 ? fchdir(options.working_directory) : chdir("/")) == 0
          ? 0
          : errno;
  if (dup3(error_fd, 3, O_CLOEXEC) < 0) return;
  if (directory_error != 0) {
    errno = directory_error;
    return;
  }
  // All sources are above 3, so that no dup2 can overwrite one that is still needed.
  if (dup2(stdin_fd, 0) < 0 || dup2(stdout_fd, 1) < 0 || dup2(stderr_fd, 2) < 0) return;
  syscall(SYS_close_range, 4U, ~0U, 0U);
  static char locale[] = "LC_ALL=C";
  static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  static char* const environment[] = {locale, path, nullptr};
  execve(argv[0], argv, environment);
}

// A copy of `fd` above 3 that is closed on exec; see BecomeProgram.
absl::StatusOr<UniqueFd> CopyAboveStandard(int fd) {
  UniqueFd copy(fcntl(fd, F_DUPFD_CLOEXEC, 4));
  if (!copy.ok()) return ErrnoError("duplicate a descriptor");
  return copy;
}

int PollMilliseconds(absl::Time until) {
  if (until == absl::InfiniteFuture()) return -1;
  const int64_t left =
      absl::ToInt64Milliseconds(absl::Ceil(until - SteadyNow(), absl::Milliseconds(1)));
  return static_cast<int>(std::clamp<int64_t>(left, 0, 1 << 30));
}

}  // namespace

Subprocess::Subprocess(Subprocess&& other) noexcept
    : options_(std::move(other.options_)),
      pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      stdout_(std::move(other.stdout_)),
      stderr_(std::move(other.stderr_)),
      result_(std::move(other.result_)) {}

Subprocess::~Subprocess() {
  if (pid_ < 0) return;
  Signal(SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

absl::StatusOr<Subprocess> Subprocess::Start(SubprocessOptions options) {
  ASSIGN_OR_RETURN(UniqueFd null, [] {
    UniqueFd fd(open("/dev/null", O_RDWR | O_CLOEXEC));
    return fd.ok() ? CopyAboveStandard(fd.get()) : ErrnoError("open /dev/null");
  }());
  ASSIGN_OR_RETURN(Pipe out, MakePipe());
  ASSIGN_OR_RETURN(Pipe err, MakePipe());
  ASSIGN_OR_RETURN(Pipe exec_error, MakePipe());
  ASSIGN_OR_RETURN(exec_error.write_end, CopyAboveStandard(exec_error.write_end.get()));
  ASSIGN_OR_RETURN(UniqueFd child_stdin,
                   CopyAboveStandard(options.stdin_fd >= 0 ? options.stdin_fd : null.get()));
  ASSIGN_OR_RETURN(
      UniqueFd child_stdout,
      CopyAboveStandard(options.stdout_fd >= 0 ? options.stdout_fd : out.write_end.get()));
  ASSIGN_OR_RETURN(
      UniqueFd child_stderr,
      CopyAboveStandard(options.stderr_fd >= 0 ? options.stderr_fd : err.write_end.get()));
  std::vector<char*> argv;
  for (std::string& argument : options.argv) argv.push_back(argument.data());
  argv.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return ErrnoError(absl::StrCat("fork to run ", options.argv[0]));
  if (pid == 0) {
    BecomeProgram(options, argv.data(), child_stdin.get(), child_stdout.get(), child_stderr.get(),
                  exec_error.write_end.get(), parent);
    const int error_number = errno;
    // The reader is gone only when the parent is; nobody is left to be told then.
    [[maybe_unused]] const ssize_t written = write(3, &error_number, sizeof(error_number));
    _exit(127);
  }

  Subprocess child;
  child.options_ = std::move(options);
  child.pid_ = pid;
  exec_error.write_end.reset();
  int error_number = 0;
  ssize_t size = 0;
  do {
    size = read(exec_error.read_end.get(), &error_number, sizeof(error_number));
  } while (size < 0 && errno == EINTR);
  if (size > 0) {
    return Annotate(ErrnoError(absl::StrCat("run ", child.options_.argv[0]), error_number),
                    error_number == ENOENT ? "; is its package installed?" : "");
  }
  child.pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!child.pidfd_.ok()) return ErrnoError("open a pidfd (Linux 5.3 or later is needed)");
  fcntl(child.pidfd_.get(), F_SETFD, FD_CLOEXEC);
  if (child.options_.stdout_fd < 0) child.stdout_ = std::move(out.read_end);
  if (child.options_.stderr_fd < 0) child.stderr_ = std::move(err.read_end);
  for (const UniqueFd* fd : {&child.stdout_, &child.stderr_}) {
    if (fd->ok()) fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  }
  return child;
}

void Subprocess::Signal(int signal_number) const {
  kill(options_.foreground ? pid_ : -pid_, signal_number);
}

// One that is stopped would take no SIGTERM until somebody lets it go on.
void Subprocess::AskToEnd() const {
  Signal(SIGTERM);
  Signal(SIGCONT);
}

// Reads what is there, and closes at the end of the stream. Bounded, since a writer can be quicker
// than this for ever, and yet enough for all that a pipe can hold.
void Subprocess::Drain(UniqueFd& fd, bool is_stdout) {
  char buffer[64 << 10];
  for (int i = 0; i < 32; ++i) {
    const ssize_t size = read(fd.get(), buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      fd.reset();
      return;
    }
    const absl::string_view chunk(buffer, static_cast<size_t>(size));
    if (!is_stdout) {
      result_.stderr_text.append(chunk.data(), chunk.size());
      if (result_.stderr_text.size() > kMaxStderr) {
        result_.stderr_text.erase(0, result_.stderr_text.size() - kMaxStderr);
      }
    } else if (options_.on_stdout) {
      options_.on_stdout(chunk);
    } else {
      const size_t room = kMaxStdout - std::min(kMaxStdout, result_.stdout_text.size());
      result_.stdout_text.append(chunk.substr(0, room).data(), std::min(room, chunk.size()));
    }
  }
}

absl::StatusOr<SubprocessResult> Subprocess::Wait() { return WaitFor(absl::OkStatus()); }

absl::StatusOr<SubprocessResult> Subprocess::Terminate() {
  return WaitFor(absl::CancelledError("ended by us"));
}

absl::StatusOr<SubprocessResult> Subprocess::WaitFor(absl::Status reason_to_stop) {
  const bool asked_to_stop = !reason_to_stop.ok();
  const bool heed_interrupts = !options_.finish_when_interrupted;
  absl::Time next_step = SteadyNow() + options_.deadline;
  if (asked_to_stop) {
    AskToEnd();
    next_step = SteadyNow() + options_.kill_after;
  }
  while (true) {
    pollfd fds[] = {{pidfd_.get(), POLLIN, 0},
                    {stdout_.get(), POLLIN, 0},
                    {stderr_.get(), POLLIN, 0},
                    {heed_interrupts && reason_to_stop.ok() ? InterruptFd() : -1, POLLIN, 0},
                    {reason_to_stop.ok() ? options_.stop_fd : -1, POLLIN, 0}};
    if (poll(fds, 5, PollMilliseconds(next_step)) < 0 && errno != EINTR) {
      return ErrnoError("poll");
    }
    if (fds[1].revents != 0) Drain(stdout_, /*is_stdout=*/true);
    if (fds[2].revents != 0) Drain(stderr_, /*is_stdout=*/false);
    if (fds[0].revents != 0) break;
    if (reason_to_stop.ok()) {
      if (heed_interrupts) reason_to_stop = CheckInterrupt();
      if (reason_to_stop.ok() && fds[4].revents != 0) {
        reason_to_stop = absl::CancelledError("no longer wanted");
      }
      if (reason_to_stop.ok() && SteadyNow() >= next_step) {
        reason_to_stop = absl::DeadlineExceededError(
            absl::StrCat("no end within ", absl::FormatDuration(options_.deadline)));
      }
      if (!reason_to_stop.ok()) {
        AskToEnd();
        next_step = SteadyNow() + options_.kill_after;
      }
    } else if (SteadyNow() >= next_step) {
      Signal(SIGKILL);
      next_step = absl::InfiniteFuture();
    }
  }
  if (stdout_.ok()) Drain(stdout_, /*is_stdout=*/true);
  if (stderr_.ok()) Drain(stderr_, /*is_stdout=*/false);
  if (!reason_to_stop.ok()) Signal(SIGKILL);  // what the child may have left of its group

  int wait_status = 0;
  while (waitpid(pid_, &wait_status, 0) < 0) {
    if (errno != EINTR) return ErrnoError("wait for a child");
  }
  pid_ = -1;
  const std::string& program = options_.argv[0];
  if (!reason_to_stop.ok() && !asked_to_stop) {
    return absl::Status(reason_to_stop.code(),
                        absl::StrCat(program, ": ", reason_to_stop.message(), ", terminated"));
  }
  if (WIFSIGNALED(wait_status)) {
    const std::string words = OneLine(result_.stderr_text);
    return absl::AbortedError(absl::StrCat(program, " was killed by SIG",
                                           sigabbrev_np(WTERMSIG(wait_status)),
                                           words.empty() ? "" : ": ", words));
  }
  result_.exit_code = WEXITSTATUS(wait_status);
  return std::move(result_);
}

absl::StatusOr<SubprocessResult> RunSubprocess(SubprocessOptions options) {
  ASSIGN_OR_RETURN(Subprocess child, Subprocess::Start(std::move(options)));
  return child.Wait();
}

absl::StatusOr<SubprocessResult> RunSubprocessOk(SubprocessOptions options) {
  const std::string name = absl::StrJoin(
      options.argv.begin(),
      options.argv.begin() + std::min<ptrdiff_t>(2, static_cast<ptrdiff_t>(options.argv.size())),
      " ");
  ASSIGN_OR_RETURN(SubprocessResult result, RunSubprocess(std::move(options)));
  if (result.exit_code != 0) {
    const std::string words = OneLine(result.stderr_text);
    return absl::InternalError(absl::StrCat(name, " failed: exit code ", result.exit_code,
                                            words.empty() ? "" : ": ", words));
  }
  return result;
}

}  // namespace mysql_backup

// Running another program: an argument vector and an absolute path, never a shell.
//
// The child gets an environment of LC_ALL=C and a fixed PATH and nothing else, /dev/null as its
// standard input unless told otherwise, no descriptor above 2, and a process group of its own, so
// that a Ctrl-C meant for the run does not tear down lvcreate half way. It is sent SIGTERM when
// this process dies.

#ifndef MYSQL_BACKUP_BASE_SUBPROCESS_H_
#define MYSQL_BACKUP_BASE_SUBPROCESS_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"

namespace mysql_backup {

struct SubprocessOptions {
  std::vector<std::string> argv;  // argv[0] is an absolute path

  // At the deadline the process group gets SIGTERM, and SIGKILL when it is still there
  // `kill_after` later. LVM blocks signals while it has devices suspended, so that SIGTERM never
  // leaves the origin frozen; SIGKILL could: give LVM a long `kill_after`.
  absl::Duration deadline = absl::InfiniteDuration();
  absl::Duration kill_after = absl::Seconds(10);

  int working_directory = -1;  // descriptor of a directory; -1 means "/"

  // Descriptors for the child, not owned. -1 means /dev/null for stdin, and for the other two a
  // pipe whose content is collected.
  int stdin_fd = -1;
  int stdout_fd = -1;
  int stderr_fd = -1;

  // When set, gets what the child writes to stdout as it comes, and it is not collected.
  std::function<void(absl::string_view)> on_stdout;

  // What a signal that asks this process to end does to the child: it is terminated, or it is let
  // finish, for what is short and must not be cut off half way, and for undoing one's own work.
  bool finish_when_interrupted = false;

  // When this polls readable, the child is no longer wanted, and is terminated. Not owned.
  int stop_fd = -1;

  // Stay in the caller's process group, with its terminal: for a program that a person talks to.
  bool foreground = false;
};

struct SubprocessResult {
  int exit_code = 0;
  std::string stdout_text;  // the first 16 MiB of it
  std::string stderr_text;  // the last 64 KiB of it
};

// A running child. Movable; its destructor kills and reaps a child that was not waited for.
class Subprocess {
 public:
  // Starts the program. NotFound where it is not installed, otherwise the system's reason.
  static absl::StatusOr<Subprocess> Start(SubprocessOptions options);

  Subprocess(Subprocess&&) noexcept;
  Subprocess& operator=(Subprocess&&) = delete;
  ~Subprocess();

  pid_t pid() const { return pid_; }

  // Polls readable once the child has ended.
  int pidfd() const { return pidfd_.get(); }

  // Waits for the end, handing output on meanwhile. DeadlineExceeded, Cancelled (a signal came for
  // this process, or `stop_fd` was readable; the child was terminated first), or Aborted when the
  // child died of a signal.
  absl::StatusOr<SubprocessResult> Wait();

  // SIGTERM to the group, SIGKILL after `kill_after`; then waits, as Wait() does.
  absl::StatusOr<SubprocessResult> Terminate();

 private:
  Subprocess() = default;
  absl::StatusOr<SubprocessResult> WaitFor(absl::Status reason_to_stop);
  void Signal(int signal_number) const;
  void AskToEnd() const;
  void Drain(UniqueFd& fd, bool is_stdout);

  SubprocessOptions options_;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd stdout_;
  UniqueFd stderr_;
  SubprocessResult result_;
};

// Starts the program and waits for it. A non-zero exit code is a result, not an error.
absl::StatusOr<SubprocessResult> RunSubprocess(SubprocessOptions options);

// As RunSubprocess, but a non-zero exit code is an Internal error: "<program> <first words>
// failed: exit code N: <what it wrote to stderr>".
absl::StatusOr<SubprocessResult> RunSubprocessOk(SubprocessOptions options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_SUBPROCESS_H_

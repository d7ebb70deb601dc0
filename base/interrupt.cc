#include "base/interrupt.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace mysql_backup {
namespace {

std::atomic<int> interrupt_signal{0};
int interrupt_pipe[2] = {-1, -1};

// Runs as a signal handler: only async-signal-safe calls, and errno is left alone.
void OnSignal(int signal_number) {
  const int saved_errno = errno;
  interrupt_signal = signal_number;
  const char byte = 0;
  // The pipe does not block; when it is full it is readable already, which is all that is wanted.
  [[maybe_unused]] const ssize_t written = write(interrupt_pipe[1], &byte, 1);
  errno = saved_errno;
}

}  // namespace

void CatchInterrupts() {
  if (pipe2(interrupt_pipe, O_CLOEXEC | O_NONBLOCK) != 0) return;
  struct sigaction action = {};
  action.sa_handler = &OnSignal;
  sigemptyset(&action.sa_mask);
  for (const int signal_number : {SIGTERM, SIGINT, SIGHUP}) {
    struct sigaction inherited = {};
    sigaction(signal_number, nullptr, &inherited);
    // Whoever started this with the signal ignored (nohup, a run that is cleaning up) meant it.
    if (inherited.sa_handler != SIG_IGN) sigaction(signal_number, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
}

int InterruptFd() { return interrupt_pipe[0]; }

absl::Status CheckInterrupt() {
  const int signal_number = interrupt_signal;
  if (signal_number == 0) return absl::OkStatus();
  return absl::CancelledError(absl::StrCat("interrupted by SIG", sigabbrev_np(signal_number)));
}

}  // namespace mysql_backup

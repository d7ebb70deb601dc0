#include "quiesce/hold.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/status.h"
#include "base/steady_clock.h"
#include "quiesce/control_fifo.h"

namespace mysql_backup {
namespace {

std::string Record(absl::string_view word, const ReadLock& lock) {
  return absl::StrCat(word, " connection_id=", lock.connection_id(),
                      " held_ms=", absl::ToInt64Milliseconds(lock.held()), "\n");
}

// Returns whether the hold is over, which it is after "release".
absl::StatusOr<bool> Obey(const std::string& line, ReadLock& lock,
                          absl::FunctionRef<absl::Status(absl::string_view)> say) {
  if (line == "check") {
    RETURN_IF_ERROR(lock.Prove());
    RETURN_IF_ERROR(say(Record("held", lock)));
    return false;
  }
  if (line == "release") {
    RETURN_IF_ERROR(lock.Prove());
    const std::string record = Record("released", lock);
    RETURN_IF_ERROR(lock.Release());
    RETURN_IF_ERROR(say(record));
    return true;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown word '", line, "' on the fifo: only check and release are known"));
}

absl::Status ServeFifo(ControlFifo& fifo, ReadLock& lock,
                       absl::FunctionRef<absl::Status(absl::string_view)> say) {
  while (true) {
    ASSIGN_OR_RETURN(const absl::Time keep_alive_at, lock.KeepAlive());
    const absl::Duration pause = std::min(keep_alive_at, lock.limit()) - SteadyNow();
    pollfd fds[] = {{fifo.fd(), POLLIN, 0}, {InterruptFd(), POLLIN, 0}};
    const int ready =
        poll(fds, 2,
             static_cast<int>(std::max<int64_t>(
                 0, absl::ToInt64Milliseconds(absl::Ceil(pause, absl::Milliseconds(1))))));
    if (ready < 0 && errno != EINTR) return ErrnoError("wait for the fifo");
    RETURN_IF_ERROR(CheckInterrupt());
    if (fds[0].revents != 0) {
      ASSIGN_OR_RETURN(const ControlFifo::Input input, fifo.Read());
      for (const std::string& line : input.lines) {
        ASSIGN_OR_RETURN(const bool over, Obey(line, lock, say));
        if (over) return absl::OkStatus();
      }
      if (input.ended) {
        return absl::AbortedError("the run, the last writer of the fifo, ended without a release");
      }
    }
    if (SteadyNow() >= lock.limit()) {
      return absl::DeadlineExceededError(
          "the read lock has been held for the longest time that is allowed (LOCK_MAX_HOLD, "
          "--max_hold); raise that, or choose LOCK_SCOPE=snapshot to hold the lock only until the "
          "snapshot exists");
    }
  }
}

// With milliseconds, in UTC: the server's binary log goes by the same clock.
std::string NowInWords() {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
}

}  // namespace

absl::Status HoldLock(const HoldOptions& options,
                      absl::FunctionRef<absl::Status(absl::string_view)> say) {
  ASSIGN_OR_RETURN(ControlFifo fifo, ControlFifo::Create(options.fifo));
  ASSIGN_OR_RETURN(ReadLock lock, ReadLock::Acquire(options.lock));
  absl::Status status =
      say(absl::StrCat("locked connection_id=", lock.connection_id(),
                       " waited_ms=", absl::ToInt64Milliseconds(lock.waited()),
                       " time=", NowInWords(), " ", FormatPosition(lock.position()), "\n"));
  if (status.ok()) status = ServeFifo(fifo, lock, say);
  if (!status.ok()) {
    // Best effort: when the session is lost, so is the lock, and closing the session does the rest.
    const bool released = lock.Release().ok();
    return Annotate(status, absl::StrCat("; the read lock was ", released ? "released" : "gone",
                                         " after ", absl::ToInt64Milliseconds(lock.held()), " ms"));
  }
  return status;
}

}  // namespace mysql_backup

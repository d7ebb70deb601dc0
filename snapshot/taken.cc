#include "snapshot/taken.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/exit_code.h"
#include "base/interrupt.h"
#include "base/status.h"
#include "base/subprocess.h"
#include "base/unique_fd.h"
#include "snapshot/stale_devices.h"

namespace mysql_backup {
namespace {

// Between two looks, in milliseconds. Writers wait, and so does LVM where there is one processor.
constexpr int kPause = 10;

constexpr int kAttempts = 5;

// A device's first target and what that lies on, from "NAME: START LENGTH TARGET DEVICE ...".
struct Table {
  std::string target;
  std::string device;
};

Table TableOf(absl::string_view tables, const std::string& name) {
  for (const absl::string_view line : absl::StrSplit(tables, '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() > 4 && words[0] == absl::StrCat(name, ":")) return {words[3], words[4]};
  }
  return {};
}

}  // namespace

bool IsTaken(absl::string_view tables, const SnapshotOptions& options) {
  const Table snapshot = TableOf(tables, DeviceName(options.vg, options.name));
  if (snapshot.target == "thin") return true;
  const Table origin = TableOf(tables, DeviceName(options.vg, options.origin));
  return snapshot.target == "snapshot" && origin.target == "snapshot-origin" &&
         snapshot.device == origin.device;
}

absl::StatusOr<bool> IsTakenNow(const SnapshotOptions& options) {
  SubprocessOptions dmsetup;
  dmsetup.argv = {options.dmsetup, "table"};
  dmsetup.deadline = absl::Seconds(10);
  // It fails when any device goes between its listing and its being asked for its table.
  for (int attempt = 1;; ++attempt) {
    const auto result = RunSubprocessOk(dmsetup);
    if (result.ok()) return IsTaken(result->stdout_text, options);
    if (attempt == kAttempts) return result.status();
    absl::SleepFor(absl::Milliseconds(kPause));
  }
}

absl::Status AwaitTaken(const SnapshotOptions& options, pid_t maker) {
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, maker, 0)));
  if (!process.ok() && errno != ESRCH) return ErrnoError(absl::StrCat("watch process ", maker));
  while (true) {
    pollfd fds[] = {{process.get(), POLLIN, 0}, {InterruptFd(), POLLIN, 0}};
    if (poll(fds, 2, kPause) < 0 && errno != EINTR) return ErrnoError("poll");
    RETURN_IF_ERROR(CheckInterrupt());
    // Before the look, since it may have been taken at the very end.
    const bool ended = !process.ok() || fds[0].revents != 0;
    ASSIGN_OR_RETURN(const bool is_taken, IsTakenNow(options));
    if (is_taken) return absl::OkStatus();
    if (ended) {
      return NoError(absl::StrCat("process ", maker, " has ended, and the kernel has no snapshot ",
                                  options.vg, "/", options.name,
                                  ": see the lines of snapshot_create above"));
    }
  }
}

}  // namespace mysql_backup

#include "snapshot/watch.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/exit_code.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/status.h"
#include "base/steady_clock.h"
#include "base/subprocess.h"
#include "snapshot/lvm.h"
#include "snapshot/usage.h"

namespace mysql_backup {
namespace {

constexpr double kFull = 70;  // percent from which something is done
constexpr int kSoon = 6;      // intervals

// A full thin pool is no matter of the snapshot alone: the server itself can then write no more. So
// the copy ends before that, and its snapshot gives back what it holds. Percent of data or
// metadata.
constexpr double kPoolWarning = 90;  // from here on also when it would be full soon
constexpr double kPoolFull = 99;
constexpr double kPoolMetadataFull = 90;  // of a small pool's the kernel keeps the last tenth back

constexpr char kPoolWords[] = "the thin pool ";

// When a command takes long to end after SIGTERM (a copy may remove itself), the server, which may
// be locked, should not wait for it: the run removes the rest.
constexpr absl::Duration kKillAfter = absl::Minutes(1);

class Watcher {
 public:
  explicit Watcher(const WatchOptions& options)
      : options_(options), name_(absl::StrCat("the snapshot ", FullName(options.snapshot.name))) {}

  // One look, which is given up when `stop_fd` polls readable. Returns the loss of the snapshot, or
  // that its pool is nearly full, and OK for whatever else is seen, or not seen.
  absl::Status Look(int stop_fd) {
    const Lvm lvm(options_.snapshot.lvm, options_.snapshot.vg, options_.look_deadline, stop_fd);
    const auto volumes = lvm.List();
    if (absl::IsCancelled(volumes.status())) return absl::OkStatus();
    const auto snapshot =
        volumes.ok() ? FindValidSnapshot(*volumes, options_.snapshot) : volumes.status();
    // LVM's own EIO is no loss of the snapshot.
    if (volumes.ok() && absl::IsDataLoss(snapshot.status())) return snapshot.status();
    SaySight(snapshot.status());
    if (!snapshot.ok()) return absl::OkStatus();
    const bool thin = snapshot->volume.IsThin();
    if (thin) name_ = absl::StrCat(kPoolWords, FullName(snapshot->space.name));
    const Usage usage = UsageOf(snapshot->space, SteadyNow());
    rate_.Add(usage);
    SayUsage(usage);
    if (thin) return CheckPool(usage, *snapshot->space.metadata_percent);
    Relieve(lvm, usage, OriginBytes(*volumes));
    return absl::OkStatus();
  }

 private:
  // The first of a series of failed looks, and the end of the series.
  void SaySight(const absl::Status& status) {
    if (!status.ok() && !blind_) {
      LOG(WARNING) << "cannot see how full " << name_ << " is: " << OneLine(status.message())
                   << "; going on, and trying again every "
                   << absl::FormatDuration(options_.interval);
    } else if (status.ok() && blind_) {
      LOG(INFO) << name_ << " can be seen again";
    }
    blind_ = !status.ok();
  }

  void SayUsage(const Usage& usage) {
    const int tenth = static_cast<int>(usage.Percent() / 10);
    if (size_bytes_ != 0 && usage.size_bytes > size_bytes_) {
      LOG(INFO) << name_ << " was extended from " << Mebibytes(size_bytes_)
                << ", not by this program (by dmeventd?), and is " << Words(usage);
    } else if (tenth > tenth_) {
      LOG(INFO) << name_ << " is " << Words(usage);
    }
    size_bytes_ = usage.size_bytes;
    tenth_ = tenth;
  }

  // That of the snapshot's thin pool: a warning while there is time, and at the end an error. It is
  // not extended here, since it is more than the snapshot's and would not shrink again.
  absl::Status CheckPool(const Usage& usage, double metadata_percent) {
    const std::string seen =
        absl::StrCat(name_, " is ", Words(usage), ", its metadata ", metadata_percent, " %");
    if (usage.Percent() >= kPoolFull || metadata_percent >= kPoolMetadataFull ||
        (usage.Percent() >= kPoolWarning && IsFullSoon(usage))) {
      return NoError(absl::StrCat(
          seen,
          "; once it is full the server cannot write, so the copy ends here and its snapshot "
          "goes; extend the pool (lvextend), or let dmeventd do it "
          "(thin_pool_autoextend_threshold in lvm.conf)"));
    }
    if (usage.Percent() >= kPoolWarning && warned_.empty()) {
      warned_ = seen;
      LOG(WARNING)
          << seen
          << "; once it is full the server cannot write. Extend it now: lvextend --size +1G "
          << absl::StripPrefix(name_, kPoolWords) << ", or --poolmetadatasize +64M";
    }
    return absl::OkStatus();
  }

  bool IsFullSoon(const Usage& usage) const {
    return TimeLeft(usage, rate_.BytesPerSecond()) < kSoon * options_.interval;
  }

  // Sees to it that there is room, or says why there will be none.
  void Relieve(const Lvm& lvm, const Usage& usage, uint64_t origin_bytes) {
    const bool soon = IsFullSoon(usage);
    const bool full = usage.Percent() >= kFull;
    // A short burst is no reason for a warning where nothing could be done about it.
    if (!full && !(soon && options_.max_bytes != 0)) return;
    const absl::Status extended = Extend(lvm, usage, origin_bytes);
    if (extended.ok() || absl::IsCancelled(extended) || extended.message() == warned_) return;
    warned_ = std::string(extended.message());
    LOG(WARNING) << name_ << " is " << Words(usage)
                 << "; once it overflows the copy is void. It is not extended: " << OneLine(warned_)
                 << ". Now, by hand: lvextend --size +"
                 << std::max<uint64_t>(usage.size_bytes >> 20, 4) << "M "
                 << FullName(options_.snapshot.name)
                 << "; for the next time: a larger SNAPSHOT_SIZE or SNAPSHOT_MAX_SIZE, or a "
                 << "quieter hour";
  }

  absl::Status Extend(const Lvm& lvm, const Usage& usage, uint64_t origin_bytes) {
    ExtensionLimits limits;
    limits.max_bytes = options_.max_bytes;
    if (limits.max_bytes != 0) {
      ASSIGN_OR_RETURN(limits.room, lvm.FreeRoom());
      limits.useful_bytes = UsefulBytes(origin_bytes, limits.room.extent_bytes);
    }
    ASSIGN_OR_RETURN(const uint64_t bytes, PlanExtension(usage, rate_.BytesPerSecond(), limits));
    const Lvm changing(options_.snapshot.lvm, options_.snapshot.vg,
                       options_.snapshot.command_deadline);
    RETURN_IF_ERROR(changing.Extend(options_.snapshot.name, bytes));
    LOG(INFO) << name_ << " is " << Words(usage) << ": extended to " << Mebibytes(bytes);
    size_bytes_ = bytes;
    return absl::OkStatus();
  }

  std::string FullName(const std::string& volume) const {
    return absl::StrCat(options_.snapshot.vg, "/", volume);
  }

  std::string Words(const Usage& usage) const { return UsageWords(usage, rate_.BytesPerSecond()); }

  uint64_t OriginBytes(const std::vector<LogicalVolume>& volumes) const {
    for (const LogicalVolume& volume : volumes) {
      if (volume.name == options_.snapshot.origin) return volume.size_bytes;
    }
    return 0;
  }

  const WatchOptions& options_;
  std::string name_;  // what fills, in words: the snapshot, or its thin pool
  FillRate rate_;
  bool blind_ = false;
  int tenth_ = 0;            // of the last look
  uint64_t size_bytes_ = 0;  // of the last look or extension
  std::string warned_;       // the reason that was given last
};

// How the command ended, in words, and with its exit code.
absl::Status EndOf(const WatchOptions& options, const absl::StatusOr<SubprocessResult>& result) {
  if (!result.ok()) return result.status();
  if (result->exit_code == 0) return absl::OkStatus();
  return WithExitCode(absl::UnknownError(absl::StrCat(options.command[0], " ended with exit code ",
                                                      result->exit_code)),
                      static_cast<ExitCode>(result->exit_code));
}

// The snapshot is lost and the command has ended for it; but what it leaves behind matters more.
absl::Status Lost(const absl::Status& lost, const absl::Status& end) {
  const ExitCode code = ExitCodeOf(end);
  return WithExitCode(end.ok() ? lost : Annotate(lost, absl::StrCat("; ", end.message())),
                      code == ExitCode::kLeftBehind ? code : ExitCode::kNo);
}

// A signal came, and the command has ended for it.
absl::Status Interrupted(const absl::Status& interrupted, const absl::Status& end) {
  if (end.ok()) return interrupted;
  return WithExitCode(Annotate(interrupted, absl::StrCat("; ", end.message())), ExitCodeOf(end));
}

int PollMilliseconds(absl::Time until) {
  const int64_t left =
      absl::ToInt64Milliseconds(absl::Ceil(until - SteadyNow(), absl::Milliseconds(1)));
  return static_cast<int>(std::clamp<int64_t>(left, 0, 1 << 30));
}

}  // namespace

absl::Status RunWatched(const WatchOptions& options) {
  SubprocessOptions child;
  child.argv = options.command;
  child.foreground = true;  // it may draw on the terminal
  child.stdin_fd = STDIN_FILENO;
  child.stdout_fd = STDOUT_FILENO;
  child.stderr_fd = STDERR_FILENO;
  child.kill_after = kKillAfter;
  ASSIGN_OR_RETURN(Subprocess command, Subprocess::Start(std::move(child)));
  Watcher watcher(options);
  for (absl::Time next = SteadyNow();;) {
    pollfd fds[] = {{command.pidfd(), POLLIN, 0}, {InterruptFd(), POLLIN, 0}};
    if (poll(fds, 2, PollMilliseconds(next)) < 0 && errno != EINTR) return ErrnoError("poll");
    if (fds[0].revents != 0) break;
    const absl::Status interrupted = CheckInterrupt();
    if (!interrupted.ok()) return Interrupted(interrupted, EndOf(options, command.Terminate()));
    if (SteadyNow() < next) continue;
    const absl::Status lost = watcher.Look(command.pidfd());
    if (!lost.ok()) {
      LOG(WARNING) << "ending " << options.command[0] << ": " << OneLine(lost.message());
      return Lost(lost, EndOf(options, command.Terminate()));
    }
    next = SteadyNow() + options.interval;
  }
  absl::Status end = EndOf(options, command.Wait());
  if (end.ok()) return end;
  // It may have failed because the snapshot can no longer be read.
  const absl::Status lost = watcher.Look(InterruptFd());
  return lost.ok() ? end : Lost(lost, end);
}

}  // namespace mysql_backup

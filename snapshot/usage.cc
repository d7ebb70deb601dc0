#include "snapshot/usage.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace mysql_backup {
namespace {

constexpr absl::Duration kPresent = absl::Minutes(1);
constexpr double kMebibyte = 1 << 20;

}  // namespace

std::string Mebibytes(uint64_t bytes) { return absl::StrFormat("%d MiB", bytes >> 20); }

double Usage::Percent() const {
  if (size_bytes == 0) return 100;
  return 100 * static_cast<double>(used_bytes) / static_cast<double>(size_bytes);
}

Usage UsageOf(const LogicalVolume& snapshot, absl::Time time) {
  const double fraction = snapshot.data_percent.value_or(100) / 100;
  return {time, static_cast<uint64_t>(fraction * static_cast<double>(snapshot.size_bytes)),
          snapshot.size_bytes};
}

void FillRate::Add(const Usage& usage) {
  recent_.push_back(usage);
  // Two stay, however far apart they are.
  while (recent_.size() > 2 && usage.time - recent_[0].time > kPresent) recent_.pop_front();
}

double FillRate::BytesPerSecond() const {
  if (recent_.size() < 2) return 0;
  const Usage& first = recent_.front();
  const Usage& last = recent_.back();
  if (last.time <= first.time || last.used_bytes <= first.used_bytes) return 0;
  return static_cast<double>(last.used_bytes - first.used_bytes) /
         absl::ToDoubleSeconds(last.time - first.time);
}

absl::Duration TimeLeft(const Usage& usage, double bytes_per_second) {
  if (bytes_per_second <= 0) return absl::InfiniteDuration();
  const uint64_t left = usage.size_bytes - std::min(usage.used_bytes, usage.size_bytes);
  return absl::Seconds(static_cast<double>(left) / bytes_per_second);
}

std::string UsageWords(const Usage& usage, double bytes_per_second) {
  const absl::Duration left = TimeLeft(usage, bytes_per_second);
  return absl::StrCat(
      absl::StrFormat("%.0f %% full (%d of %s)", usage.Percent(), usage.used_bytes >> 20,
                      Mebibytes(usage.size_bytes)),
      left == absl::InfiniteDuration()
          ? ""
          : absl::StrFormat(", and will be full in %s at the present rate (%.1f MiB/s)",
                            absl::FormatDuration(absl::Trunc(left, absl::Seconds(1))),
                            bytes_per_second / kMebibyte));
}

absl::StatusOr<uint64_t> PlanExtension(const Usage& usage, double bytes_per_second,
                                       const ExtensionLimits& limits) {
  const uint64_t extent = limits.room.extent_bytes;
  const auto whole_extents = [extent](uint64_t bytes) { return bytes / extent * extent; };
  if (limits.max_bytes == 0) {
    return absl::FailedPreconditionError("SNAPSHOT_MAX_SIZE is not set");
  }
  if (whole_extents(limits.max_bytes) <= usage.size_bytes) {
    return absl::FailedPreconditionError(
        absl::StrCat("it has reached SNAPSHOT_MAX_SIZE, which is ", Mebibytes(limits.max_bytes)));
  }
  if (whole_extents(limits.useful_bytes) <= usage.size_bytes) {
    return absl::FailedPreconditionError("it is as large as its origin can ever fill");
  }
  if (limits.room.free_bytes < extent) {
    return absl::FailedPreconditionError(
        "the volume group has no free extents: add a physical volume (vgextend)");
  }
  const auto minute = static_cast<uint64_t>(bytes_per_second * absl::ToDoubleSeconds(kPresent));
  const uint64_t step = std::max(usage.size_bytes / 2, minute);
  // Rounded up, so that it is an extent at least.
  const uint64_t wanted = whole_extents(usage.size_bytes + step + extent - 1);
  return std::min({wanted, whole_extents(limits.max_bytes), whole_extents(limits.useful_bytes),
                   usage.size_bytes + whole_extents(limits.room.free_bytes)});
}

}  // namespace mysql_backup

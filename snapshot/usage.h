// How full a snapshot is, how fast it fills, and by how much to extend it. Nothing here touches the
// system.

#ifndef MYSQL_BACKUP_SNAPSHOT_USAGE_H_
#define MYSQL_BACKUP_SNAPSHOT_USAGE_H_

#include <cstdint>
#include <deque>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "snapshot/lvm.h"

namespace mysql_backup {

// "12 MiB", rounded down.
std::string Mebibytes(uint64_t bytes);

// The COW space of a snapshot at one time.
struct Usage {
  absl::Time time;
  uint64_t used_bytes = 0;
  uint64_t size_bytes = 0;

  double Percent() const;
};

// Of a snapshot whose data_percent is known.
Usage UsageOf(const LogicalVolume& snapshot, absl::Time time);

// How fast a snapshot fills at present: over the last minute or so.
class FillRate {
 public:
  // In the order of time.
  void Add(const Usage& usage);

  // 0 while there are not two looks, and for a snapshot that does not fill.
  double BytesPerSecond() const;

 private:
  std::deque<Usage> recent_;
};

// Until a snapshot that fills at this rate overflows. Infinite when it does not fill.
absl::Duration TimeLeft(const Usage& usage, double bytes_per_second);

// "72 % full (737 of 1024 MiB), and will be full in 89s at the present rate (3.2 MiB/s)".
std::string UsageWords(const Usage& usage, double bytes_per_second);

struct ExtensionLimits {
  uint64_t max_bytes = 0;     // what the configuration allows; 0: no extension
  uint64_t useful_bytes = 0;  // beyond this it could never be filled
  GroupRoom room;
};

// Returns the size in bytes, whole extents, that a snapshot should be extended to: half as large
// again, or by what a minute at this rate needs if that is more; less where the limits leave less.
// FailedPrecondition telling why when they leave not one extent.
absl::StatusOr<uint64_t> PlanExtension(const Usage& usage, double bytes_per_second,
                                       const ExtensionLimits& limits);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SNAPSHOT_USAGE_H_

// What the kernel's dm-log-writes target recorded of a disk, and what that disk may have held when
// the power failed.
//
// The log, by the kernel's description of the target: little-endian; its first sector holds a magic
// number, a version, the number of entries and the size of a sector. Then come the entries: a
// sector that begins with the place written to, its length, flags, and the length of a mark's text,
// which follows in the same sector; and, behind that sector, the data that was written. A discard
// has no data. Writes are logged when a flush that was asked for after their end has ended, just
// before that flush; those that went past the cache (FUA) when they ended; marks when they were
// made.
//
// A mark can thus come before writes that were made before it. Where that matters, write a mark to
// the disk itself, past the filesystem: one sector that begins with kMarkPrefix. It is read as a
// mark.

#ifndef MYSQL_BACKUP_LAB_LOG_WRITES_H_
#define MYSQL_BACKUP_LAB_LOG_WRITES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/unique_fd.h"

namespace mysql_backup {

// What follows, up to a line feed or a zero, is the mark's text.
constexpr absl::string_view kMarkPrefix = "log_writes mark ";

struct LogEntry {
  uint64_t offset = 0;  // bytes, on the disk
  uint64_t size = 0;    // bytes; 0 for a bare flush and for a mark
  uint64_t data = 0;    // bytes, in the log; where what was written begins
  bool flush = false;   // what ended before this one was asked for is durable before it
  bool fua = false;     // this one is durable as soon as it has ended
  bool discard = false;
  bool mark = false;
  std::string text;  // a mark's
};

// Opens a log and reads all that is in it but the data.
struct WriteLog {
  UniqueFd file;
  std::vector<LogEntry> entries;

  // DataLoss for what is no such log, or is cut short.
  static absl::StatusOr<WriteLog> Open(const std::string& path);
};

// "write", "discard", "flush", "mark"; with "+fua" and "flush+" where both are true.
std::string KindOf(const LogEntry& entry);

// A moment at which the power failed, and what was lost. All entries before `end` had been made.
// Whatever was then not durable is on the disk (`seed` is nullopt), or not (`seed` is 0), or some
// of it is: which, the seed tells.
struct PowerCut {
  size_t end = 0;
  absl::optional<uint64_t> seed;

  bool operator==(const PowerCut& other) const { return end == other.end && seed == other.seed; }
  bool operator<(const PowerCut& other) const {
    return end != other.end ? end < other.end : seed < other.seed;
  }
};

// How many of the first `end` entries precede the last flush among them: all these are durable.
size_t DurableEnd(const std::vector<LogEntry>& entries, size_t end);

// A piece of an entry: at most kPieceSize bytes that do not cross a multiple of it. Disks and
// filesystems alike promise no more than that a block is written whole.
constexpr uint64_t kPieceSize = 4096;
struct Piece {
  uint64_t offset = 0;            // bytes, on the disk
  uint64_t size = 0;              // bytes
  absl::optional<uint64_t> data;  // where it is in the log; nullopt for a discard
};

// Returns what the entries from `begin` on put on the disk, in order. `begin` must not be above
// DurableEnd(entries, cut.end).
std::vector<Piece> PiecesOf(const std::vector<LogEntry>& entries, size_t begin,
                            const PowerCut& cut);

// Writes the pieces to the file `image`, which must be of the disk's size.
absl::Status ApplyPieces(const WriteLog& log, const std::vector<Piece>& pieces, int image);

struct PlanOptions {
  // Entries up to this mark, and it, are no business of the plan: the filesystem is being made.
  std::string begin_mark;
  // How many random ones between one flush or mark and the next.
  size_t subsets = 4;
  // The disk has no cache that a power cut empties: whatever was written before is there. The
  // random ones are then moments, and nothing is in flight.
  bool no_cache = false;
  // No more than so many in all, 0 for no limit. Those at marks always stay.
  size_t states = 0;
  uint64_t seed = 1;
};

// Returns cuts, in order of their end: behind each flush, write past the cache, and mark, and at
// the log's end, with all that was in flight; where something was, also without; and random ones.
// NotFound when there is no such mark.
absl::StatusOr<std::vector<PowerCut>> PlanCuts(const std::vector<LogEntry>& entries,
                                               const PlanOptions& options);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_LAB_LOG_WRITES_H_

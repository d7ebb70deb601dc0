// What is said to rsync and what it says: argument vector, output, exit codes. Touches nothing.

#ifndef MYSQL_BACKUP_SYNCER_RSYNC_H_
#define MYSQL_BACKUP_SYNCER_RSYNC_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace mysql_backup {

// Returns the arguments that copy the current directory, whole, into the directory `destination`.
std::vector<std::string> RsyncArguments(const std::string& rsync, const std::string& destination);

// How far the copy is, in rsync's own figures.
struct CopyProgress {
  int64_t bytes = 0;
  int percent = 0;    // of the bytes of the whole tree
  std::string rate;   // over the last seconds, for example "120.35MB/s"
  std::string clock;  // H:MM:SS that are left
};

// Returns what a line of --info=progress2 says, or nullopt for any other line.
absl::optional<CopyProgress> ParseProgress(absl::string_view line);

// A tree as --stats counts it.
struct TreeTotals {
  int64_t bytes = 0;  // lengths of all regular files (each name of a hard link counts) and links
  int64_t files = 0;  // regular files, each name of a hard link
};

// Cuts rsync's standard output into lines as it comes, and keeps what the last ones say.
class RsyncOutput {
 public:
  // Takes the next piece, cut anywhere. Returns the newest progress in it, if any.
  absl::optional<CopyProgress> Add(absl::string_view piece);

  // The totals, once the lines of --stats have been seen.
  absl::optional<TreeTotals> totals() const;

 private:
  std::string line_;
  absl::optional<int64_t> bytes_;
  absl::optional<int64_t> files_;
};

// Returns what an exit code other than 0 means for a copy of a snapshot, and what to do about it.
std::string RsyncExitMeaning(int exit_code);

// Returns the last `count` lines of `text`, 1 or more; empty ones at its end do not count.
absl::string_view LastLines(absl::string_view text, int count);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_RSYNC_H_

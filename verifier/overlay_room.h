// Whether an overlay of a backup will find room, to be asked before a server is started on it.

#ifndef MYSQL_BACKUP_VERIFIER_OVERLAY_ROOM_H_
#define MYSQL_BACKUP_VERIFIER_OVERLAY_ROOM_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mysql_backup {

// Whether a server opens the file at `path`, relative to the data directory, for writing in any
// case, so that overlayfs copies it whole: InnoDB's system, undo and log files, MySQL's dictionary,
// Aria's logs, and all tables of MyISAM and Aria, which are checked by a server that may write to
// them.
bool IsAlwaysCopied(absl::string_view path);

// Returns what these take on the disk in the data directory open at `datadir`; `path` is for
// errors. Recovery adds the tables that were written to last, of which nobody knows beforehand.
absl::StatusOr<uint64_t> MeasureCopied(int datadir, const std::string& path);

// OK when there is room for them on the filesystem of the directory open at `scratch`, or when it
// is the data directory's own and clones files, so that copies take none. FailedPrecondition with
// both figures otherwise.
absl::Status CheckOverlayRoom(int datadir, const std::string& datadir_path, int scratch,
                              const std::string& scratch_path);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_VERIFIER_OVERLAY_ROOM_H_

// The directory that a backup is restored into: what it must be, and how it shows that it is not
// finished.

#ifndef MYSQL_BACKUP_SYNCER_RESTORE_TARGET_H_
#define MYSQL_BACKUP_SYNCER_RESTORE_TARGET_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace mysql_backup {

// In the target from before the first file until after the last, and then gone: what it says is for
// the person who finds it. Meanwhile nobody but root can enter the target, so that no server starts
// on half of its data.
inline constexpr char kUnfinishedName[] = "RESTORE_UNFINISHED";

// Returns the target, made ready: it is empty but for the file above, and root's alone. Makes it
// where it does not exist, below a directory that does. What an unfinished restore left is removed.
//
// FailedPrecondition with the remedy, and nothing changed, when it holds anything else, others may
// have been in it, or a process works in it.
absl::StatusOr<UniqueFd> PrepareTarget(const std::string& path, const std::string& backup);

// Whether PrepareTarget() would succeed, as far as can be told without changing anything.
absl::Status CheckTarget(const std::string& path);

// Where a restore that is not complete yet has its files, when more is to be done to them: a
// server can use them there, by a mount of this directory alone, and not in the target.
inline constexpr char kRestoringName[] = ".restoring";

// FailedPrecondition unless the target has that directory and is closed.
absl::Status CheckRestoring(int target, const std::string& path);

// Writes all that is in the target to the disk.
absl::Status SyncTarget(int target, const std::string& path);

// Takes the file above away, once all else is on the disk. An error with ExitCode::kLeftBehind when
// it is away, and may come back after a power cut.
absl::Status FinishTarget(int target, const std::string& path);

// Takes a target with the file above for root alone again, as far as that is possible.
void CloseTarget(int target, const std::string& path);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_RESTORE_TARGET_H_

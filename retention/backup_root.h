// Taking away what a backup root does not need any more.

#ifndef MYSQL_BACKUP_RETENTION_BACKUP_ROOT_H_
#define MYSQL_BACKUP_RETENTION_BACKUP_ROOT_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace mysql_backup {

// Removes the published backups `names` from the directory at `root_path`, each hidden under its
// deleting name first, so that a crash leaves no half-empty backup. Adds to `removed` each name
// that is gone because of this call; one that was not there any more is OK. A backup that a
// verification has locked is left, with a warning: the next run will be told to remove it again. So
// is the last good one: when verifications have found some that would stay to be bad, and none to
// be good, the newest that was found to be good; when all of them are bad, the newest other one.
// Where it cannot be read what they found, none is removed that might be that one, which is an
// error.
//
// FailedPrecondition, with nothing touched, when no published backup would be left. One failure
// does not stop the others; in the end it is an error with ExitCode::kLeftBehind that names all
// that is left. A signal stops it between two entries, with the same exit code.
absl::Status ExpireBackups(const std::string& root_path, const std::vector<std::string>& names,
                           std::vector<std::string>* removed);

// Removes the copies and deletions that an interrupted run left in the directory at `root_path`,
// and the scratch directory of a verification that was killed; that of one that is alive, which has
// it locked, is left without a word. Only directories with exactly a partial's or a deletion's
// name, or .verify; other things of such a name get a warning. A root that does not exist has none.
// Errors and `removed` are as in ExpireBackups.
absl::Status RemoveLeftovers(const std::string& root_path, std::vector<std::string>* removed);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_RETENTION_BACKUP_ROOT_H_

// Checksums that rsync does not compute: of links.

#ifndef MYSQL_BACKUP_SYNCER_ENTRY_CHECKSUM_H_
#define MYSQL_BACKUP_SYNCER_ENTRY_CHECKSUM_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/manifest.h"

namespace mysql_backup {

// Returns the checksum of a symbolic link's target, or of a file that is a further name of one
// which rsync has copied, as they are in the tree open at `tree`. Read from the copy: the content
// of a file with several names is that of the first name, whose checksum is rsync's. `path`, the
// tree's, is for errors.
absl::StatusOr<std::string> EntryChecksum(int tree, const std::string& path,
                                          const ManifestEntry& entry);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_ENTRY_CHECKSUM_H_

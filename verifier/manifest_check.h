// Comparing what a backup holds with its manifest, down to the last bit.

#ifndef MYSQL_BACKUP_VERIFIER_MANIFEST_CHECK_H_
#define MYSQL_BACKUP_VERIFIER_MANIFEST_CHECK_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/manifest.h"

namespace mysql_backup {

// Something that is not as the manifest says.
struct Difference {
  enum class Kind { kMissing, kAdded, kChanged };
  Kind kind = Kind::kChanged;
  std::string path;  // relative to the top of the backup
  std::string what;  // for people: "its length is 16384 bytes, not 98304"
};

struct ManifestCheck {
  uint64_t bytes = 0;        // read
  uint64_t differences = 0;  // 0: the backup is what the manifest says
};

// Looks at every entry of the backup open at `backup` and reads every file of the right length;
// `path`, the backup's, is for errors. Hands each difference on as it is found; what the disk
// cannot read (EIO and the like) is one as well. An error when the check itself fails, by a signal
// too.
absl::StatusOr<ManifestCheck> CheckManifest(
    int backup, const std::string& path, const Manifest& manifest,
    const std::function<absl::Status(const Difference&)>& on_difference);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_VERIFIER_MANIFEST_CHECK_H_

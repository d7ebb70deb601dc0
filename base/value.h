// The forms of values that are given both as flags and in the configuration.
//
// Each reason is worded to stand behind the name of the flag or key and its value.

#ifndef MYSQL_BACKUP_BASE_VALUE_H_
#define MYSQL_BACKUP_BASE_VALUE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace mysql_backup {

// A name that LVM lets a volume group have, by lvm(8), "VALID NAMES". At most 100 characters, so
// that volume group and volume fit into a device-mapper name together.
absl::Status CheckGroupName(absl::string_view value);

// The same for a logical volume, for which LVM keeps some names to itself.
absl::Status CheckVolumeName(absl::string_view value);

// The bytes in a whole number of K, M, G or T (powers of 1024), from 4M, LVM's usual extent, to
// 1024T.
absl::StatusOr<uint64_t> ParseSize(absl::string_view value);

// An absolute path of something below "/", without "." and ".." parts and control characters.
absl::Status CheckPath(absl::string_view value);

// A whole number without sign or blanks; nullopt for anything else and for what does not fit.
absl::optional<int64_t> ParseDigits(absl::string_view digits);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_VALUE_H_

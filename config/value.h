// What a value of the configuration may be, one function a kind. Pure: nothing on the machine is
// looked at.
//
// Each returns the value in its one spelling, as the programs of a run are given it, or
// InvalidArgument with the reason, worded to follow "KEY=value: ".

#ifndef MYSQL_BACKUP_CONFIG_VALUE_H_
#define MYSQL_BACKUP_CONFIG_VALUE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mysql_backup {

// Names that LVM allows; see base/value.h.
absl::StatusOr<std::string> GroupNameValue(absl::string_view value);
absl::StatusOr<std::string> VolumeNameValue(absl::string_view value);

// A whole number of K, M, G or T (powers of 1024), from 4M, LVM's usual extent, to 1024T.
absl::StatusOr<std::string> SizeValue(absl::string_view value);

// An absolute path below "/", without "." and ".." parts. Superfluous slashes are taken out.
absl::StatusOr<std::string> PathValue(absl::string_view value);

// A whole number from `minimum` to `maximum`, not negative. Leading zeros are taken out: the shell
// would take 010 for eight.
absl::StatusOr<std::string> NumberValue(absl::string_view value, int minimum, int maximum);

// "backup" or "snapshot".
absl::StatusOr<std::string> LockScopeValue(absl::string_view value);

// "normal" or "low".
absl::StatusOr<std::string> PriorityValue(absl::string_view value);

// "none", "hardlink" or "reflink".
absl::StatusOr<std::string> ReuseValue(absl::string_view value);

// Whether a path is the other one or lies below it; both as PathValue returns them.
bool IsAtOrBelow(absl::string_view path, absl::string_view directory);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_CONFIG_VALUE_H_

// Which kind of server a data directory belongs to, and where its program is.

#ifndef MYSQL_BACKUP_VERIFIER_SERVER_BINARY_H_
#define MYSQL_BACKUP_VERIFIER_SERVER_BINARY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace mysql_backup {

enum class Flavour { kMysql, kMariadb };

// Tells the flavour by the names in the top of a data directory; nullopt when it is none.
absl::optional<Flavour> FlavourOf(const std::vector<std::string>& names);

// Returns the path of the server program for `flavour`: `wanted`, or the first at a usual place
// when `wanted` is empty. NotFound with the remedy where there is none, or where `wanted` is of the
// other flavour, or older than `version`, that of the server whose data it is to read (as the
// server tells it; empty: not known).
absl::StatusOr<std::string> FindServer(Flavour flavour, const std::string& wanted,
                                       const std::string& version);

// Whether a server of one version may read what one of another has written: not where its first two
// numbers are less. A version that cannot be read is no obstacle.
bool CanRead(absl::string_view server_version, absl::string_view data_version);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_VERIFIER_SERVER_BINARY_H_

// Values in the records that the tools hand to each other, one word each, as in a URL: "%20".

#ifndef MYSQL_BACKUP_BASE_PERCENT_H_
#define MYSQL_BACKUP_BASE_PERCENT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace mysql_backup {

// Returns `text` with spaces, control characters and percent signs written as %XX.
std::string PercentEncode(absl::string_view text);

// Returns what PercentEncode() made `word` of; nullopt where it cannot have made it.
absl::optional<std::string> PercentDecode(absl::string_view word);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_PERCENT_H_

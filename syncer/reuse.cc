#include "syncer/reuse.h"

#include "absl/strings/str_cat.h"
#include "base/exit_code.h"

namespace mysql_backup {

absl::StatusOr<Reuse> ReuseFromFlag(absl::string_view value) {
  if (value == "none") return Reuse::kNone;
  if (value == "hardlink") return Reuse::kHardlink;
  if (value == "reflink") return Reuse::kReflink;
  return UsageError(absl::StrCat("--reuse='", value, "' is not none, hardlink or reflink"));
}

}  // namespace mysql_backup

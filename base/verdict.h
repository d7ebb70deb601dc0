// What a verification has found, kept with the backup: an extended attribute of its directory,
// which changes none of its files, goes where the backup goes, and is gone when it is removed.

#ifndef MYSQL_BACKUP_BASE_VERDICT_H_
#define MYSQL_BACKUP_BASE_VERDICT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/manifest.h"

namespace mysql_backup {

inline constexpr char kVerdictAttribute[] = "user.mysql_backup.verified";

struct Verdict {
  bool good = false;
  absl::Time time;          // when the verification ended, to the second
  absl::Duration duration;  // how long it took, to the second
};

// The text that is kept of a verdict on a backup whose manifest has these `records`.
std::string FormatVerdict(const Verdict& verdict, const Manifest& records);

// Keeps the verdict on the backup open at `backup`, instead of an earlier one. It is bound to the
// manifest: a copy of the directory that has become a backup of its own has no verdict.
// Unimplemented where the filesystem has no such attributes.
absl::Status WriteVerdict(int backup, const std::string& path, const Verdict& verdict,
                          const Manifest& records);

// Returns what such a text says; nullopt where it is not on this manifest, or of another form.
absl::optional<Verdict> ParseVerdict(absl::string_view text, const Manifest& records);

// Returns the verdict on the backup open at `backup`, whose manifest has these `records`; nullopt
// where there is none on this manifest. An error where the system does not let us look. `path`, the
// backup's, is for errors.
absl::StatusOr<absl::optional<Verdict>> ReadVerdict(int backup, const std::string& path,
                                                    const Manifest& records);

// Returns the verdict on the backup `name` in the directory open at `root`; nullopt where there is
// none. A manifest that is damaged is as good as a bad verdict, of the infinite future since nobody
// knows when that happened. An error where the system does not let us look.
absl::StatusOr<absl::optional<Verdict>> FindVerdict(int root, const std::string& name);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_VERDICT_H_

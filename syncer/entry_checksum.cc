#include "syncer/entry_checksum.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/checksum.h"
#include "base/log.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {

absl::StatusOr<std::string> EntryChecksum(int tree, const std::string& path,
                                          const ManifestEntry& entry) {
  const std::string entry_path = absl::StrCat(path, "/", entry.path);
  if (entry.kind == ManifestEntry::Kind::kLink) {
    char target[PATH_MAX];
    const ssize_t size = readlinkat(tree, entry.path.c_str(), target, sizeof target);
    if (size < 0) return ErrnoError(absl::StrCat("read link ", OneLine(entry_path)));
    return ChecksumOf(absl::string_view(target, static_cast<size_t>(size)));
  }
  const UniqueFd file(openat(tree, entry.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.ok()) return ErrnoError(absl::StrCat("open ", OneLine(entry_path)));
  return ChecksumOfFile(file.get(), entry_path);
}

}  // namespace mysql_backup

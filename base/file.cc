#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {

absl::Status ReadPieces(int fd, absl::string_view path,
                        const std::function<void(absl::string_view piece)>& on_piece) {
  char buffer[64 << 10];
  while (true) {
    const ssize_t size = read(fd, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return ErrnoError(absl::StrCat("read ", path));
    if (size == 0) return absl::OkStatus();
    on_piece(absl::string_view(buffer, static_cast<size_t>(size)));
  }
}

absl::StatusOr<std::string> ReadToEnd(int fd, absl::string_view path) {
  std::string text;
  RETURN_IF_ERROR(
      ReadPieces(fd, path, [&text](absl::string_view piece) { absl::StrAppend(&text, piece); }));
  return text;
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return ErrnoError(absl::StrCat("read ", path));
  return ReadToEnd(file.get(), path);
}

absl::Status WriteAll(int fd, absl::string_view text, absl::string_view path) {
  while (!text.empty()) {
    const ssize_t size = write(fd, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return ErrnoError(absl::StrCat("write ", path));
    text.remove_prefix(static_cast<size_t>(size));
  }
  return absl::OkStatus();
}

}  // namespace mysql_backup

#include "base/mount_info.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes space, tab, line feed, backslash and '#' as \ooo.
std::string Unescape(absl::string_view field) {
  std::string text;
  for (size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && IsOctal(field[i + 1]) &&
        IsOctal(field[i + 2]) && IsOctal(field[i + 3])) {
      text.push_back(static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
                                       (field[i + 3] - '0')));
      i += 3;
    } else {
      text.push_back(field[i]);
    }
  }
  return text;
}

// id parent major:minor root mount-point options [optional-fields...] - type source super-options
absl::optional<Mount> ParseLine(absl::string_view line) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
  if (fields.size() < 9) return absl::nullopt;
  const auto dash = std::find(fields.begin() + 6, fields.end(), "-");
  if (fields.end() - dash < 3) return absl::nullopt;
  const std::vector<absl::string_view> numbers = absl::StrSplit(fields[2], ':');
  Mount mount;
  unsigned int major_number = 0;
  unsigned int minor_number = 0;
  if (!absl::SimpleAtoi(fields[0], &mount.id) || numbers.size() != 2 ||
      !absl::SimpleAtoi(numbers[0], &major_number) ||
      !absl::SimpleAtoi(numbers[1], &minor_number)) {
    return absl::nullopt;
  }
  mount.device = makedev(major_number, minor_number);
  mount.root = Unescape(fields[3]);
  mount.mount_point = Unescape(fields[4]);
  mount.options = absl::StrSplit(fields[5], ',');
  mount.type = Unescape(dash[1]);
  mount.source = Unescape(dash[2]);
  return mount;
}

}  // namespace

absl::StatusOr<std::vector<Mount>> ParseMountInfo(absl::string_view text) {
  std::vector<Mount> mounts;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    absl::optional<Mount> mount = ParseLine(line);
    if (!mount.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat("not a line of mountinfo: ", line));
    }
    mounts.push_back(*std::move(mount));
  }
  return mounts;
}

absl::StatusOr<std::vector<Mount>> ReadMountInfo(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseMountInfo(text);
}

absl::StatusOr<absl::optional<Mount>> MountAt(const std::string& directory) {
  // Looked up by the kernel rather than by comparing names, which say nothing of what is mounted
  // over what, nor of links in the parents.
  const UniqueFd fd(open(directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.ok()) {
    if (errno == ENOENT) return absl::optional<Mount>();
    return ErrnoError(absl::StrCat("open directory ", directory));
  }
  char real_path[PATH_MAX];
  const ssize_t size =
      readlink(absl::StrCat("/proc/self/fd/", fd.get()).c_str(), real_path, sizeof(real_path));
  if (size < 0) return ErrnoError(absl::StrCat("find the real path of ", directory));
  const absl::string_view path(real_path, static_cast<size_t>(size));

  ASSIGN_OR_RETURN(const std::string info, ReadFile(absl::StrCat("/proc/self/fdinfo/", fd.get())));
  int id = -1;
  for (absl::string_view line : absl::StrSplit(info, '\n')) {
    if (absl::ConsumePrefix(&line, "mnt_id:") && !absl::SimpleAtoi(line, &id)) id = -1;
  }
  ASSIGN_OR_RETURN(const std::vector<Mount> mounts, ReadMountInfo("/proc/self/mountinfo"));
  for (const Mount& mount : mounts) {
    if (mount.id != id) continue;
    if (mount.mount_point != path) return absl::optional<Mount>();
    return absl::optional<Mount>(mount);
  }
  return absl::InternalError(
      absl::StrCat("the mount of ", directory, " is not in /proc/self/mountinfo"));
}

bool HasOption(const Mount& mount, absl::string_view option) {
  return std::find(mount.options.begin(), mount.options.end(), option) != mount.options.end();
}

}  // namespace mysql_backup

#include "base/testing/file_facts.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <tuple>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace mysql_backup {
namespace {

// By descriptor, since the trees may be deeper than a path can be long.
constexpr int kOpenFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

[[noreturn]] void Die(const std::string& path) {
  perror(absl::CHexEscape(path).c_str());
  abort();
}

std::string Content(int parent, const char* name, const struct stat& status) {
  if (S_ISDIR(status.st_mode)) return "";
  std::string content(4096, '\0');  // not on the stack: trees are deep
  ssize_t size = 0;
  if (S_ISLNK(status.st_mode)) {
    size = readlinkat(parent, name, content.data(), content.size());
  } else if (S_ISREG(status.st_mode)) {
    const int file = openat(parent, name, kOpenFlags);
    size = read(file, content.data(), content.size());
    close(file);
  }
  if (size < 0) Die(name);
  content.resize(static_cast<size_t>(size));
  return content;
}

void Collect(int parent, const char* name, const std::string& path, TreeFacts* facts) {
  struct stat status = {};
  if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0) Die(path);
  FileFacts found = {status.st_ino,
                     status.st_mode,
                     status.st_uid,
                     S_ISDIR(status.st_mode) ? 0 : status.st_size,
                     0,
                     Content(parent, name, status)};
  found.modified = status.st_mtim.tv_sec * INT64_C(1000000000) + status.st_mtim.tv_nsec;
  facts->emplace(path, std::move(found));
  if (!S_ISDIR(status.st_mode)) return;
  const int directory = openat(parent, name, kOpenFlags | O_DIRECTORY);
  DIR* const stream = fdopendir(directory);
  if (stream == nullptr) Die(path);
  while (const dirent* entry = readdir(stream)) {
    const std::string child = entry->d_name;
    if (child == "." || child == "..") continue;
    Collect(directory, child.c_str(), path.empty() ? child : absl::StrCat(path, "/", child), facts);
  }
  closedir(stream);
}

}  // namespace

bool FileFacts::operator==(const FileFacts& other) const {
  return SameFile(other) && modified == other.modified;
}

bool FileFacts::SameFile(const FileFacts& other) const {
  return std::tie(inode, mode, owner, size, content) ==
             std::tie(other.inode, other.mode, other.owner, other.size, other.content) &&
         (S_ISDIR(mode) || modified == other.modified);
}

TreeFacts FactsOf(const std::string& path) {
  TreeFacts facts;
  Collect(AT_FDCWD, path.c_str(), "", &facts);
  return facts;
}

std::string Difference(const TreeFacts& expected, const TreeFacts& found) {
  std::vector<std::string> lines;
  for (const auto& [path, facts] : expected) {
    const auto other = found.find(path);
    if (other == found.end()) {
      lines.push_back(absl::StrCat("  gone: '", absl::CHexEscape(path), "'\n"));
    } else if (other->second != facts) {
      lines.push_back(absl::StrCat("  changed: '", absl::CHexEscape(path), "'\n"));
    }
  }
  for (const auto& [path, facts] : found) {
    if (expected.count(path) == 0) {
      lines.push_back(absl::StrCat("  new: '", absl::CHexEscape(path), "'\n"));
    }
  }
  std::string text;
  for (size_t i = 0; i < lines.size() && i < 10; ++i) text += lines[i];
  return text;
}

}  // namespace mysql_backup

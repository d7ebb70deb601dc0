#include "verifier/manifest_check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/checksum.h"
#include "base/directory.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

using EntryKind = ManifestEntry::Kind;

absl::string_view Name(EntryKind kind) {
  switch (kind) {
    case EntryKind::kDirectory:
      return "a directory";
    case EntryKind::kFile:
      return "a file";
    case EntryKind::kLink:
      return "a symbolic link";
  }
  return "";
}

class Checker {
 public:
  Checker(const std::string& path, const Manifest& manifest,
          const std::function<absl::Status(const Difference&)>& on_difference)
      : path_(path), on_difference_(on_difference) {
    for (const ManifestEntry& entry : manifest.entries) expected_.emplace(entry.path, &entry);
  }

  // `prefix` is the directory's own path with a slash behind, empty for the top.
  absl::Status CheckDirectory(int directory, const std::string& prefix) {
    const absl::StatusOr<std::vector<std::string>> names = ListDirectory(directory);
    if (!names.ok()) return ReportIfLost(names.status(), prefix);
    for (const std::string& name : *names) {
      RETURN_IF_ERROR(CheckInterrupt());
      if (prefix.empty() && name == kManifestName) continue;
      RETURN_IF_ERROR(CheckEntry(directory, name, prefix + name));
    }
    return absl::OkStatus();
  }

  // Whatever the manifest has, and the walk has not come to.
  absl::Status CheckMissing(const Manifest& manifest) {
    for (const ManifestEntry& entry : manifest.entries) {
      if (expected_.count(entry.path) == 0) continue;
      RETURN_IF_ERROR(Report(Difference::Kind::kMissing, entry.path,
                             absl::StrCat("there is no such ", Name(entry.kind).substr(2))));
    }
    return absl::OkStatus();
  }

  const ManifestCheck& result() const { return result_; }

 private:
  absl::Status Report(Difference::Kind kind, const std::string& path, std::string what) {
    ++result_.differences;
    return on_difference_({kind, path, std::move(what)});
  }

  // `status` is an error about `path`: a difference where the disk has lost it, otherwise one of
  // this check.
  absl::Status ReportIfLost(const absl::Status& status, const std::string& path) {
    if (!absl::IsDataLoss(status)) return status;
    return Report(Difference::Kind::kChanged, path, std::string(status.message()));
  }

  // For a system call that failed just now.
  absl::Status ReportErrno(absl::string_view what, const std::string& path) {
    return ReportIfLost(ErrnoError(absl::StrCat(what, " ", path_, "/", OneLine(path))), path);
  }

  absl::Status CheckEntry(int directory, const std::string& name, const std::string& path) {
    const auto found = expected_.find(path);
    const ManifestEntry* const entry = found == expected_.end() ? nullptr : found->second;
    if (entry != nullptr) expected_.erase(found);
    struct stat facts = {};
    if (fstatat(directory, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) {
      return ReportErrno("look at", path);
    }
    if (entry == nullptr) {
      RETURN_IF_ERROR(Report(Difference::Kind::kAdded, path, "it was not in the backup"));
      return S_ISDIR(facts.st_mode) ? CheckSubdirectory(directory, name, path) : absl::OkStatus();
    }
    const bool right = S_ISDIR(facts.st_mode) ? entry->kind == EntryKind::kDirectory
                       : S_ISREG(facts.st_mode)
                           ? entry->kind == EntryKind::kFile
                           : S_ISLNK(facts.st_mode) && entry->kind == EntryKind::kLink;
    if (!right) {
      return Report(Difference::Kind::kChanged, path,
                    absl::StrCat("it is not ", Name(entry->kind), " any more"));
    }
    if (entry->kind == EntryKind::kDirectory) return CheckSubdirectory(directory, name, path);
    if (static_cast<uint64_t>(facts.st_size) != entry->bytes) {
      return Report(Difference::Kind::kChanged, path,
                    absl::StrCat("its length is ", facts.st_size, " bytes, not ", entry->bytes));
    }
    return entry->kind == EntryKind::kLink ? CheckLink(directory, name, *entry)
                                           : CheckFile(directory, name, *entry);
  }

  absl::Status CheckSubdirectory(int directory, const std::string& name, const std::string& path) {
    const UniqueFd subdirectory(
        openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!subdirectory.ok()) return ReportErrno("open directory", path);
    return CheckDirectory(subdirectory.get(), path + "/");
  }

  absl::Status CheckLink(int directory, const std::string& name, const ManifestEntry& entry) {
    char target[PATH_MAX];
    const ssize_t size = readlinkat(directory, name.c_str(), target, sizeof target);
    if (size < 0) return ReportErrno("read link", entry.path);
    return Compare(ChecksumOf(absl::string_view(target, static_cast<size_t>(size))), entry);
  }

  absl::Status CheckFile(int directory, const std::string& name, const ManifestEntry& entry) {
    const UniqueFd file(openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file.ok()) return ReportErrno("open", entry.path);
    const absl::StatusOr<std::string> checksum =
        ChecksumOfFile(file.get(), absl::StrCat(path_, "/", OneLine(entry.path)));
    if (!checksum.ok()) return ReportIfLost(checksum.status(), entry.path);
    result_.bytes += entry.bytes;
    return Compare(*checksum, entry);
  }

  absl::Status Compare(const std::string& checksum, const ManifestEntry& entry) {
    if (checksum == entry.checksum) return absl::OkStatus();
    return Report(Difference::Kind::kChanged, entry.path,
                  absl::StrCat("its checksum is ", checksum, ", not ", entry.checksum));
  }

  const std::string& path_;
  const std::function<absl::Status(const Difference&)>& on_difference_;
  std::unordered_map<absl::string_view, const ManifestEntry*, absl::Hash<absl::string_view>>
      expected_;
  ManifestCheck result_;
};

}  // namespace

absl::StatusOr<ManifestCheck> CheckManifest(
    int backup, const std::string& path, const Manifest& manifest,
    const std::function<absl::Status(const Difference&)>& on_difference) {
  Checker checker(path, manifest, on_difference);
  RETURN_IF_ERROR(checker.CheckDirectory(backup, ""));
  RETURN_IF_ERROR(checker.CheckMissing(manifest));
  return checker.result();
}

}  // namespace mysql_backup

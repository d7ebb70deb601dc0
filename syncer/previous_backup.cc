#include "syncer/previous_backup.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "base/checksum.h"
#include "base/directory.h"
#include "base/log.h"
#include "base/manifest_parser.h"
#include "base/open_backup.h"
#include "base/published.h"
#include "base/status.h"
#include "base/verdict.h"

namespace mysql_backup {
namespace {

// A filesystem may count times in seconds (ext4 with small inodes), and its clock may lag behind
// the one that the run's beginning was read from.
constexpr absl::Duration kGranularity = absl::Seconds(2);

uint64_t Hash(absl::string_view text) { return absl::Uint128Low64(SeededHash(text, 0)); }

// The line that begins at `offset`, without its line feed.
absl::StatusOr<std::string> ReadLine(int fd, uint64_t offset, const std::string& path) {
  std::string line;
  char buffer[512];
  while (true) {
    const ssize_t size = pread(fd, buffer, sizeof buffer, static_cast<off_t>(offset + line.size()));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return ErrnoError(absl::StrCat("read ", path));
    if (size == 0) return absl::DataLossError(absl::StrCat(path, " has become shorter"));
    const absl::string_view piece(buffer, static_cast<size_t>(size));
    const size_t end = piece.find('\n');
    absl::StrAppend(&line, piece.substr(0, end));
    if (end != absl::string_view::npos) return line;
  }
}

// Whether one of the backups was found to be bad after `since`: a newer one may share what is
// wrong.
bool AnyFoundBadSince(int root, const std::vector<std::string>& names, absl::Time since) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    const auto verdict = FindVerdict(root, name);
    // Where the system does not let us look, it may be.
    return !verdict.ok() || (verdict->has_value() && !(*verdict)->good && (*verdict)->time > since);
  });
}

}  // namespace

void PreviousBackup::FileIndex::Add(const ManifestEntry& entry, uint64_t offset) {
  if (entry.kind != ManifestEntry::Kind::kFile) return;
  lines.push_back({Hash(entry.path), offset});
  many_checksums.push_back(Hash(entry.checksum));
}

void PreviousBackup::FileIndex::Finish() {
  std::sort(lines.begin(), lines.end(),
            [](const Line& a, const Line& b) { return a.path_hash < b.path_hash; });
  std::vector<uint64_t> all = std::exchange(many_checksums, {});
  std::sort(all.begin(), all.end());
  for (size_t i = 1; i < all.size(); ++i) {
    if (all[i] == all[i - 1]) many_checksums.push_back(all[i]);
  }
}

absl::StatusOr<absl::optional<PreviousBackup>> PreviousBackup::FindNewest(
    int root, const std::string& root_path) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, ListPublished(root));
  bool passed_over = false;
  for (; !names.empty(); names.pop_back()) {
    absl::StatusOr<PreviousBackup> backup = Open(absl::StrCat(root_path, "/", names.back()));
    if (backup.ok()) {
      names.pop_back();
      if (!passed_over) passed_over = AnyFoundBadSince(root, names, backup->started_);
      if (passed_over) backup->started_ = absl::InfinitePast();
      LOG(INFO) << "unchanged files are shared with " << backup->path_
                << (passed_over ? ", when their content is the same" : "");
      return absl::optional<PreviousBackup>(*std::move(backup));
    }
    LOG(WARNING) << "no files are shared with " << root_path << "/" << names.back() << ": "
                 << backup.status().message();
    passed_over = true;
  }
  return absl::nullopt;
}

absl::StatusOr<PreviousBackup> PreviousBackup::Open(std::string path) {
  ASSIGN_OR_RETURN(UniqueFd directory, OpenBackup(path));
  ASSIGN_OR_RETURN(const Manifest manifest, ReadManifestRecords(directory.get(), path));
  ASSIGN_OR_RETURN(const absl::optional<Verdict> verdict,
                   ReadVerdict(directory.get(), path, manifest));
  if (verdict.has_value() && !verdict->good) {
    return absl::FailedPreconditionError("its verification found it to be bad");
  }
  ASSIGN_OR_RETURN(UniqueFd file, OpenManifest(directory.get(), path));
  FileIndex index;
  const auto add = [&index](const ManifestEntry& entry, uint64_t offset) {
    index.Add(entry, offset);
  };
  RETURN_IF_ERROR(ScanManifest(file.get(), path, add).status());
  index.Finish();
  // The snapshot is younger than the run's beginning. A backup that was published by hand may not
  // tell: then any of its files may have been changed since.
  absl::Time started = absl::InfinitePast();
  if (!absl::ParseTime(absl::RFC3339_full, manifest.Get("run", "started"), &started, nullptr)) {
    started = absl::InfinitePast();
  }
  return PreviousBackup(std::move(path), std::move(directory), std::move(file), std::move(index),
                        started);
}

bool PreviousBackup::MayDifferUnseen(const struct stat& facts) const {
  // A program can set the time of modification back (cp -p, rsync, touch), but not that of the
  // inode's last change.
  const absl::Time changed =
      std::max(absl::TimeFromTimespec(facts.st_mtim), absl::TimeFromTimespec(facts.st_ctim));
  return changed >= started_ - kGranularity;
}

absl::StatusOr<absl::optional<ManifestEntry>> PreviousBackup::FindFile(
    const std::string& path) const {
  const std::string manifest = absl::StrCat(path_, "/", kManifestName);
  const uint64_t hash = Hash(path);
  auto line = std::lower_bound(
      index_.lines.begin(), index_.lines.end(), hash,
      [](const FileIndex::Line& a, uint64_t wanted) { return a.path_hash < wanted; });
  for (; line != index_.lines.end() && line->path_hash == hash; ++line) {
    ASSIGN_OR_RETURN(const std::string text, ReadLine(manifest_.get(), line->offset, manifest));
    absl::optional<ManifestEntry> entry = ParseEntry(text);
    if (!entry.has_value()) {
      return absl::DataLossError(absl::StrCat(manifest, " is not what it was a moment ago"));
    }
    if (entry->path == path) return entry;
  }
  return absl::optional<ManifestEntry>();
}

bool PreviousBackup::MayHaveFurtherNames(const ManifestEntry& file) const {
  return std::binary_search(index_.many_checksums.begin(), index_.many_checksums.end(),
                            Hash(file.checksum));
}

absl::Status PreviousBackup::Clone(const std::string& path, int destination) const {
  const UniqueFd from(openat(directory_.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!from.ok()) {
    // It was removed, or replaced by a link, since the manifest was written.
    if (errno == ENOENT || errno == ELOOP || errno == ENOTDIR) return absl::OkStatus();
    return ErrnoError(absl::StrCat("open ", path_, "/", OneLine(path)));
  }
  struct stat facts = {};
  if (fstat(from.get(), &facts) != 0) {
    return ErrnoError(absl::StrCat("look at ", path_, "/", OneLine(path)));
  }
  if (!S_ISREG(facts.st_mode)) return absl::OkStatus();
  const UniqueFd to(openat(destination, path.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!to.ok()) return ErrnoError(absl::StrCat("make ", OneLine(path), " in the copy"));
  if (ioctl(to.get(), FICLONE, from.get()) != 0) {
    const int error = errno;
    unlinkat(destination, path.c_str(), 0);
    if (error == EOPNOTSUPP) return absl::UnimplementedError("this filesystem cannot clone files");
    // Another filesystem, or btrfs where one of the two has no checksums (chattr +C).
    if (error == EXDEV || error == EINVAL) return absl::OkStatus();
    return ErrnoError(absl::StrCat("clone ", path_, "/", OneLine(path)), error);
  }
  const timespec times[2] = {facts.st_atim, facts.st_mtim};
  if (futimens(to.get(), times) != 0) {
    return ErrnoError(absl::StrCat("set the time of ", OneLine(path), " in the copy"));
  }
  return absl::OkStatus();
}

}  // namespace mysql_backup

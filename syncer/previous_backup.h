// The backup before a new one, as far as the new one can share its files.

#ifndef MYSQL_BACKUP_SYNCER_PREVIOUS_BACKUP_H_
#define MYSQL_BACKUP_SYNCER_PREVIOUS_BACKUP_H_

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/manifest.h"
#include "base/unique_fd.h"

namespace mysql_backup {

// Movable. Thread-safe once it has been made.
class PreviousBackup {
 public:
  // Finds the newest published backup in the root open at `root` that has a manifest and was not
  // found to be bad; nullopt where there is none. Where a newer one was passed over, or an older
  // one was found to be bad since this one began, all files of this one may differ unseen: it may
  // share what is wrong with that. It stays for as long as the object does (see OpenBackup). Says
  // in the log which it is, or what is wrong with the ones that were passed over.
  static absl::StatusOr<absl::optional<PreviousBackup>> FindNewest(int root,
                                                                   const std::string& root_path);

  const std::string& path() const { return path_; }

  // Whether a file, as lstat(2) has it, may differ from the one in this backup although both have
  // the same length and time of modification: it was changed in any way within a clock's
  // granularity of that backup's snapshot, or later. Such a file has to be compared by its content.
  bool MayDifferUnseen(const struct stat& facts) const;

  // Returns what the manifest says of the file of this path; nullopt where it has none: what else
  // is found there may lie behind a link. An error when that part of it cannot be read again.
  absl::StatusOr<absl::optional<ManifestEntry>> FindFile(const std::string& path) const;

  // Whether that file may have further names in this backup: the manifest does not tell of them,
  // but they have the same checksum.
  bool MayHaveFurtherNames(const ManifestEntry& file) const;

  // Makes `path` below the directory open at `destination` a clone of the file of that path, of the
  // same time: both share their blocks until one of them is written to. Does nothing where this
  // backup has no such file, or where this one cannot be cloned. Unimplemented where the filesystem
  // can clone none.
  absl::Status Clone(const std::string& path, int destination) const;

 private:
  // Where in the manifest its files are: 16 bytes of each are kept, not what it says of them.
  struct FileIndex {
    struct Line {
      uint64_t path_hash;  // two paths may have the same
      uint64_t offset;     // in bytes
    };
    std::vector<Line> lines;               // sorted by hash
    std::vector<uint64_t> many_checksums;  // hashes of those that several files have; sorted

    void Add(const ManifestEntry& entry, uint64_t offset);
    void Finish();
  };

  PreviousBackup(std::string path, UniqueFd directory, UniqueFd manifest, FileIndex index,
                 absl::Time started)
      : path_(std::move(path)),
        directory_(std::move(directory)),
        manifest_(std::move(manifest)),
        index_(std::move(index)),
        started_(started) {}
  static absl::StatusOr<PreviousBackup> Open(std::string path);

  std::string path_;
  UniqueFd directory_;
  UniqueFd manifest_;
  FileIndex index_;
  absl::Time started_;
};

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_PREVIOUS_BACKUP_H_

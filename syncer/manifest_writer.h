// A copy's manifest (base/manifest.h), written in two parts: its entries, as rsync tells them, and
// once the copy is proven what the run knows.

#ifndef MYSQL_BACKUP_SYNCER_MANIFEST_WRITER_H_
#define MYSQL_BACKUP_SYNCER_MANIFEST_WRITER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/manifest.h"
#include "base/unique_fd.h"

namespace mysql_backup {

// Keeps next to nothing in memory, whatever the number of files. Movable, not thread-safe.
class ManifestWriter {
 public:
  // Makes the manifest in the copy that is open at `copy`, not owned, which has none yet. `path`,
  // the copy's, is for errors.
  static absl::StatusOr<ManifestWriter> Create(int copy, std::string path);

  // Takes the next entry. An error is told by Finish().
  void Add(ManifestEntry entry);

  // Adds the checksums that rsync has not computed, those of links, and writes what is left. The
  // manifest is not yet complete, nor on disk for sure: that is publish_backup's work.
  absl::Status Finish();

 private:
  ManifestWriter(int copy, std::string path, UniqueFd manifest)
      : copy_(copy), path_(std::move(path)), manifest_(std::move(manifest)) {}
  absl::Status Flush();

  int copy_;
  std::string path_;
  UniqueFd manifest_;
  std::string buffer_;
  std::vector<ManifestEntry> without_checksum_;
  absl::Status status_;
};

// Adds `records`, lines of that form, and the last line to the manifest in the copy that is open at
// `copy`. One that is complete already stays as it is, and its records with it. FailedPrecondition
// where there is none or one without entries: then it is not known what belongs to the copy.
absl::Status CompleteManifest(int copy, const std::string& path, absl::string_view records);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_MANIFEST_WRITER_H_

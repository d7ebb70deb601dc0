#include "syncer/manifest_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/manifest_parser.h"
#include "base/status.h"
#include "syncer/entry_checksum.h"

namespace mysql_backup {
namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;

}  // namespace

absl::StatusOr<ManifestWriter> ManifestWriter::Create(int copy, std::string path) {
  UniqueFd manifest(
      openat(copy, kManifestName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!manifest.ok()) return ErrnoError(absl::StrCat("make ", path, "/", kManifestName));
  ManifestWriter writer(copy, std::move(path), std::move(manifest));
  writer.buffer_ = kManifestHead;
  return writer;
}

void ManifestWriter::Add(ManifestEntry entry) {
  if (entry.checksum.empty() && entry.kind != ManifestEntry::Kind::kDirectory) {
    without_checksum_.push_back(std::move(entry));
    return;
  }
  buffer_ += FormatEntry(entry);
  if (buffer_.size() >= kBufferBytes) status_.Update(Flush());
}

absl::Status ManifestWriter::Finish() {
  for (ManifestEntry& entry : without_checksum_) {
    ASSIGN_OR_RETURN(entry.checksum, EntryChecksum(copy_, path_, entry));
    buffer_ += FormatEntry(entry);
  }
  status_.Update(Flush());
  return status_;
}

absl::Status ManifestWriter::Flush() {
  RETURN_IF_ERROR(WriteAll(manifest_.get(), buffer_, absl::StrCat(path_, "/", kManifestName)));
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status CompleteManifest(int copy, const std::string& path, absl::string_view records) {
  const absl::StatusOr<UniqueFd> written = OpenManifest(copy, path);
  if (absl::IsNotFound(written.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat("refused to publish ", path, ": it has no ", kManifestName,
                     ", so it is not known what belongs to it; was it made by sync_tree?"));
  }
  RETURN_IF_ERROR(written.status());
  ManifestParser begun;
  RETURN_IF_ERROR(FeedManifest(written->get(), path, &begun));
  const bool is_whole = begun.ended();
  absl::Status wrong;
  std::string rest;
  if (is_whole) {
    wrong = begun.Finish().status();
  } else {
    auto completed = begun.Complete(records);
    wrong = completed.status();
    if (completed.ok()) rest = *std::move(completed);
  }
  if (!wrong.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot complete ", path, "/", kManifestName, ": ", wrong.message()));
  }
  if (begun.entries() == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("refused to publish ", path, ": by its ", kManifestName, " it is empty"));
  }
  if (is_whole) return absl::OkStatus();
  const UniqueFd manifest(
      openat(copy, kManifestName, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
  if (!manifest.ok()) return ErrnoError(absl::StrCat("open ", path, "/", kManifestName));
  return WriteAll(manifest.get(), rest, absl::StrCat(path, "/", kManifestName));
}

}  // namespace mysql_backup

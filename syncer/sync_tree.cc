#include "syncer/sync_tree.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "base/backup_name.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/tool.h"
#include "syncer/manifest_writer.h"
#include "syncer/previous_backup.h"

namespace mysql_backup {
namespace {

std::string LastPart(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

absl::Status CheckNotEmpty(int source, const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(source));
  for (const std::string& name : names) {
    if (name != "lost+found") return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("refused to copy ", path,
                   ": it is empty, which no datadir is; is the snapshot "
                   "mounted, and is the datadir at this place in it?"));
}

// A file of the manifest's name is left out of the copy, which gets one of its own. No server makes
// a directory of that name.
absl::Status CheckNoManifestDirectory(int source, const std::string& path) {
  ASSIGN_OR_RETURN(const Entry entry, LookUp(source, kManifestName));
  if (entry != Entry::kDirectory) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "refused to copy ", path, ": it contains a directory named ", kManifestName,
      ", where the copy gets its manifest; no database has such a name: move it away"));
}

// The path must still lead to the directory that was opened.
absl::Status CheckStillThere(int source, const std::string& path) {
  struct stat held = {};
  struct stat found = {};
  if (fstat(source, &held) != 0 || lstat(path.c_str(), &found) != 0) {
    return Annotate(ErrnoError(absl::StrCat("find ", path, " again after the copy")),
                    "; the copy is void: was the snapshot unmounted?");
  }
  if (held.st_dev != found.st_dev || held.st_ino != found.st_ino) {
    return absl::DataLossError(absl::StrCat(
        path,
        " is not the directory any more that it was before the copy, so the copy "
        "is void: was the snapshot unmounted? See whether it overflowed (lvs), and the "
        "log of dmeventd"));
  }
  return absl::OkStatus();
}

absl::StatusOr<TreeTotals> Copy(const SyncTreeOptions& options, int source, int parent,
                                const std::string& name) {
  ASSIGN_OR_RETURN(const UniqueFd copy, OpenDirectoryAt(parent, name));
  ASSIGN_OR_RETURN(ManifestWriter manifest,
                   ManifestWriter::Create(copy.get(), options.destination));
  CopyTask task;
  task.source = {source, options.source};
  task.destination = {copy.get(), options.destination};
  task.on_entry = [&manifest](ManifestEntry entry) { manifest.Add(std::move(entry)); };
  absl::optional<PreviousBackup> previous;
  if (options.reuse != Reuse::kNone) {
    ASSIGN_OR_RETURN(previous, PreviousBackup::FindNewest(parent, ParentOf(options.destination)));
  }
  if (previous.has_value()) {
    task.reuse = options.reuse;
    task.previous = &*previous;
  }
  ASSIGN_OR_RETURN(const TreeTotals totals, CopyContents(options.copy, task));
  const absl::Status attributes =
      CopyDirectoryAttributes(options.copy, task.source, task.destination);
  // A source that is gone is why the attributes could not be copied, and the better reason.
  RETURN_IF_ERROR(CheckStillThere(source, options.source));
  RETURN_IF_ERROR(attributes);
  RETURN_IF_ERROR(manifest.Finish());
  return totals;
}

}  // namespace

absl::Status CheckSyncTreeOptions(const SyncTreeOptions& options) {
  RETURN_IF_ERROR(CheckPathFlag("source", options.source));
  RETURN_IF_ERROR(CheckPathFlag("destination", options.destination));
  if (!ParsePartialName(LastPart(options.destination)).has_value()) {
    return UsageError(absl::StrCat("--destination='", options.destination,
                                   "' does not end in /.backup_YYYYMMDD_HHMMSS.partial"));
  }
  if (absl::StartsWith(options.destination,
                       absl::StrCat(absl::StripSuffix(options.source, "/"), "/"))) {
    return UsageError(absl::StrCat("--destination='", options.destination,
                                   "' lies within --source='", options.source, "'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<TreeTotals> SyncTree(const SyncTreeOptions& options) {
  ASSIGN_OR_RETURN(const UniqueFd source, OpenDirectory(options.source));
  RETURN_IF_ERROR(CheckNotEmpty(source.get(), options.source));
  RETURN_IF_ERROR(CheckNoManifestDirectory(source.get(), options.source));
  ASSIGN_OR_RETURN(const UniqueFd parent, OpenDirectory(ParentOf(options.destination)));
  const std::string name = LastPart(options.destination);
  if (mkdirat(parent.get(), name.c_str(), 0700) != 0) {
    const bool exists = errno == EEXIST;
    return Annotate(ErrnoError(absl::StrCat("make directory ", options.destination)),
                    exists ? "; if an earlier run left it, remove_leftovers removes it" : "");
  }
  absl::StatusOr<TreeTotals> totals = Copy(options, source.get(), parent.get(), name);
  if (totals.ok() || options.keep_failed) return totals;
  const absl::Status removed = RemoveTreeAt(parent.get(), name, OnInterrupt::kFinish);
  if (removed.ok()) return totals;
  return LeftBehindError(absl::StrCat(totals.status().message(), "; and ", options.destination,
                                      " is left behind: ", removed.message(),
                                      "; remove_leftovers removes it"));
}

}  // namespace mysql_backup

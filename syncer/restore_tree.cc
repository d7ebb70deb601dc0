#include "syncer/restore_tree.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "base/directory.h"
#include "base/disk_use.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/manifest.h"
#include "base/open_backup.h"
#include "base/status.h"
#include "base/tool.h"
#include "base/unique_fd.h"
#include "base/verdict.h"
#include "syncer/check_room.h"
#include "syncer/copy_tree.h"
#include "syncer/entry_checksum.h"
#include "syncer/restore_target.h"

namespace mysql_backup {
namespace {

// A MySQL server makes a new one, and with it a new UUID, where it finds none.
constexpr char kIdentity[] = "auto.cnf";

// Whether something at the top of a backup is not for the restored server, apart from what is left
// out of every copy.
bool IsNotForTarget(const std::string& name, const RestoreTreeOptions& options) {
  return name == kIdentity && !options.keep_identity;
}

// Compares what comes with what should come.
class Proof {
 public:
  // The manifest must outlive the object.
  Proof(const Manifest& manifest, const RestoreTreeOptions& options) {
    for (const ManifestEntry& entry : manifest.entries) {
      if (!IsNotForTarget(entry.path, options)) expected_.emplace(entry.path, &entry);
    }
  }

  void Add(const ManifestEntry& entry) {
    const auto found = expected_.find(entry.path);
    if (found == expected_.end()) return Wrong(entry.path, "was added");
    const ManifestEntry& expected = *found->second;
    expected_.erase(found);
    if (entry.checksum.empty() && expected.kind != ManifestEntry::Kind::kDirectory) {
      // Of links; see EntryChecksum().
      if (entry.kind != expected.kind || entry.bytes != expected.bytes) {
        return Wrong(entry.path, "was changed");
      }
      without_checksum_.push_back(&expected);
    } else if (!(entry == expected)) {
      Wrong(entry.path, "was changed");
    }
  }

  // NoError unless all that the manifest has came, and came as it was.
  absl::Status Finish(int target, const RestoreTreeOptions& options) {
    for (const ManifestEntry* const entry : without_checksum_) {
      ASSIGN_OR_RETURN(const std::string checksum, EntryChecksum(target, options.target, *entry));
      if (checksum != entry->checksum) Wrong(entry->path, "was changed");
    }
    for (const auto& [path, entry] : expected_) Wrong(path, "is missing");
    if (wrong_ == 0) return absl::OkStatus();
    return NoError(absl::StrCat(
        options.backup, " is not what it was when it was made: ", first_,
        wrong_ > 1 ? absl::StrCat(" (and ", wrong_ - 1, " more, see the lines above)") : "", "; ",
        options.target,
        " is unfinished, do not use it: restore another backup (list_backups), or remove the "
        "manifest from a copy of this one to restore what is left of it"));
  }

 private:
  void Wrong(const std::string& path, const char* what) {
    LOG(ERROR) << OneLine(path) << " " << what << " since the backup was made";
    if (++wrong_ == 1) first_ = absl::StrCat(OneLine(path), " ", what);
  }

  std::map<std::string, const ManifestEntry*> expected_;
  std::vector<const ManifestEntry*> without_checksum_;
  size_t wrong_ = 0;
  std::string first_;
};

absl::Status CheckRoomFor(int backup, const RestoreTreeOptions& options) {
  ASSIGN_OR_RETURN(const DiskUse use, MeasureTree(backup, options.backup));
  ASSIGN_OR_RETURN(Room room, FindRoom(options.target));
  const absl::StatusOr<UniqueFd> target = OpenDirectory(options.target);
  if (target.ok()) {
    // What an unfinished restore holds is removed before the copy.
    ASSIGN_OR_RETURN(const DiskUse unfinished, MeasureTree(target->get(), options.target));
    room.bytes += unfinished.blocks;
    room.inodes += unfinished.files;
  }
  absl::Status fits = CheckRoom(room, use.blocks, use.files, options.target);
  if (fits.ok()) return fits;
  // The exit code for "no" is that of a damaged backup here.
  return absl::ResourceExhaustedError(
      absl::StrCat(fits.message(), "; extend the filesystem there, or name another target"));
}

absl::StatusOr<UniqueFd> MakeRestoring(int target, const std::string& path) {
  if (mkdirat(target, kRestoringName, 0700) != 0) {
    return ErrnoError(absl::StrCat("make ", path, "/", kRestoringName));
  }
  return OpenDirectoryAt(target, kRestoringName);
}

// Owners are kept by number, and on another host that may be somebody else's.
void CheckOwner(const Tree& target) {
  constexpr char kUsual[] = "mysql";
  const passwd* const usual = getpwnam(kUsual);
  struct stat facts = {};
  if (usual == nullptr || fstat(target.directory, &facts) != 0 || facts.st_uid == usual->pw_uid) {
    return;
  }
  LOG(WARNING) << target.path << " belongs to user " << facts.st_uid << ", and " << kUsual << " is "
               << usual->pw_uid
               << " here: where that is the server's user, give it the files before "
               << "you start the server: chown -R " << kUsual << ": " << target.path;
}

// Only now, since the owner and mode of the top let a server in.
absl::Status Open(const RestoreTreeOptions& options, const Tree& source, const Tree& target) {
  RETURN_IF_ERROR(SyncTarget(target.directory, target.path));
  RETURN_IF_ERROR(CopyDirectoryAttributes(options.copy, source, target));
  // The verdict was on the backup, and not on what a server is about to make of it.
  fremovexattr(target.directory, kVerdictAttribute);
  CheckOwner(target);
  return absl::OkStatus();
}

// Into a target that has been made ready.
absl::StatusOr<RestoredTree> Restore(const RestoreTreeOptions& options, int backup,
                                     const absl::optional<Manifest>& manifest, int target) {
  absl::optional<Proof> proof;
  if (manifest.has_value()) proof.emplace(*manifest, options);
  CopyTask task;
  task.source = {backup, options.backup};
  task.destination = {target, options.target};
  UniqueFd restoring;
  if (options.unfinished) {
    ASSIGN_OR_RETURN(restoring, MakeRestoring(target, options.target));
    task.destination = {restoring.get(), absl::StrCat(options.target, "/", kRestoringName)};
  }
  task.leave_out = [&](const std::string& name) { return IsNotForTarget(name, options); };
  task.on_entry = [&](const ManifestEntry& entry) {
    if (proof.has_value()) proof->Add(entry);
  };
  ASSIGN_OR_RETURN(const TreeTotals totals, CopyContents(options.copy, task));
  if (proof.has_value()) RETURN_IF_ERROR(proof->Finish(task.destination.directory, options));
  if (options.unfinished) {
    RETURN_IF_ERROR(CopyDirectoryAttributes(options.copy, task.source, task.destination));
  } else {
    RETURN_IF_ERROR(Open(options, task.source, task.destination));
    RETURN_IF_ERROR(FinishTarget(target, options.target));
  }
  return RestoredTree{totals.bytes, totals.files, manifest.has_value()};
}

// Moves the files up from where they are, and opens the target.
absl::Status Complete(const RestoreTreeOptions& options, int target) {
  const std::string path = absl::StrCat(options.target, "/", kRestoringName);
  ASSIGN_OR_RETURN(const UniqueFd restoring, OpenDirectoryAt(target, kRestoringName));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(restoring.get()));
  for (const std::string& name : names) {
    if (renameat(restoring.get(), name.c_str(), target, name.c_str()) != 0) {
      return ErrnoError(absl::StrCat("move ", path, "/", OneLine(name), " up"));
    }
  }
  RETURN_IF_ERROR(Open(options, {restoring.get(), path}, {target, options.target}));
  if (unlinkat(target, kRestoringName, AT_REMOVEDIR) != 0) {
    return ErrnoError(absl::StrCat("remove ", path));
  }
  return FinishTarget(target, options.target);
}

}  // namespace

absl::Status CheckRestoreTreeOptions(const RestoreTreeOptions& options) {
  RETURN_IF_ERROR(CheckPathFlag("backup", options.backup));
  RETURN_IF_ERROR(CheckPathFlag("target", options.target));
  const std::string backup = absl::StrCat(absl::StripSuffix(options.backup, "/"), "/");
  const std::string target = absl::StrCat(absl::StripSuffix(options.target, "/"), "/");
  if (absl::StartsWith(target, backup) || absl::StartsWith(backup, target)) {
    return UsageError(absl::StrCat("--target='", options.target, "' and --backup='", options.backup,
                                   "' lie one within the other"));
  }
  return absl::OkStatus();
}

absl::StatusOr<RestoredTree> RestoreTree(const RestoreTreeOptions& options) {
  ASSIGN_OR_RETURN(const UniqueFd backup, OpenBackup(options.backup));
  absl::optional<Manifest> manifest;
  absl::StatusOr<Manifest> read = ReadManifest(backup.get(), options.backup);
  if (read.ok()) {
    manifest = *std::move(read);
  } else if (absl::IsNotFound(read.status())) {
    LOG(WARNING) << read.status().message() << ": what is restored cannot be compared with it";
  } else if (absl::IsDataLoss(read.status())) {
    return NoError(read.status().message());
  } else {
    return read.status();
  }
  RETURN_IF_ERROR(CheckTarget(options.target));
  RETURN_IF_ERROR(CheckRoomFor(backup.get(), options));
  if (options.dry_run) return RestoredTree{0, 0, manifest.has_value()};
  ASSIGN_OR_RETURN(const UniqueFd target, PrepareTarget(options.target, options.backup));
  absl::StatusOr<RestoredTree> restored = Restore(options, backup.get(), manifest, target.get());
  if (!restored.ok()) CloseTarget(target.get(), options.target);
  if (restored.ok() || ExitCodeOf(restored.status()) != ExitCode::kFailed) return restored;
  return LeftBehindError(absl::StrCat(restored.status().message(), "; ", options.target,
                                      " is left unfinished; restore again, it begins anew"));
}

absl::Status CompleteRestore(const RestoreTreeOptions& options) {
  ASSIGN_OR_RETURN(const UniqueFd target, OpenDirectory(options.target));
  RETURN_IF_ERROR(CheckRestoring(target.get(), options.target));
  absl::Status status = Complete(options, target.get());
  if (!status.ok()) CloseTarget(target.get(), options.target);
  return status;
}

}  // namespace mysql_backup

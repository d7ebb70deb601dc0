#include "retention/backup_root.h"

#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "base/backup_name.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/published.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

// The directory in which scratch_server works on a backup.
constexpr absl::string_view kScratch = ".verify";

std::string DeletingNameOf(const std::string& name) { return DeletingName(*ParseBackupName(name)); }

absl::Status NotADirectory(const std::string& name) {
  return absl::FailedPreconditionError(absl::StrCat(
      "cannot remove ", name, ": it is not a directory, so it is not ours; look at it yourself"));
}

// Locks a directory against all others until it is closed: scratch_server keeps a backup that it
// verifies locked, shared, and its own directory exclusively. Unavailable when it is in use.
absl::StatusOr<UniqueFd> LockUnused(int root, const std::string& name) {
  ASSIGN_OR_RETURN(UniqueFd directory, OpenDirectoryAt(root, name));
  if (flock(directory.get(), LOCK_EX | LOCK_NB) == 0) return directory;
  if (errno == EWOULDBLOCK) return absl::UnavailableError("a verification is using it");
  return ErrnoError(absl::StrCat("lock ", name));
}

// Takes `name` away, unless that is Unavailable since it is in use. Returns whether there was
// anything to take.
absl::StatusOr<bool> ExpireOne(int root, const std::string& root_path, const std::string& name) {
  const std::string deleting = DeletingNameOf(name);
  ASSIGN_OR_RETURN(const Entry published, LookUp(root, name));
  ASSIGN_OR_RETURN(const Entry left_by_crash, LookUp(root, deleting));
  if (published == Entry::kOther) return NotADirectory(name);
  if (left_by_crash == Entry::kDirectory) RETURN_IF_ERROR(RemoveTreeAt(root, deleting));
  if (published == Entry::kDirectory) {
    ASSIGN_OR_RETURN(const UniqueFd lock, LockUnused(root, name));
    RETURN_IF_ERROR(RenameNoReplace(root, name, deleting));
    // Were the rename lost in a power cut and the deletions not, a half-empty backup would bear a
    // published name.
    RETURN_IF_ERROR(SyncDirectory(root, root_path));
    RETURN_IF_ERROR(RemoveTreeAt(root, deleting));
  }
  return published == Entry::kDirectory || left_by_crash == Entry::kDirectory;
}

// The name under which `name` now lies in the root after its removal has failed.
std::string WhatIsLeft(int root, const std::string& name) {
  const absl::StatusOr<Entry> entry = LookUp(root, name);
  return entry.ok() && *entry == Entry::kNothing ? DeletingNameOf(name) : name;
}

absl::Status LeftBehind(const std::string& root_path, const std::vector<std::string>& left) {
  if (left.empty()) return absl::OkStatus();
  return LeftBehindError(absl::StrCat("could not remove everything below ", root_path,
                                      "; left: ", absl::StrJoin(left, " "),
                                      "; mend the cause given above, then do the same again"));
}

bool IsLeftover(const std::string& name) {
  return name == kScratch || ParsePartialName(name).has_value() ||
         ParseDeletingName(name).has_value();
}

// Unavailable for the directory of a verification that is alive.
absl::Status RemoveLeftover(int root, const std::string& name) {
  if (name != kScratch) return RemoveTreeAt(root, name);
  ASSIGN_OR_RETURN(const UniqueFd lock, LockUnused(root, name));
  return RemoveTreeAt(root, name);
}

}  // namespace

absl::Status ExpireBackups(const std::string& root_path, const std::vector<std::string>& names,
                           std::vector<std::string>* removed) {
  ASSIGN_OR_RETURN(const UniqueFd root, OpenDirectory(root_path));
  ASSIGN_OR_RETURN(const std::vector<std::string> published, ListPublished(root.get()));
  std::vector<std::string> kept;
  std::set_difference(published.begin(), published.end(), names.begin(), names.end(),
                      std::back_inserter(kept));
  if (kept.empty() && !published.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("refused to remove all ", published.size(), " backups below ", root_path,
                     ": the last one is never removed; nothing was touched"));
  }
  std::vector<std::string> left;
  for (const std::string& name : names) {
    const absl::Status interrupt = CheckInterrupt();
    const absl::StatusOr<bool> gone =
        interrupt.ok() ? ExpireOne(root.get(), root_path, name) : interrupt;
    if (absl::IsUnavailable(gone.status())) {
      LOG(WARNING) << root_path << "/" << name << " is left: " << gone.status().message()
                   << "; the next run will remove it";
    } else if (!gone.ok()) {
      LOG(ERROR) << name << ": " << OneLine(gone.status().message());
      left.push_back(WhatIsLeft(root.get(), name));
    } else if (*gone) {
      LOG(INFO) << "removed " << root_path << "/" << name;
      removed->push_back(name);
    } else {
      LOG(INFO) << root_path << "/" << name << " was gone already";
    }
  }
  return LeftBehind(root_path, left);
}

absl::Status RemoveLeftovers(const std::string& root_path, std::vector<std::string>* removed) {
  absl::StatusOr<UniqueFd> root = OpenDirectory(root_path);
  if (absl::IsNotFound(root.status())) return absl::OkStatus();
  RETURN_IF_ERROR(root.status());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(root->get()));
  std::vector<std::string> left;
  for (const std::string& name : names) {
    if (!IsLeftover(name)) continue;
    ASSIGN_OR_RETURN(const Entry entry, LookUp(root->get(), name));
    if (entry == Entry::kOther) {
      LOG(WARNING) << root_path << "/" << name << " is not a directory, so it is not ours: left";
      continue;
    }
    const absl::Status status = RemoveLeftover(root->get(), name);
    if (status.ok()) {
      LOG(INFO) << "removed " << root_path << "/" << name;
      removed->push_back(name);
    } else if (!absl::IsUnavailable(status)) {
      LOG(ERROR) << OneLine(status.message());
      left.push_back(name);
    }
  }
  return LeftBehind(root_path, left);
}

}  // namespace mysql_backup

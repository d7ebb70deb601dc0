#include "retention/backup_root.h"

#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/backup_name.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/published.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "base/verdict.h"

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
// verifies locked, shared, and its own directory exclusively. Nullopt when it is in use; no error
// of the system may be taken for that, since a directory in use is passed over.
absl::StatusOr<absl::optional<UniqueFd>> LockUnused(int root, const std::string& name) {
  ASSIGN_OR_RETURN(UniqueFd directory, OpenDirectoryAt(root, name));
  if (flock(directory.get(), LOCK_EX | LOCK_NB) == 0) return directory;
  if (errno == EWOULDBLOCK) return absl::nullopt;
  return ErrnoError(absl::StrCat("lock ", name));
}

// What became of something that was to be removed.
enum class Outcome { kRemoved, kWasGone, kInUse, kNotOurs, kStays };

// Takes `name` away unless it `stays`, and in any case what a crash left of an earlier attempt.
// `left` are the names under which something of it lies in the root; they matter when this fails.
absl::StatusOr<Outcome> ExpireOne(int root, const std::string& root_path, const std::string& name,
                                  bool stays, std::vector<std::string>* left) {
  const std::string deleting = DeletingNameOf(name);
  *left = {name};
  ASSIGN_OR_RETURN(const Entry published, LookUp(root, name));
  ASSIGN_OR_RETURN(const Entry left_by_crash, LookUp(root, deleting));
  if (published == Entry::kNothing) left->clear();
  if (left_by_crash == Entry::kDirectory) left->push_back(deleting);
  if (left->empty()) return Outcome::kWasGone;
  RETURN_IF_ERROR(CheckInterrupt());
  if (published == Entry::kOther) return NotADirectory(name);
  if (left_by_crash == Entry::kDirectory) {
    RETURN_IF_ERROR(RemoveTreeAt(root, deleting));
    left->pop_back();
  }
  if (published == Entry::kNothing) return Outcome::kRemoved;
  if (stays) return Outcome::kStays;
  ASSIGN_OR_RETURN(const absl::optional<UniqueFd> lock, LockUnused(root, name));
  if (!lock.has_value()) return Outcome::kInUse;
  RETURN_IF_ERROR(RenameNoReplace(root, name, deleting));
  *left = {deleting};
  // Were the rename lost in a power cut and the deletions not, a half-empty backup would bear a
  // published name.
  RETURN_IF_ERROR(SyncDirectory(root, root_path));
  RETURN_IF_ERROR(RemoveTreeAt(root, deleting));
  return Outcome::kRemoved;
}

// What is known of a backup from the last verification of it.
enum class Known { kGood, kBad, kNothing, kCannotTell };

Known WhatIsKnown(int root, const std::string& name) {
  const auto verdict = FindVerdict(root, name);
  if (!verdict.ok()) {
    LOG(WARNING) << "what a verification found of " << name
                 << " cannot be read: " << OneLine(verdict.status().message());
    return Known::kCannotTell;
  }
  if (!verdict->has_value()) return Known::kNothing;
  return (*verdict)->good ? Known::kGood : Known::kBad;
}

// Which of those that are to go have to stay, and whether that is for want of knowledge.
struct Staying {
  std::vector<std::string> names;
  bool cannot_tell = false;
};

// When some of `kept` are known to be bad, and none to be good, the newest of `going` that is known
// to be good stays; when all of them are bad, and there is none, the newest that is not bad. Where
// nothing can be told, one that is kept counts as bad, and one that is going stays besides.
Staying LastGood(int root, const std::vector<std::string>& kept,
                 const std::vector<std::string>& going) {
  Staying staying;
  if (going.empty()) return {};
  size_t bad = 0;
  for (auto name = kept.rbegin(); name != kept.rend(); ++name) {
    const Known known = WhatIsKnown(root, *name);
    if (known == Known::kGood) return {};
    if (known != Known::kNothing) ++bad;
    if (known == Known::kCannotTell) staying.cannot_tell = true;
  }
  if (bad == 0) return {};
  std::string not_bad;
  for (auto name = going.rbegin(); name != going.rend(); ++name) {
    const Known known = WhatIsKnown(root, *name);
    if (known == Known::kCannotTell) staying.cannot_tell = true;
    if (known == Known::kCannotTell || known == Known::kGood) staying.names.push_back(*name);
    if (known == Known::kGood) return staying;
    if (known == Known::kNothing && not_bad.empty()) not_bad = *name;
  }
  if (bad == kept.size() && !not_bad.empty()) staying.names.push_back(not_bad);
  return staying;
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

absl::StatusOr<Outcome> RemoveLeftover(int root, const std::string& name) {
  ASSIGN_OR_RETURN(const Entry entry, LookUp(root, name));
  if (entry == Entry::kNothing) return Outcome::kWasGone;
  if (entry == Entry::kOther) return Outcome::kNotOurs;
  absl::optional<UniqueFd> lock;
  if (name == kScratch) {
    ASSIGN_OR_RETURN(lock, LockUnused(root, name));
    if (!lock.has_value()) return Outcome::kInUse;
  }
  RETURN_IF_ERROR(RemoveTreeAt(root, name));
  return Outcome::kRemoved;
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
  std::vector<std::string> going;
  std::set_intersection(published.begin(), published.end(), names.begin(), names.end(),
                        std::back_inserter(going));
  const Staying staying = LastGood(root.get(), kept, going);
  std::vector<std::string> left;
  for (const std::string& name : names) {
    std::vector<std::string> left_of_this;
    const bool stays = absl::c_linear_search(staying.names, name);
    const absl::StatusOr<Outcome> outcome =
        ExpireOne(root.get(), root_path, name, stays, &left_of_this);
    if (!outcome.ok()) {
      LOG(ERROR) << name << ": " << OneLine(outcome.status().message());
      left.insert(left.end(), left_of_this.begin(), left_of_this.end());
    } else if (*outcome == Outcome::kStays) {
      LOG(WARNING)
          << root_path << "/" << name
          << " is left: none of those that stay is known to be good, and some are known to be bad"
          << (staying.cannot_tell ? ", or cannot be told" : "")
          << "; verify them (verify_restore.sh --backup=NAME)";
      if (staying.cannot_tell) left.push_back(name);
    } else if (*outcome == Outcome::kInUse) {
      LOG(WARNING) << root_path << "/" << name
                   << " is left: a verification is using it; the next run will remove it";
    } else if (*outcome == Outcome::kRemoved) {
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
    const absl::StatusOr<Outcome> outcome = RemoveLeftover(root->get(), name);
    if (!outcome.ok()) {
      LOG(ERROR) << OneLine(outcome.status().message());
      left.push_back(name);
    } else if (*outcome == Outcome::kNotOurs) {
      LOG(WARNING) << root_path << "/" << name << " is not a directory, so it is not ours: left";
    } else if (*outcome == Outcome::kRemoved) {
      LOG(INFO) << "removed " << root_path << "/" << name;
      removed->push_back(name);
    }
  }
  return LeftBehind(root_path, left);
}

}  // namespace mysql_backup

#include "syncer/restore_target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/file.h"
#include "base/holders.h"
#include "base/log.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

constexpr char kLostAndFound[] = "lost+found";

// What is in the target, apart from what a new filesystem contains.
absl::StatusOr<std::vector<std::string>> ListTarget(int target) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, ListDirectory(target));
  names.erase(std::remove(names.begin(), names.end(), kLostAndFound), names.end());
  return names;
}

bool IsUnfinished(const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), kUnfinishedName) != names.end();
}

absl::Status CheckNotInUse(int directory, const std::string& path) {
  struct stat facts = {};
  if (fstat(directory, &facts) != 0) return ErrnoError(absl::StrCat("look at ", path));
  const std::vector<std::string> processes = FindProcessesIn(facts.st_dev, facts.st_ino);
  if (processes.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("refused to restore into ", path,
                                                    ": in use by ", absl::StrJoin(processes, ", "),
                                                    "; stop the server, or name another target"));
}

bool IsClosed(const struct stat& facts) { return facts.st_uid == 0 && (facts.st_mode & 077) == 0; }

absl::Status CheckOpenTarget(int target, const std::string& path) {
  RETURN_IF_ERROR(CheckNotInUse(target, path));
  // A server that replays binary logs sees nothing but this.
  const absl::StatusOr<UniqueFd> restoring = OpenDirectoryAt(target, kRestoringName);
  if (restoring.ok()) RETURN_IF_ERROR(CheckNotInUse(restoring->get(), path));
  struct stat facts = {};
  if (fstat(target, &facts) != 0) return ErrnoError(absl::StrCat("look at ", path));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListTarget(target));
  if (IsUnfinished(names) && !IsClosed(facts)) {
    return absl::FailedPreconditionError(
        absl::StrCat("refused to restore into ", path, ": it has the file ", kUnfinishedName,
                     ", but others than root can enter it: that restore was complete but for its "
                     "last step, and a "
                     "server may have written there since. Remove that file to keep what is there; "
                     "or move all of "
                     "it away, do not delete it; or name another target"));
  }
  if (names.empty() || IsUnfinished(names)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("refused to restore into ", path, ": it is not empty (", OneLine(names[0]),
                   names.size() > 1 ? absl::StrCat(" and ", names.size() - 1, " more") : "",
                   "); move what is there away, do not delete it, or name another target"));
}

absl::Status Mark(int target, const std::string& path, const std::string& backup) {
  const UniqueFd mark(
      openat(target, kUnfinishedName, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  const std::string mark_path = absl::StrCat(path, "/", kUnfinishedName);
  if (!mark.ok()) return ErrnoError(absl::StrCat("make ", mark_path));
  RETURN_IF_ERROR(WriteAll(
      mark.get(),
      absl::StrCat("This directory is a restore that is under way, or was interrupted.\n"
                   "Backup: ",
                   backup, "\n",
                   "Do not start a server here. To restore, run restore_mysql.sh again with this\n"
                   "target: it begins anew. To give it up, remove the directory.\n"),
      mark_path));
  if (fsync(mark.get()) != 0) return ErrnoError(absl::StrCat("write ", mark_path, " to disk"));
  return SyncDirectory(target, path);
}

}  // namespace

absl::Status CheckTarget(const std::string& path) {
  const absl::StatusOr<UniqueFd> target = OpenDirectory(path);
  if (target.ok()) return CheckOpenTarget(target->get(), path);
  if (!absl::IsNotFound(target.status())) return target.status();
  const std::string parent = path.substr(0, std::max<size_t>(1, path.rfind('/')));
  return Annotate(OpenDirectory(parent).status(), "; make the directory above the target first");
}

absl::StatusOr<UniqueFd> PrepareTarget(const std::string& path, const std::string& backup) {
  RETURN_IF_ERROR(CheckTarget(path));
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return ErrnoError(absl::StrCat("make ", path));
  }
  ASSIGN_OR_RETURN(UniqueFd target, OpenDirectory(path));
  RETURN_IF_ERROR(CheckOpenTarget(target.get(), path));
  if (fchown(target.get(), 0, 0) != 0 || fchmod(target.get(), 0700) != 0) {
    return ErrnoError(absl::StrCat("take ", path, " for root alone"));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListTarget(target.get()));
  if (IsUnfinished(names)) LOG(WARNING) << path << " holds an unfinished restore: beginning anew";
  RETURN_IF_ERROR(Mark(target.get(), path, backup));
  for (const std::string& name : names) {
    if (name == kUnfinishedName) continue;
    RETURN_IF_ERROR(RemoveTreeAt(target.get(), name));
  }
  return target;
}

absl::Status SyncTarget(int target, const std::string& path) {
  if (syncfs(target) == 0) return absl::OkStatus();
  return Annotate(ErrnoError(absl::StrCat("write ", path, " to disk")),
                  "; part of it is lost: see the kernel's log (dmesg) and restore again");
}

absl::Status CheckRestoring(int target, const std::string& path) {
  struct stat facts = {};
  struct stat restoring = {};
  if (fstat(target, &facts) == 0 && IsClosed(facts) &&
      fstatat(target, kRestoringName, &restoring, AT_SYMLINK_NOFOLLOW) == 0) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      path, " is not what a restore with --unfinished leaves: closed to all but root, with ",
      kRestoringName, " in it; nothing was changed"));
}

void CloseTarget(int target, const std::string& path) {
  struct stat mark = {};
  if (fstatat(target, kUnfinishedName, &mark, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (fchmod(target, 0700) != 0 || fchown(target, 0, 0) != 0) {
    LOG(ERROR) << ErrnoError(absl::StrCat("take ", path, " for root alone again")).message()
               << "; it is unfinished: start no server there";
  }
}

absl::Status FinishTarget(int target, const std::string& path) {
  RETURN_IF_ERROR(SyncTarget(target, path));
  if (unlinkat(target, kUnfinishedName, 0) != 0) {
    return ErrnoError(absl::StrCat("remove ", path, "/", kUnfinishedName));
  }
  return Annotate(WithExitCode(SyncDirectory(target, path), ExitCode::kLeftBehind),
                  absl::StrCat("; the restore is complete, but after a power cut ", kUnfinishedName,
                               " may be there again: remove it then"));
}

}  // namespace mysql_backup

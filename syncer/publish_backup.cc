#include "syncer/publish_backup.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/backup_name.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/published.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

// Names may be taken by what is no backup, or by another run in the same moment.
constexpr int kAttempts = 10;

absl::Status WriteToDisk(int copy, const std::string& path) {
  if (syncfs(copy) != 0) {
    return Annotate(ErrnoError(absl::StrCat("write ", path, " to disk")),
                    "; part of it is lost: see the kernel's log (dmesg) and copy again");
  }
  return SyncDirectory(copy, path);
}

}  // namespace

absl::CivilSecond PublishTime(absl::CivilSecond begun, const std::vector<std::string>& published) {
  for (const std::string& name : published) begun = std::max(begun, *ParseBackupName(name) + 1);
  return begun;
}

absl::StatusOr<std::string> PublishBackup(const std::string& root, const std::string& partial) {
  const std::string partial_path = absl::StrCat(root, "/", partial);
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectory(root));
  ASSIGN_OR_RETURN(const UniqueFd copy, OpenDirectoryAt(directory.get(), partial));
  ASSIGN_OR_RETURN(const std::vector<std::string> contents, ListDirectory(copy.get()));
  if (contents.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("refused to publish ", partial_path, ": it is empty"));
  }
  RETURN_IF_ERROR(WriteToDisk(copy.get(), partial_path));
  RETURN_IF_ERROR(CheckInterrupt());
  ASSIGN_OR_RETURN(const std::vector<std::string> published, ListPublished(directory.get()));
  const absl::CivilSecond begun = *ParsePartialName(partial);
  const absl::CivilSecond first = PublishTime(begun, published);
  absl::Status status;
  for (absl::CivilSecond time = first; time < first + kAttempts; ++time) {
    const std::string name = BackupName(time);
    if (!ParseBackupName(name).has_value()) {
      return absl::OutOfRangeError(absl::StrCat("cannot publish ", partial_path,
                                                ": there is no name after ", BackupName(time - 1),
                                                "; rename what bears that name to its true time"));
    }
    status = RenameNoReplace(directory.get(), partial, name);
    if (absl::IsAlreadyExists(status)) continue;
    RETURN_IF_ERROR(status);
    if (time != begun) {
      LOG(WARNING) << "published " << partial_path << " as " << name
                   << ": its own time was taken, or not later than that of the newest backup; was "
                      "the clock set back?";
    }
    const absl::Status synced = SyncDirectory(directory.get(), root);
    if (synced.ok()) return name;
    return LeftBehindError(absl::StrCat(root, "/", name,
                                        " is published, but a power cut may take "
                                        "its name again: ",
                                        synced.message(), "; see the kernel's log (dmesg)"));
  }
  return Annotate(status, "; move away what bears backups' names and is none");
}

}  // namespace mysql_backup

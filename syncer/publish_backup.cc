#include "syncer/publish_backup.h"

#include <sys/stat.h>
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
#include "syncer/manifest_writer.h"

namespace mysql_backup {
namespace {

// Names may be taken by what is no backup, or by another run in the same moment.
constexpr int kAttempts = 10;

absl::Status WriteToDisk(int filesystem, const std::string& path) {
  if (syncfs(filesystem) == 0) return absl::OkStatus();
  return Annotate(ErrnoError(absl::StrCat("write ", path, " to disk")),
                  "; part of it is lost: see the kernel's log (dmesg) and copy again");
}

// A witness of another filesystem would vouch for the wrong one.
absl::Status CheckWitness(int witness, int root, const std::string& path) {
  struct stat held = {};
  struct stat found = {};
  if (fstat(witness, &held) != 0 || fstat(root, &found) != 0) {
    return ErrnoError(absl::StrCat("stat ", path));
  }
  if (held.st_dev == found.st_dev && held.st_ino == found.st_ino) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path,
                   " is not the directory any more that it was before the copy: was another "
                   "filesystem mounted there?"));
}

}  // namespace

absl::CivilSecond PublishTime(absl::CivilSecond begun, const std::vector<std::string>& published) {
  for (const std::string& name : published) begun = std::max(begun, *ParseBackupName(name) + 1);
  return begun;
}

absl::StatusOr<std::string> PublishBackup(const PublishOptions& options) {
  const std::string& root = options.root;
  const std::string& partial = options.partial;
  const std::string partial_path = absl::StrCat(root, "/", partial);
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectory(root));
  ASSIGN_OR_RETURN(const UniqueFd copy, OpenDirectoryAt(directory.get(), partial));
  RETURN_IF_ERROR(CompleteManifest(copy.get(), partial_path, options.records));
  if (options.witness >= 0) {
    RETURN_IF_ERROR(CheckWitness(options.witness, directory.get(), root));
    RETURN_IF_ERROR(WriteToDisk(options.witness, partial_path));
  }
  RETURN_IF_ERROR(WriteToDisk(copy.get(), partial_path));
  RETURN_IF_ERROR(SyncDirectory(copy.get(), partial_path));
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
    ASSIGN_OR_RETURN(const Entry taken_by, LookUp(directory.get(), name));
    if (taken_by != Entry::kNothing) {
      status = absl::AlreadyExistsError(absl::StrCat(root, "/", name, " is there already"));
      continue;
    }
    if (options.announce) RETURN_IF_ERROR(options.announce(name));
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
  return Annotate(status,
                  "; move away what is named backup_YYYYMMDD_HHMMSS there and is no backup");
}

}  // namespace mysql_backup

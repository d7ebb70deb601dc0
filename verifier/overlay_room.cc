#include "verifier/overlay_room.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/directory.h"
#include "base/human_bytes.h"
#include "base/interrupt.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

constexpr uint64_t kStatBlock = 512;               // the unit of st_blocks
constexpr uint64_t kReserve = uint64_t{64} << 20;  // temporary tables, logs, directories

absl::StatusOr<uint64_t> Measure(int directory, const std::string& path,
                                 const std::string& prefix) {
  RETURN_IF_ERROR(CheckInterrupt());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory));
  uint64_t bytes = 0;
  for (const std::string& name : names) {
    const std::string inner = prefix + name;
    struct stat facts = {};
    if (fstatat(directory, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) {
      return ErrnoError(absl::StrCat("look at ", path, "/", inner));
    }
    if (S_ISDIR(facts.st_mode)) {
      ASSIGN_OR_RETURN(const UniqueFd subdirectory, OpenDirectoryAt(directory, name));
      ASSIGN_OR_RETURN(const uint64_t more, Measure(subdirectory.get(), path, inner + "/"));
      bytes += more;
    } else if (IsAlwaysCopied(inner)) {
      bytes += static_cast<uint64_t>(facts.st_blocks) * kStatBlock;
    }
  }
  return bytes;
}

// Tried, since nothing tells.
bool ClonesFiles(int directory) {
  const UniqueFd from(openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  const UniqueFd to(openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  return from.ok() && to.ok() && write(from.get(), "x", 1) == 1 &&
         ioctl(to.get(), FICLONE, from.get()) == 0;
}

}  // namespace

bool IsAlwaysCopied(absl::string_view path) {
  for (const absl::string_view ending : {".MYI", ".MYD", ".MAI", ".MAD"}) {
    if (absl::EndsWith(path, ending)) return true;
  }
  for (const absl::string_view beginning :
       {"ib", "undo", "aria_log", "mysql.ibd", "#innodb_redo/", "#ib_"}) {
    if (absl::StartsWith(path, beginning) &&
        (!absl::StrContains(path, '/') || absl::EndsWith(beginning, "/"))) {
      return true;
    }
  }
  return false;
}

absl::StatusOr<uint64_t> MeasureCopied(int datadir, const std::string& path) {
  return Measure(datadir, path, "");
}

absl::Status CheckOverlayRoom(int datadir, const std::string& datadir_path, int scratch,
                              const std::string& scratch_path) {
  struct stat data = {};
  struct stat work = {};
  struct statvfs room = {};
  if (fstat(datadir, &data) != 0 || fstat(scratch, &work) != 0 || fstatvfs(scratch, &room) != 0) {
    return ErrnoError(absl::StrCat("find the free space of ", scratch_path));
  }
  if (data.st_dev == work.st_dev && ClonesFiles(scratch)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const uint64_t copied, MeasureCopied(datadir, datadir_path));
  const uint64_t needed = copied + kReserve;
  const uint64_t available = static_cast<uint64_t>(room.f_bavail) * room.f_frsize;
  if (needed <= available) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "this host cannot check the backup: ", HumanBytes(static_cast<double>(needed)),
      " are needed in ", scratch_path, " for the files that a server writes to in any case, and ",
      HumanBytes(static_cast<double>(available)),
      " are free; remedy: make room, or name a --scratch on a filesystem that has it"));
}

}  // namespace mysql_backup

#include "syncer/check_room.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/human_bytes.h"
#include "base/log.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

constexpr double kReserveFactor = 1.01;
constexpr double kReserveBytes = 16 << 20;
constexpr double kReserveInodes = 1000;

}  // namespace

absl::StatusOr<Room> FindRoom(const std::string& root) {
  struct statvfs status = {};
  std::string path = root;
  while (statvfs(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return ErrnoError(absl::StrCat("find the free space of ", path));
    path.resize(path.rfind('/'));
    if (path.empty()) path = "/";
  }
  struct stat identity = {};
  if (stat(path.c_str(), &identity) != 0) return ErrnoError(absl::StrCat("stat ", path));
  Room room;
  room.device = identity.st_dev;
  room.block_bytes = status.f_frsize;
  room.bytes = static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
  room.inodes = status.f_favail;
  room.counts_inodes = status.f_files != 0;
  return room;
}

absl::Status CheckNotOn(const Room& room, const std::string& origin) {
  struct stat status = {};
  if (stat(origin.c_str(), &status) != 0) {
    return Annotate(ErrnoError(absl::StrCat("find the volume ", origin)),
                    "; check VG and LV (lvs)");
  }
  if (status.st_rdev != room.device) return absl::OkStatus();
  return NoError(absl::StrCat("the backups would lie on ", origin,
                              ", the volume whose data they are to protect; put BACKUP_ROOT on "
                              "another one"));
}

// In floating point, which cannot overflow; its error is far below the reserve.
absl::Status CheckRoom(const Room& room, uint64_t bytes, uint64_t files, const std::string& where) {
  const double needed_bytes = (static_cast<double>(bytes) +
                               static_cast<double>(files) * static_cast<double>(room.block_bytes)) *
                                  kReserveFactor +
                              kReserveBytes;
  const double needed_inodes = static_cast<double>(files) * kReserveFactor + kReserveInodes;
  const double free_bytes = static_cast<double>(room.bytes);
  if (free_bytes < needed_bytes) {
    return NoError(absl::StrCat("not enough room in ", where, ": ", HumanBytes(needed_bytes),
                                " needed with reserve, ", HumanBytes(free_bytes), " free, ",
                                HumanBytes(needed_bytes - free_bytes), " missing"));
  }
  if (room.counts_inodes && static_cast<double>(room.inodes) < needed_inodes) {
    return NoError(absl::StrCat("not enough inodes in ", where, ": ",
                                static_cast<uint64_t>(needed_inodes), " needed with reserve, ",
                                room.inodes, " free"));
  }
  LOG(INFO) << "room for the copy: " << HumanBytes(needed_bytes) << " needed with reserve, "
            << HumanBytes(free_bytes) << " free";
  return absl::OkStatus();
}

}  // namespace mysql_backup

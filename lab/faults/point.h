// The points of a run: the moments at which something can be made to go wrong. Pure.
//
// A point is a system call that starts a program, or changes what will be found after a crash: on
// the disk, in the mount table, in the device-mapper; or that reaches the server. Its name is
//
//   TOOL[:PROGRAM]/CALL/K        sync_tree:rsync/rename/12   publish_backup/syncfs/1
//                                backup_mysql.sh/exec:sync_tree/1
//
// TOOL is the program of ours that the caller is or descends from, PROGRAM the caller's own when it
// is another, CALL the system call in short, and K counts the calls of that name from the beginning
// of the run, starting with 1. The names of a run are the same each time, apart from what depends
// on the data and on waiting for others.

#ifndef MYSQL_BACKUP_LAB_FAULTS_POINT_H_
#define MYSQL_BACKUP_LAB_FAULTS_POINT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mysql_backup {

// A system call that is a point, and which of its arguments is a path worth telling (-1: none).
struct PointCall {
  int number;              // __NR_...
  absl::string_view name;  // the part CALL of a point's name; "ioctl" is told apart by DmCall()
  int path_argument;
};

// All of them, each once.
const std::vector<PointCall>& PointCalls();

// The part CALL for an ioctl(2) of the device-mapper that changes something, by its request number
// and the `flags` of its struct dm_ioctl: "dm_create", "dm_suspend", "dm_resume", ... Empty for
// every other.
std::string DmCall(uint32_t request, uint32_t flags);

// Gives the points of one run their names. Not thread-safe.
class PointNames {
 public:
  // The name of the next point of this kind. `program` may be the same as `tool`.
  std::string Next(absl::string_view tool, absl::string_view program, absl::string_view call);

 private:
  std::map<std::string, int> seen_;
};

// A point's name without its count: "sync_tree:rsync/rename" of "sync_tree:rsync/rename/12".
absl::string_view KindOf(absl::string_view point);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_LAB_FAULTS_POINT_H_

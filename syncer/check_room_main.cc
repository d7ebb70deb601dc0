#include <gflags/gflags.h>

#include "base/directory.h"
#include "base/log.h"
#include "base/published.h"
#include "base/status.h"
#include "base/tool.h"
#include "syncer/check_room.h"
#include "syncer/reuse.h"

DEFINE_string(root, "", "the backup root, for example /backups/mysql; it need not exist yet");
DEFINE_string(origin, "",
              "block device with the data, which the root must not lie on; may be left out");
DEFINE_int64(bytes, -1, "bytes that the copy will hold");
DEFINE_int64(files, -1, "files that the copy will hold");
DEFINE_string(reuse, "none",
              "as sync_tree's: unless it is none, and where there is a backup already, a lack "
              "of room is a warning, since what the copy will share takes none");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "check_room",
    "says whether a copy of a given size will find room, and makes nothing.",
    "--root=PATH --bytes=N --files=N",
    "",
    "",
    "3   there is not enough room, or it is on the volume with the data",
};

// Whether there is a backup to share with.
absl::StatusOr<bool> MayShare(Reuse reuse) {
  if (reuse == Reuse::kNone) return false;
  const auto root = OpenDirectory(FLAGS_root);
  if (absl::IsNotFound(root.status())) return false;
  RETURN_IF_ERROR(root.status());
  ASSIGN_OR_RETURN(const std::vector<std::string> published, ListPublished(root->get()));
  return !published.empty();
}

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("root", FLAGS_root));
  RETURN_IF_ERROR(CheckRangeFlag("bytes", FLAGS_bytes, 0));
  RETURN_IF_ERROR(CheckRangeFlag("files", FLAGS_files, 0));
  ASSIGN_OR_RETURN(const Reuse reuse, ReuseFromFlag(FLAGS_reuse));
  ASSIGN_OR_RETURN(const Room room, FindRoom(FLAGS_root));
  if (!FLAGS_origin.empty()) {
    RETURN_IF_ERROR(CheckPathFlag("origin", FLAGS_origin));
    RETURN_IF_ERROR(CheckNotOn(room, FLAGS_origin));
  }
  absl::Status fits = CheckRoom(room, static_cast<uint64_t>(FLAGS_bytes),
                                static_cast<uint64_t>(FLAGS_files), FLAGS_root);
  if (fits.ok()) return fits;
  ASSIGN_OR_RETURN(const bool may_share, MayShare(reuse));
  if (!may_share) {
    return Annotate(fits, "; keep fewer backups (KEEP), or extend the filesystem there");
  }
  LOG(WARNING) << fits.message()
               << "; going on, since what is shared with the backup before takes none";
  return absl::OkStatus();
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

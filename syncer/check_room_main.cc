#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "base/directory.h"
#include "base/exit_code.h"
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

namespace {

constexpr mysql_backup::ToolHelp kHelp = {
    "check_room",
    "says whether a copy of a given size will find room, and makes nothing.",
    "--root=PATH --bytes=N --files=N",
    "",
    "",
    "3   there is not enough room, or it is on the volume with the data",
};

absl::Status CheckCount(absl::string_view flag, int64_t value) {
  if (value >= 0) return absl::OkStatus();
  return mysql_backup::UsageError(absl::StrCat("--", flag, " is needed, 0 or more"));
}

// Whether there is a backup to share with.
absl::StatusOr<bool> MayShare(mysql_backup::Reuse reuse) {
  if (reuse == mysql_backup::Reuse::kNone) return false;
  const auto root = mysql_backup::OpenDirectory(FLAGS_root);
  if (absl::IsNotFound(root.status())) return false;
  RETURN_IF_ERROR(root.status());
  ASSIGN_OR_RETURN(const std::vector<std::string> published,
                   mysql_backup::ListPublished(root->get()));
  return !published.empty();
}

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(mysql_backup::NoArguments(arguments));
  RETURN_IF_ERROR(mysql_backup::CheckPathFlag("root", FLAGS_root));
  RETURN_IF_ERROR(CheckCount("bytes", FLAGS_bytes));
  RETURN_IF_ERROR(CheckCount("files", FLAGS_files));
  ASSIGN_OR_RETURN(const mysql_backup::Reuse reuse, mysql_backup::ReuseFromFlag(FLAGS_reuse));
  ASSIGN_OR_RETURN(const mysql_backup::Room room, mysql_backup::FindRoom(FLAGS_root));
  if (!FLAGS_origin.empty()) {
    RETURN_IF_ERROR(mysql_backup::CheckPathFlag("origin", FLAGS_origin));
    RETURN_IF_ERROR(mysql_backup::CheckNotOn(room, FLAGS_origin));
  }
  absl::Status fits = mysql_backup::CheckRoom(room, static_cast<uint64_t>(FLAGS_bytes),
                                              static_cast<uint64_t>(FLAGS_files), FLAGS_root);
  if (fits.ok()) return fits;
  ASSIGN_OR_RETURN(const bool may_share, MayShare(reuse));
  if (!may_share) {
    return mysql_backup::Annotate(fits,
                                  "; keep fewer backups (KEEP), or extend the filesystem there");
  }
  LOG(WARNING) << fits.message()
               << "; going on, since what is shared with the backup before takes none";
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) { return mysql_backup::ToolMain(argc, argv, kHelp, RealMain); }

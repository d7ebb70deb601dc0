#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/tool.h"
#include "syncer/copy_flags.h"
#include "syncer/reuse.h"
#include "syncer/sync_tree.h"

DEFINE_string(source, "", "the datadir in the mounted snapshot, for example /mnt/mysql_snapshot");
DEFINE_string(destination, "",
              "the copy to make: <backup root>/.backup_YYYYMMDD_HHMMSS.partial, not there yet");

DEFINE_string(reuse, "none",
              "share files with the newest good backup beside the destination: none; hardlink: "
              "unchanged ones; reflink: unchanged blocks of all");
DEFINE_bool(keep_failed, false,
            "leave a copy that failed for remove_leftovers: removing it takes time, and the server "
            "may be locked");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "sync_tree",
    "copies a datadir from a mounted snapshot to a hidden directory, all of it or nothing.",
    "--source=PATH --destination=PATH",
    "",
    "one line 'bytes=N files=N': lengths of regular files and symbolic links, number of the former",
    "2   failed; nothing is left behind, unless --keep_failed is given\n"
    "4   failed, and the destination could not be removed again",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  SyncTreeOptions options;
  options.source = FLAGS_source;
  options.destination = FLAGS_destination;
  ASSIGN_OR_RETURN(options.reuse, ReuseFromFlag(FLAGS_reuse));
  options.keep_failed = FLAGS_keep_failed;
  ASSIGN_OR_RETURN(options.copy, CopyOptionsFromFlags());
  RETURN_IF_ERROR(CheckSyncTreeOptions(options));
  RETURN_IF_ERROR(RequireRoot("a copy keeps the owner of each file"));
  ASSIGN_OR_RETURN(const TreeTotals totals, SyncTree(options));
  absl::Status written =
      WriteStdout(absl::StrCat("bytes=", totals.bytes, " files=", totals.files, "\n"));
  if (written.ok()) return written;
  return LeftBehindError(
      absl::StrCat(written.message(), "; the copy at ", FLAGS_destination,
                   " is complete and is left behind; remove_leftovers removes it"));
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/tool.h"
#include "syncer/copy_flags.h"
#include "syncer/restore_tree.h"

DEFINE_string(backup, "", "the backup, for example /backups/mysql/backup_20261123_020000");
DEFINE_string(target, "", "the data directory to make: empty, or not there yet, and no server's");
DEFINE_bool(keep_identity, false,
            "restore auto.cnf, a MySQL server's UUID, too: right where the server is replaced, "
            "wrong where it lives on");
DEFINE_bool(
    unfinished, false,
    "put all into TARGET/.restoring and leave the target unfinished, since more is to be done to "
    "it there; then --complete");
DEFINE_bool(complete, false, "only move up what --unfinished has put into TARGET/.restoring");
DEFINE_bool(dry_run, false, "check backup, target and room, and change nothing");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "restore_tree",
    "copies a backup into an empty data directory, and compares it with its manifest on the way.",
    "--backup=PATH --target=PATH",
    "",
    "one line 'bytes=N files=N proven=yes|no': what was restored (0 with --dry_run), and whether "
    "it was compared with a manifest",
    "3   the backup is not what its manifest says\n"
    "4   failed, and the target is left unfinished: RESTORE_UNFINISHED in it tells what to do\n"
    "75  the backup is being removed",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RestoreTreeOptions options;
  options.backup = FLAGS_backup;
  options.target = FLAGS_target;
  options.keep_identity = FLAGS_keep_identity;
  options.unfinished = FLAGS_unfinished;
  options.dry_run = FLAGS_dry_run;
  ASSIGN_OR_RETURN(options.copy, CopyOptionsFromFlags());
  RETURN_IF_ERROR(CheckRestoreTreeOptions(options));
  RETURN_IF_ERROR(RequireRoot("a restore keeps the owner of each file"));
  if (FLAGS_complete) return CompleteRestore(options);
  ASSIGN_OR_RETURN(const RestoredTree restored, RestoreTree(options));
  return WriteStdout(absl::StrCat("bytes=", restored.bytes, " files=", restored.files,
                                  " proven=", restored.proven ? "yes" : "no", "\n"));
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

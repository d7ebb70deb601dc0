#include <gflags/gflags.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/manifest.h"
#include "base/open_backup.h"
#include "base/percent.h"
#include "base/status.h"
#include "base/tool.h"
#include "verifier/manifest_check.h"

DEFINE_string(backup, "", "the backup, such as /backups/mysql/backup_20261123_020000");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "check_manifest",
    "compares every file of a backup with the manifest that was written when it was made.",
    "--backup=PATH",
    "",
    "one line a difference: missing|added|changed PATH; then ok|bad entries=N bytes=N bad=N",
    "2   cannot tell: the backup cannot be read, or has no manifest\n"
    "3   something is missing, added or changed, or the manifest itself is damaged\n"
    "75  the backup is being removed",
};

absl::string_view Word(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::kMissing:
      return "missing";
    case Difference::Kind::kAdded:
      return "added";
    case Difference::Kind::kChanged:
      return "changed";
  }
  return "";
}

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("backup", FLAGS_backup));
  ASSIGN_OR_RETURN(const UniqueFd backup, OpenBackup(FLAGS_backup));
  const absl::StatusOr<Manifest> manifest = ReadManifest(backup.get(), FLAGS_backup);
  if (absl::IsDataLoss(manifest.status())) {
    return NoError(manifest.status().message());
  }
  RETURN_IF_ERROR(manifest.status());
  ASSIGN_OR_RETURN(
      const ManifestCheck check,
      CheckManifest(backup.get(), FLAGS_backup, *manifest, [](const Difference& difference) {
        LOG(ERROR) << FLAGS_backup << "/" << OneLine(difference.path) << " is "
                   << Word(difference.kind) << ": " << difference.what;
        return WriteStdout(
            absl::StrCat(Word(difference.kind), " ", PercentEncode(difference.path), "\n"));
      }));
  const bool good = check.differences == 0;
  RETURN_IF_ERROR(
      WriteStdout(absl::StrCat(good ? "ok" : "bad", " entries=", manifest->entries.size(),
                               " bytes=", check.bytes, " bad=", check.differences, "\n")));
  if (good) return absl::OkStatus();
  return NoError(
      absl::StrCat(FLAGS_backup, " is not what it was when it was made: ", check.differences,
                   " of its entries are missing, added or changed; do not rely on it: "
                   "look for the cause on its disk (dmesg, smartctl), and take another"));
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

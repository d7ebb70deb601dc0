#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/backup_name.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/published.h"
#include "base/status.h"
#include "base/tool.h"
#include "retention/backup_facts.h"
#include "retention/backup_report.h"

DEFINE_string(root, "/backups/mysql", "the backup root");
DEFINE_string(format, "text", "text: for people; json: for programs");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "show_backup",
    "tells all that is known of one backup.",
    "NAME|latest",
    "",
    "text: a line a fact, 'name: value'; json: an object (retention/README.md)",
    "3   there is no such backup",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(CheckPathFlag("root", FLAGS_root));
  if (FLAGS_format != "text" && FLAGS_format != "json") {
    return UsageError(absl::StrCat("--format='", FLAGS_format, "' is neither text nor json"));
  }
  if (arguments.size() != 1) {
    return UsageError("the name of one backup is needed, or 'latest'; see list_backups");
  }
  std::string name = arguments[0];
  if (name != "latest" && !ParseBackupName(name).has_value()) {
    return UsageError(absl::StrCat("'", name, "' is not backup_YYYYMMDD_HHMMSS"));
  }
  ASSIGN_OR_RETURN(const UniqueFd root, OpenDirectory(FLAGS_root));
  if (name == "latest") {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, ListPublished(root.get()));
    if (names.empty()) return NoError(absl::StrCat("there is no backup in ", FLAGS_root));
    name = names.back();
  }
  const absl::StatusOr<BackupFacts> facts = CollectFacts(root.get(), name);
  if (absl::IsNotFound(facts.status())) {
    return NoError(
        absl::StrCat("there is no backup ", name, " in ", FLAGS_root, "; see list_backups"));
  }
  RETURN_IF_ERROR(facts.status());
  const absl::Time now = absl::Now();
  const absl::TimeZone zone = absl::LocalTimeZone();
  return WriteStdout(
      FLAGS_format == "text"
          ? BackupLines(*facts, now, zone)
          : BackupJson(*facts, std::string(absl::StripSuffix(FLAGS_root, "/")), now, zone));
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

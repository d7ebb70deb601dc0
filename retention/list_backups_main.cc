#include <gflags/gflags.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/published.h"
#include "base/status.h"
#include "base/tool.h"
#include "retention/backup_facts.h"
#include "retention/backup_list.h"
#include "retention/backup_report.h"

DEFINE_string(root, "", "the backup root, for example /backups/mysql");
DEFINE_string(format, "",
              "names: one a line, for the other tools; table: for people; json: for programs; if "
              "empty, a table on a terminal, otherwise names");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "list_backups",
    "lists the published backups of a backup root, oldest first.",
    "--root=PATH",
    "",
    "names: one name a line, then 'end N' with the number of names; table: a line a backup; json: "
    "an array of objects (retention/README.md)",
    "",
};

absl::StatusOr<std::vector<BackupFacts>> CollectAll(int root,
                                                    const std::vector<std::string>& names) {
  std::vector<BackupFacts> backups;
  for (const std::string& name : names) {
    absl::StatusOr<BackupFacts> facts = CollectFacts(root, name);
    if (absl::IsNotFound(facts.status())) continue;  // it has been removed meanwhile
    RETURN_IF_ERROR(facts.status());
    backups.push_back(*std::move(facts));
  }
  return backups;
}

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("root", FLAGS_root));
  const std::string format = !FLAGS_format.empty()        ? FLAGS_format
                             : isatty(STDOUT_FILENO) == 1 ? "table"
                                                          : "names";
  if (format != "names" && format != "table" && format != "json") {
    return UsageError(absl::StrCat("--format='", format, "' is neither names, table nor json"));
  }
  const absl::StatusOr<UniqueFd> root = OpenDirectory(FLAGS_root);
  if (absl::IsNotFound(root.status())) {
    return Annotate(root.status(), "; check --root, or make a backup first: that makes the root");
  }
  RETURN_IF_ERROR(root.status());
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListPublished(root->get()));
  if (format == "names") return WriteStdout(FormatBackupList(names));
  ASSIGN_OR_RETURN(const std::vector<BackupFacts> backups, CollectAll(root->get(), names));
  const absl::Time now = absl::Now();
  const absl::TimeZone zone = absl::LocalTimeZone();
  return WriteStdout(
      format == "table"
          ? BackupTable(backups, now, zone)
          : BackupsJson(backups, std::string(absl::StripSuffix(FLAGS_root, "/")), now, zone));
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

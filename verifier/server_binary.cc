#include "verifier/server_binary.h"

#include <unistd.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "base/subprocess.h"

namespace mysql_backup {
namespace {

absl::string_view Name(Flavour flavour) {
  return flavour == Flavour::kMariadb ? "MariaDB" : "MySQL";
}

std::vector<std::string> UsualPlaces(Flavour flavour) {
  std::vector<std::string> paths;
  for (const char* program : {"mariadbd", "mysqld"}) {
    if (flavour == Flavour::kMysql && absl::string_view(program) == "mariadbd") continue;
    for (const char* directory : {"/usr/sbin/", "/usr/libexec/", "/usr/bin/"}) {
      paths.push_back(absl::StrCat(directory, program));
    }
  }
  return paths;
}

// MariaDB installs its server under the name mysqld as well, so the name says nothing.
absl::StatusOr<Flavour> AskFlavour(const std::string& server) {
  SubprocessOptions version;
  version.argv = {server, "--no-defaults", "--version"};
  version.deadline = absl::Seconds(60);
  ASSIGN_OR_RETURN(const SubprocessResult result, RunSubprocessOk(std::move(version)));
  return absl::StrContains(result.stdout_text, "MariaDB") ? Flavour::kMariadb : Flavour::kMysql;
}

}  // namespace

absl::optional<Flavour> FlavourOf(const std::vector<std::string>& names) {
  const auto has = [&names](absl::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (has("aria_log_control") || has("mariadb_upgrade_info")) return Flavour::kMariadb;
  // mysql.ibd since MySQL 8.0; auto.cnf (the server's UUID) before it too.
  if (has("mysql.ibd") || has("auto.cnf")) return Flavour::kMysql;
  return absl::nullopt;
}

absl::StatusOr<std::string> FindServer(Flavour flavour, const std::string& wanted) {
  const std::vector<std::string> candidates =
      wanted.empty() ? UsualPlaces(flavour) : std::vector<std::string>{wanted};
  for (const std::string& candidate : candidates) {
    if (access(candidate.c_str(), X_OK) != 0) continue;
    ASSIGN_OR_RETURN(const Flavour found, AskFlavour(candidate));
    if (found == flavour) return candidate;
  }
  return absl::NotFoundError(
      absl::StrCat("the backup is of a ", Name(flavour), " server, and there is no ", Name(flavour),
                   " server program here (looked at ", absl::StrJoin(candidates, ", "),
                   "): install the package of the server, or name the program with --server"));
}

}  // namespace mysql_backup

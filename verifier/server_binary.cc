#include "verifier/server_binary.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/log.h"
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

struct Program {
  Flavour flavour = Flavour::kMysql;
  std::string version;  // "10.11.19-MariaDB-0+deb12u1"
};

// MariaDB installs its server under the name mysqld as well, so the name says nothing.
//   /usr/sbin/mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)
absl::StatusOr<Program> Ask(const std::string& server) {
  SubprocessOptions child;
  child.argv = {server, "--no-defaults", "--version"};
  child.deadline = absl::Seconds(60);
  ASSIGN_OR_RETURN(const SubprocessResult result, RunSubprocessOk(std::move(child)));
  const std::string& text = result.stdout_text;
  Program program;
  if (absl::StrContains(text, "MariaDB")) program.flavour = Flavour::kMariadb;
  const size_t mark = text.find(" Ver ");
  if (mark != std::string::npos) {
    program.version = text.substr(mark + 5, text.find(' ', mark + 5) - mark - 5);
  }
  return program;
}

// The first two numbers; nullopt where there are none.
absl::optional<std::pair<int, int>> ReleaseOf(absl::string_view version) {
  const std::vector<absl::string_view> parts = absl::StrSplit(version, absl::MaxSplits('.', 2));
  std::pair<int, int> release;
  if (parts.size() < 2 || !absl::SimpleAtoi(parts[0], &release.first) ||
      !absl::SimpleAtoi(parts[1], &release.second)) {
    return absl::nullopt;
  }
  return release;
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

bool CanRead(absl::string_view server_version, absl::string_view data_version) {
  const auto server = ReleaseOf(server_version);
  const auto data = ReleaseOf(data_version);
  return !server.has_value() || !data.has_value() || *server >= *data;
}

absl::StatusOr<std::string> FindServer(Flavour flavour, const std::string& wanted,
                                       const std::string& version) {
  const std::vector<std::string> candidates =
      wanted.empty() ? UsualPlaces(flavour) : std::vector<std::string>{wanted};
  std::string older;
  for (const std::string& candidate : candidates) {
    if (access(candidate.c_str(), X_OK) != 0) continue;
    ASSIGN_OR_RETURN(const Program found, Ask(candidate));
    if (found.flavour != flavour) continue;
    if (CanRead(found.version, version)) return candidate;
    absl::StrAppend(&older, older.empty() ? "" : ", ", candidate, " is ", found.version);
  }
  if (!older.empty()) {
    return absl::NotFoundError(
        absl::StrCat("the backup is of a ", Name(flavour), " server ", OneLine(version),
                     ", and the one here is older (", OneLine(older),
                     "): install that version or a later one, or name the program with --server"));
  }
  return absl::NotFoundError(
      absl::StrCat("the backup is of a ", Name(flavour), " server, and there is no ", Name(flavour),
                   " server program here (looked at ", absl::StrJoin(candidates, ", "),
                   "): install the package of the server, or name the program with --server"));
}

}  // namespace mysql_backup

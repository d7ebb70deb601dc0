// The statements that FLUSH TABLES WITH READ LOCK would have to wait for.

#ifndef MYSQL_BACKUP_QUIESCE_BLOCKERS_H_
#define MYSQL_BACKUP_QUIESCE_BLOCKERS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/mysql_session.h"

namespace mysql_backup {

struct Statement {
  uint64_t connection_id = 0;
  std::string user;
  int64_t seconds = 0;  // for how long it has been running
  std::string text;     // its beginning
};

// Whether a statement that began so can hold FLUSH TABLES WITH READ LOCK up. On MySQL every running
// statement can, a SELECT too. On MariaDB (10.11) plain reads cannot; those that lock rows can.
bool CanBlock(bool is_mariadb, absl::string_view text);

// Returns what other sessions have been running for at least `min_age` and what can block, the
// oldest first. PermissionDenied without the PROCESS privilege, since it would see nothing of
// others.
absl::StatusOr<std::vector<Statement>> FindBlockers(MysqlSession& session, absl::Duration min_age);

// Returns the statement up to its first quote, with "..." for the rest: passwords and people's data
// are nothing for a log. Where a text in quotes ends depends on comments, names and the sql_mode of
// a session that is not ours.
std::string BlankLiterals(absl::string_view statement);

// Returns "connection 12 (user app) has been running for 301 s: update t set a = 1".
std::string DescribeStatement(const Statement& statement);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_QUIESCE_BLOCKERS_H_

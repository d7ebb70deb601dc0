// Checking every table of a server's databases.

#ifndef MYSQL_BACKUP_VERIFIER_DATABASE_CHECK_H_
#define MYSQL_BACKUP_VERIFIER_DATABASE_CHECK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/mysql_session.h"

namespace mysql_backup {

// What was found in one database.
struct DatabaseReport {
  std::string name;
  uint64_t tables = 0;  // all that are not views, whatever their engine
  uint64_t views = 0;
  uint64_t routines = 0;  // stored procedures and functions
  uint64_t events = 0;
  uint64_t rows = 0;  // of the tables that are good
  uint64_t bad = 0;   // tables; 0 means that the database is good. Views never count
};

// The line for stdout: "ok tables=12 views=2 routines=1 events=0 rows=103433 bad=0
// database=shop\n". The name goes to the end of the line; control characters and backslashes in it
// are escaped as in C.
std::string FormatReport(const DatabaseReport& report);

// The verdict on one row of what CHECK TABLE answers: whether it speaks of damage.
bool IsDamage(absl::string_view message_type, absl::string_view message_text);

// Whether it says that this server lacks the table's engine, and so knows nothing of the table.
bool IsUnknownEngine(absl::string_view message_text);

// Whether a name of InnoDB's own list ("shop/orders#P#p0", in the server's encoding for file names)
// is that of a user's table, and not one of the engine itself, of a full-text index, or a temporary
// one of an ALTER TABLE.
bool IsUsersTable(absl::string_view engine_name);

// Checks one database, or all but the virtual ones when `only` is empty, and hands each report on
// as soon as it is there. Bad tables are logged by name, with the server's words. NoError when
// anything is bad, and when `only` does not exist. Unavailable when the server was lost, and
// FailedPrecondition when all else is good and it lacks the engine of a table: what is then known
// of a database is not handed on.
absl::Status CheckDatabases(MysqlSession& session, const std::string& only,
                            const std::function<absl::Status(const DatabaseReport&)>& on_report);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_VERIFIER_DATABASE_CHECK_H_

// One session with a MySQL or MariaDB server over its unix socket, on top of Connector/C.

#ifndef MYSQL_BACKUP_BASE_MYSQL_SESSION_H_
#define MYSQL_BACKUP_BASE_MYSQL_SESSION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

struct st_mysql;

namespace mysql_backup {

struct MysqlOptions {
  // The server's unix socket. Empty: the first that exists of /run/mysqld/mysqld.sock (Debian) and
  // /var/lib/mysql/mysql.sock (Red Hat).
  std::string socket;

  // An option file with a [client] group (user, password). Empty: none is read, and the login is
  // root by unix_socket or auth_socket. Refused when group or others can read it, or when it
  // belongs to neither root nor the current user.
  std::string defaults_file;

  // No single answer of the server takes longer, or the session is lost.
  absl::Duration answer_timeout = absl::Seconds(30);
};

// A column is nullopt where the value is NULL.
using MysqlRow = std::vector<absl::optional<std::string>>;

// Never reconnects: a session that answers is the session that was opened, with its locks.
// Movable; closed by its destructor. Not thread-safe.
class MysqlSession {
 public:
  // Logs in, over the unix socket whatever an option file says. NotFound: no socket;
  // PermissionDenied: the option file or the login is refused; Unavailable: nobody listens;
  // otherwise Internal with the server's own words.
  static absl::StatusOr<MysqlSession> Connect(const MysqlOptions& options);

  // Runs one statement and returns its rows. The error's message is "<statement>: <the server's
  // words> (error N)"; MysqlErrorNumber() gives N. Unavailable when the connection is lost.
  absl::StatusOr<std::vector<MysqlRow>> Query(const std::string& statement);

  // Runs one statement that must return exactly one value, and returns it ("" for NULL).
  absl::StatusOr<std::string> QueryValue(const std::string& statement);

  // The server's number for this session (CONNECTION_ID()).
  uint64_t connection_id() const;

  // Whether the server calls itself MariaDB.
  bool is_mariadb() const;

  // The server's version as it tells it, for example "10.11.19-MariaDB-0+deb12u1".
  std::string server_version() const;

 private:
  struct Closer {
    void operator()(st_mysql* connection) const;
  };
  explicit MysqlSession(st_mysql* connection) : connection_(connection) {}
  absl::Status LastError(absl::string_view what) const;

  std::unique_ptr<st_mysql, Closer> connection_;
};

// Returns the number of the server's error that `status` carries, or 0.
int MysqlErrorNumber(const absl::Status& status);

// Returns `name` as a quoted identifier for SQL text: `na``me`.
std::string QuoteIdentifier(absl::string_view name);

// Returns `text` as a quoted string for SQL text, safe in every sql_mode (hexadecimal).
std::string QuoteString(absl::string_view text);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_MYSQL_SESSION_H_

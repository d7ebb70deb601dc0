#include "base/mysql_session.h"

#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

constexpr absl::string_view kErrorNumberUrl = "mysql_backup/mysql_error";
// Not /tmp/mysql.sock, the default of a server built from source: anybody could listen there.
constexpr const char* kUsualSockets[] = {"/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock"};

absl::StatusOr<std::string> FindSocket(const std::string& wanted) {
  if (!wanted.empty()) {
    if (access(wanted.c_str(), F_OK) == 0) return wanted;
    return Annotate(ErrnoError(absl::StrCat("reach the server at ", wanted)),
                    "; is the server running, and is this its socket?");
  }
  for (const char* socket : kUsualSockets) {
    if (access(socket, F_OK) == 0) return std::string(socket);
  }
  return absl::NotFoundError(
      "no server socket at /run/mysqld/mysqld.sock or /var/lib/mysql/mysql.sock; "
      "is the server running? Otherwise name its socket with --socket, or SOCKET in the "
      "configuration");
}

// Where install.sh puts Connector/C's plugin for caching_sha2_password, MySQL's usual way to log
// in: lib/plugin beside the directory of this program. Empty where there is none, as in a build
// tree; then the library looks in its own place.
std::string PluginDirectory() {
  char program[PATH_MAX];
  const ssize_t size = readlink("/proc/self/exe", program, sizeof(program));
  if (size < 0) return "";
  std::string directory(program, static_cast<size_t>(size));
  for (int level = 0; level < 2; ++level) directory.resize(directory.rfind('/'));
  directory += "/lib/plugin";
  return access((directory + "/caching_sha2_password.so").c_str(), R_OK) == 0 ? directory : "";
}

// What to do about a login that failed with `status`.
absl::string_view LoginRemedy(const absl::Status& status) {
  if (absl::StrContains(status.message(), "could not be loaded")) {
    return "; the account logs in by a plugin that is not installed here: run scripts/install.sh "
           "again, which brings that of caching_sha2_password, or let the account log in by "
           "auth_socket";
  }
  return "; is the server up, and may this account log in? Name another account with DEFAULTS_FILE";
}

bool IsUnixSocket(int fd) {
  int domain = 0;
  socklen_t size = sizeof(domain);
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

absl::Status CheckDefaultsFile(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    return Annotate(ErrnoError(absl::StrCat("read the option file ", path)),
                    "; check DEFAULTS_FILE");
  }
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat("option file ", path, " belongs to user ", status.st_uid,
                     ": it must belong to root (chown root: ", path, ")"));
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        "option file ", path,
        " can be read or written by others, and it may hold a password: chmod 600 ", path));
  }
  return absl::OkStatus();
}

}  // namespace

void MysqlSession::Closer::operator()(st_mysql* connection) const { mysql_close(connection); }

absl::StatusOr<MysqlSession> MysqlSession::Connect(const MysqlOptions& options) {
  ASSIGN_OR_RETURN(const std::string socket, FindSocket(options.socket));
  MYSQL* connection = mysql_init(nullptr);
  if (connection == nullptr) return absl::ResourceExhaustedError("mysql_init: out of memory");
  MysqlSession session(connection);

  const unsigned int seconds = static_cast<unsigned int>(
      absl::ToInt64Seconds(absl::Ceil(options.answer_timeout, absl::Seconds(1))));
  const my_bool reconnect = 0;
  mysql_optionsv(connection, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  mysql_optionsv(connection, MYSQL_OPT_READ_TIMEOUT, &seconds);
  mysql_optionsv(connection, MYSQL_OPT_WRITE_TIMEOUT, &seconds);
  mysql_optionsv(connection, MYSQL_OPT_RECONNECT, &reconnect);
  mysql_optionsv(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const char* user = "root";
  if (!options.defaults_file.empty()) {
    RETURN_IF_ERROR(CheckDefaultsFile(options.defaults_file));
    mysql_optionsv(connection, MYSQL_READ_DEFAULT_FILE, options.defaults_file.c_str());
    mysql_optionsv(connection, MYSQL_READ_DEFAULT_GROUP, "client");
    user = nullptr;  // the file's
  }
  const std::string plugins = PluginDirectory();
  if (!plugins.empty()) mysql_optionsv(connection, MYSQL_PLUGIN_DIR, plugins.c_str());
  // The option file's host, port and protocol have no say: the server whose data is copied is the
  // one on this socket.
  const unsigned int protocol = MYSQL_PROTOCOL_SOCKET;
  mysql_optionsv(connection, MYSQL_OPT_PROTOCOL, &protocol);
  if (mysql_real_connect(connection, "localhost", user, nullptr, nullptr, 0, socket.c_str(), 0) ==
      nullptr) {
    const absl::Status status =
        session.LastError(absl::StrCat("cannot log in to the server at ", socket));
    return Annotate(status, LoginRemedy(status));
  }
  if (!IsUnixSocket(mysql_get_socket(connection))) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the login went to another place than the socket ", socket,
        ": take host, port and protocol out of the option file ", options.defaults_file));
  }
  // An option file may have switched it on.
  mysql_optionsv(connection, MYSQL_OPT_RECONNECT, &reconnect);
  return session;
}

absl::StatusOr<std::vector<MysqlRow>> MysqlSession::Query(const std::string& statement) {
  MYSQL* connection = connection_.get();
  if (mysql_real_query(connection, statement.data(), statement.size()) != 0) {
    return LastError(statement);
  }
  std::vector<MysqlRow> rows;
  const std::unique_ptr<MYSQL_RES, void (*)(MYSQL_RES*)> result(mysql_store_result(connection),
                                                                &mysql_free_result);
  if (result == nullptr) {
    if (mysql_errno(connection) != 0) return LastError(statement);
    return rows;  // a statement without a result set
  }
  const unsigned int columns = mysql_num_fields(result.get());
  while (MYSQL_ROW values = mysql_fetch_row(result.get())) {
    const unsigned long* lengths = mysql_fetch_lengths(result.get());
    MysqlRow row(columns);
    for (unsigned int i = 0; i < columns; ++i) {
      if (values[i] != nullptr) row[i] = std::string(values[i], lengths[i]);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

absl::StatusOr<std::string> MysqlSession::QueryValue(const std::string& statement) {
  ASSIGN_OR_RETURN(const std::vector<MysqlRow> rows, Query(statement));
  if (rows.size() != 1 || rows[0].size() != 1) {
    return absl::InternalError(
        absl::StrCat(statement, ": expected one value, got ", rows.size(), " rows"));
  }
  return rows[0][0].value_or("");
}

uint64_t MysqlSession::connection_id() const { return mysql_thread_id(connection_.get()); }

bool MysqlSession::is_mariadb() const { return mariadb_connection(connection_.get()) != 0; }

std::string MysqlSession::server_version() const {
  return mysql_get_server_info(connection_.get());
}

absl::Status MysqlSession::LastError(absl::string_view what) const {
  const unsigned int number = mysql_errno(connection_.get());
  absl::StatusCode code = absl::StatusCode::kInternal;
  switch (number) {
    case CR_CONNECTION_ERROR:
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
      code = absl::StatusCode::kUnavailable;
      break;
    case 1045:  // ER_ACCESS_DENIED_ERROR
    case 1698:  // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
    case 1044:  // ER_DBACCESS_DENIED_ERROR
    case 1227:  // ER_SPECIFIC_ACCESS_DENIED_ERROR, which names the privilege that is lacking
      code = absl::StatusCode::kPermissionDenied;
      break;
    default:
      break;
  }
  absl::Status status(
      code, absl::StrCat(what, ": ", mysql_error(connection_.get()), " (error ", number, ")"));
  status.SetPayload(kErrorNumberUrl, absl::Cord(absl::StrCat(number)));
  return status;
}

int MysqlErrorNumber(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kErrorNumberUrl);
  int number = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &number)) return 0;
  return number;
}

std::string QuoteIdentifier(absl::string_view name) {
  return absl::StrCat("`", absl::StrReplaceAll(name, {{"`", "``"}}), "`");
}

std::string QuoteString(absl::string_view text) {
  if (text.empty()) return "''";
  return absl::StrCat("_utf8mb4 0x", absl::BytesToHexString(text));
}

}  // namespace mysql_backup

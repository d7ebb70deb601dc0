// What a restore needs to know about the moment of the lock.

#ifndef MYSQL_BACKUP_QUIESCE_POSITION_H_
#define MYSQL_BACKUP_QUIESCE_POSITION_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "base/mysql_session.h"

namespace mysql_backup {

struct Position {
  bool is_mariadb = false;
  std::string version;      // as the server tells it
  std::string server_id;    // the replication id
  std::string server_uuid;  // MySQL only; empty for MariaDB, which has none
  std::string binlog_file;  // empty where the binary log is off
  uint64_t binlog_position = 0;
  // Of a replica: how far it has come in its source's binary log. Empty where it is none, or where
  // the account may not see it.
  std::string source_host;
  std::string source_log_file;
  std::string source_log_pos;
  std::string gtid;  // gtid_binlog_pos (MariaDB) or gtid_executed (MySQL); may be empty
};

// Asks the server, by the statements that its flavour and version know. The session must hold the
// lock, or the answers are not of one moment. An error when the account may not see the binary
// log's position (BINLOG MONITOR on MariaDB, REPLICATION CLIENT on MySQL).
//
// A replica's source is asked for on a session of its own, by `options`: SHOW REPLICA STATUS can
// wait for a STOP REPLICA that waits for the lock (MySQL before 5.7.6), and a session that waits
// cannot let go of it.
absl::StatusOr<Position> ReadPosition(MysqlSession& session, const MysqlOptions& options);

// Returns the position as "key=value" pairs with single spaces between. Spaces, control characters
// and percent signs in a value are written as in a URL (%20), so that it is told as it is.
std::string FormatPosition(const Position& position);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_QUIESCE_POSITION_H_

#include "quiesce/position.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/log.h"
#include "base/percent.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

constexpr int kSyntaxError = 1064;      // ER_PARSE_ERROR
constexpr int kPrivilegeNeeded = 1227;  // ER_SPECIFIC_ACCESS_DENIED_ERROR

// SHOW MASTER STATUS is gone from MySQL 8.4; SHOW BINARY LOG STATUS is unknown before 8.2 and to
// MariaDB before 12.
absl::StatusOr<std::vector<MysqlRow>> ReadBinlogStatus(MysqlSession& session) {
  if (!session.is_mariadb()) {
    auto rows = session.Query("SHOW BINARY LOG STATUS");
    if (rows.ok() || MysqlErrorNumber(rows.status()) != kSyntaxError) return rows;
  }
  return session.Query("SHOW MASTER STATUS");
}

// SHOW REPLICA STATUS is unknown before MySQL 8.0.22 and MariaDB 10.5.
absl::StatusOr<std::vector<MysqlRow>> ReadReplicaStatus(const MysqlOptions& options) {
  ASSIGN_OR_RETURN(MysqlSession session, MysqlSession::Connect(options));
  auto rows = session.Query("SHOW REPLICA STATUS");
  if (rows.ok() || MysqlErrorNumber(rows.status()) != kSyntaxError) return rows;
  return session.Query("SHOW SLAVE STATUS");
}

// Not an error: a restore needs it only where the copy is to become a replica itself.
void ReadSource(const MysqlOptions& options, Position* position) {
  // The first columns are the same in all versions of both servers.
  constexpr size_t kHost = 1;
  constexpr size_t kLogFile = 9;  // of what has been executed, not only read
  constexpr size_t kLogPos = 21;
  const absl::StatusOr<std::vector<MysqlRow>> rows = ReadReplicaStatus(options);
  if (!rows.ok()) {
    LOG(WARNING) << "whether the server is a replica, and of what position, is not recorded: "
                 << OneLine(rows.status().message())
                 << (MysqlErrorNumber(rows.status()) == kPrivilegeNeeded
                         ? "; grant SLAVE MONITOR (MariaDB) or REPLICATION CLIENT (MySQL)"
                         : "");
    return;
  }
  if (rows->empty() || rows->front().size() <= kLogPos) return;
  const MysqlRow& row = rows->front();
  position->source_host = row[kHost].value_or("");
  position->source_log_file = row[kLogFile].value_or("");
  position->source_log_pos = row[kLogPos].value_or("");
}

}  // namespace

absl::StatusOr<Position> ReadPosition(MysqlSession& session, const MysqlOptions& options) {
  Position position;
  position.is_mariadb = session.is_mariadb();
  position.version = session.server_version();
  ASSIGN_OR_RETURN(position.server_id, session.QueryValue("SELECT @@server_id"));
  if (!position.is_mariadb) {
    ASSIGN_OR_RETURN(position.server_uuid, session.QueryValue("SELECT @@server_uuid"));
  }
  ASSIGN_OR_RETURN(const std::vector<MysqlRow> status, ReadBinlogStatus(session));
  if (!status.empty() && status[0].size() >= 2) {
    position.binlog_file = status[0][0].value_or("");
    if (!absl::SimpleAtoi(status[0][1].value_or(""), &position.binlog_position)) {
      return absl::InternalError(absl::StrCat("the server gave no number as binary log position: ",
                                              status[0][1].value_or("NULL")));
    }
  }
  ReadSource(options, &position);
  ASSIGN_OR_RETURN(const std::string gtid,
                   session.QueryValue(position.is_mariadb ? "SELECT @@gtid_binlog_pos"
                                                          : "SELECT @@gtid_executed"));
  // MySQL breaks a long set into lines, which mean nothing.
  position.gtid = absl::StrReplaceAll(gtid, {{" ", ""}, {"\n", ""}});
  return position;
}

std::string FormatPosition(const Position& position) {
  return absl::StrCat(
      "flavour=", position.is_mariadb ? "mariadb" : "mysql",
      " version=", PercentEncode(position.version),
      " server_id=", PercentEncode(position.server_id),
      " server_uuid=", PercentEncode(position.server_uuid),
      " binlog_file=", PercentEncode(position.binlog_file),
      " binlog_position=", position.binlog_position, " gtid=", PercentEncode(position.gtid),
      position.source_host.empty()
          ? ""
          : absl::StrCat(" source_host=", PercentEncode(position.source_host),
                         " source_log_file=", PercentEncode(position.source_log_file),
                         " source_log_pos=", PercentEncode(position.source_log_pos)));
}

}  // namespace mysql_backup

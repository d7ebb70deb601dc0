// Replaying binary logs on a server, with the server's own two programs: one reads the logs, the
// other is a client that runs what the first one writes.

#ifndef MYSQL_BACKUP_RESTORER_REPLAY_H_
#define MYSQL_BACKUP_RESTORER_REPLAY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "restorer/until.h"

namespace mysql_backup {

// Where a replay begins: what the manifest of a backup says of the moment of its lock.
struct ReplayStart {
  bool is_mariadb = true;
  BinlogPosition position;
  std::string gtid;  // MariaDB: the last transaction of each domain before it; MySQL: all of them
  absl::Time time;   // of the lock, or, not later, of the run's beginning; may be InfinitePast
};

// Reads it from the backup at `path`. FailedPrecondition where the server had no binary log,
// NotFound where the backup has no manifest.
absl::StatusOr<ReplayStart> ReadReplayStart(const std::string& path);

struct ReplayOptions {
  ReplayStart start;
  Until until;
  std::string binlogs;         // the directory with the logs
  std::string socket;          // the server's
  std::string binlog_program;  // mariadb-binlog or mysqlbinlog; empty: at its usual place
  std::string client;          // mariadb or mysql; empty: at its usual place
};

struct ReplayPlan {
  std::vector<std::string> logs;  // names, in their order
  std::string reader;             // the programs
  std::string client;
};

// Finds what a replay needs. NotFound for a program or a log that is missing, OutOfRange where
// `until` lies before the start, or is a position beyond the end of its log.
absl::StatusOr<ReplayPlan> PlanReplay(const ReplayOptions& options);

// Returns the arguments of the program that reads the logs.
std::vector<std::string> BinlogArguments(const ReplayOptions& options,
                                         const std::vector<std::string>& logs);

// Runs both programs, and returns once all is applied. OutOfRange when the logs end before `until`;
// a time is one until which nothing more happened. Exit code 4: some of it may be applied.
absl::Status Replay(const ReplayOptions& options, const ReplayPlan& plan);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_RESTORER_REPLAY_H_

// Where a replay ends, and which binary log files it needs.

#ifndef MYSQL_BACKUP_RESTORER_UNTIL_H_
#define MYSQL_BACKUP_RESTORER_UNTIL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace mysql_backup {

// A place in a server's binary logs.
struct BinlogPosition {
  std::string file;       // "mysql-bin.000012"
  uint64_t position = 0;  // in bytes
};

// The end of a replay; one of these is set.
struct Until {
  std::string time;  // "2026-11-23 14:05:00", local: what the server did from that second on is not
                     // replayed
  BinlogPosition position;  // nothing from this place on is replayed
  std::string gtid;         // the last transaction that is: "0-1-123", or "UUID:123"
};

// Reads what an administrator writes: "2026-11-23 14:05:00", "2026-11-23T14:05:00",
// "mysql-bin.000012:32800", "0-1-123" (MariaDB), "3e11fa47-71ca-11e1-9e33-c80aa9429562:123"
// (MySQL). InvalidArgument with these forms for anything else.
absl::StatusOr<Until> ParseUntil(absl::string_view text);

// Reads "FILE:POSITION"; nullopt for anything else.
absl::optional<BinlogPosition> ParsePosition(absl::string_view text);

// Whether a server that tells these GTIDs has the transaction `gtid`: of MySQL "UUID:1-5:7,UUID:1"
// and "UUID:N", of MariaDB the newest of each domain, "0-1-123,1-1-5", and "0-1-100".
bool HasGtid(absl::string_view set, absl::string_view gtid);

// Returns those of the `names` in a directory that are binary logs from `first` to `last`, in their
// order; `last` may be empty: to the newest. NotFound naming the first file that is missing.
absl::StatusOr<std::vector<std::string>> ChooseBinlogs(const std::vector<std::string>& names,
                                                       const std::string& first,
                                                       const std::string& last);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_RESTORER_UNTIL_H_

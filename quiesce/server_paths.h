// Where a server keeps its files.

#ifndef MYSQL_BACKUP_QUIESCE_SERVER_PATHS_H_
#define MYSQL_BACKUP_QUIESCE_SERVER_PATHS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/mysql_session.h"

namespace mysql_backup {

struct ServerPath {
  std::string variable;  // the server variable, or what else told the path
  std::string path;      // absolute
};

// Returns `value` as an absolute path: relative ones are below the data directory.
std::string AbsoluteServerPath(absl::string_view datadir, absl::string_view value);

// Returns the files that a value of innodb_data_file_path names
// ("ibdata1:12M;/x/ibdata2:1G:autoextend" gives "ibdata1" and "/x/ibdata2").
std::vector<std::string> DataFileNames(absl::string_view innodb_data_file_path);

// Asks the server for everything without which a copy of its data directory would not restore:
// datadir (the first one returned), InnoDB's system tablespace, redo, undo, doublewrite and general
// tablespaces, Aria's log, the binary log and its index.
absl::StatusOr<std::vector<ServerPath>> ReadServerPaths(MysqlSession& session);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_QUIESCE_SERVER_PATHS_H_

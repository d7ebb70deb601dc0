// The one header between this code and glog: use LOG(INFO), LOG(WARNING) and LOG(ERROR) from here.
//
// Every line goes to stderr and to nowhere else:
//   2026-11-23T02:00:00+00:00 INFO snapshot_create: created vg_mysql/mysql_snapshot
// which is also the form of the lines that the scripts write.

#ifndef MYSQL_BACKUP_BASE_LOG_H_
#define MYSQL_BACKUP_BASE_LOG_H_

#include <glog/logging.h>

#include <string>

#include "absl/strings/string_view.h"

namespace mysql_backup {

// Sets glog up under the tool's name. To be called once, before the first LOG().
void InitLogging(const std::string& tool_name);

// Returns `text` fit for one log line: control characters escaped as in C, and the line feeds
// between the lines of a program's message turned into "; ". Names and messages that come from
// outside go through this.
std::string OneLine(absl::string_view text);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_LOG_H_

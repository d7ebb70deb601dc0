// Reading a scratch server's error log: what it said, and whose fault that was.

#ifndef MYSQL_BACKUP_VERIFIER_SERVER_LOG_H_
#define MYSQL_BACKUP_VERIFIER_SERVER_LOG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace mysql_backup {

// Returns the last error lines of the log (ten at most), or its last lines where none is marked as
// an error, joined by " | ". Empty for an empty log.
std::string LastErrors(absl::string_view log);

// Returns the remedy when the log shows that this host, not the backup, is the reason: no
// permission (AppArmor), no room, no memory, options that the data directory needs, or a server of
// another version.
absl::optional<std::string> HostTrouble(absl::string_view log);

// Whether an error line speaks of corruption.
bool ReportsCorruption(absl::string_view log);

// Whether the server has ended because of transactions that were prepared and not committed: it
// does not start on them, or (MySQL) has just committed them and wants to be started again.
bool ReportsPrepared(absl::string_view log);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_VERIFIER_SERVER_LOG_H_

// Holding the read lock until told to let go.

#ifndef MYSQL_BACKUP_QUIESCE_HOLD_H_
#define MYSQL_BACKUP_QUIESCE_HOLD_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "quiesce/read_lock.h"

namespace mysql_backup {

struct HoldOptions {
  ReadLockOptions lock;
  std::string fifo;
};

// Takes the lock, says so, and answers the fifo's lines until "release". `say` gets each record for
// stdout, with its line feed:
//   locked connection_id=... waited_ms=... time=... flavour=... (see FormatPosition)
//   held connection_id=... held_ms=...         in answer to "check"
//   released connection_id=... held_ms=...     in answer to "release"
// OK after a proven release. NoError (3) when the lock was found lost; Busy (75) when it could not
// be had; otherwise an error, with the lock released, when the fifo's last writer went, a signal
// came, the limit was reached, or an unknown line was read.
absl::Status HoldLock(const HoldOptions& options,
                      absl::FunctionRef<absl::Status(absl::string_view)> say);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_QUIESCE_HOLD_H_

// What happens to a removal in the middle: a signal, a crash, an error of the system, an obstacle.

#ifndef MYSQL_BACKUP_RETENTION_RANDOM_FAULT_H_
#define MYSQL_BACKUP_RETENTION_RANDOM_FAULT_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/testing/trials.h"
#include "retention/random_root.h"

namespace mysql_backup {

struct Fault {
  enum Kind { kNone, kSignal, kCrash, kError, kMount, kImmutable, kPermission };
  Kind kind = kNone;
  size_t at = 0;         // the system call that a signal, a crash or an error comes with
  int error = 0;         // the errno
  bool forever = false;  // whether the calls after it fail as well
  std::string path;      // where the obstacle is
};

// Returns its name, for the last line of a test.
const char* FaultName(Fault::Kind kind);

// How a removal ended.
struct RemovalResult {
  bool crashed = false;  // and the rest is unknown
  int exit_code = 0;
  std::string message;
  std::vector<std::string> removed;
  int removals_after_signal = 0;
  bool fault_came = false;      // not so when the work was done before
  bool looked_in_vain = false;  // the fault kept it from seeing what is there
};

using Removal = std::function<absl::Status(std::vector<std::string>* removed)>;

// Returns kNone more often than not. `outside` is a directory that may be mounted inside the root.
Fault RandomFault(Trial& trial, const RandomRoot& root);

// Runs `removal` with the fault. Obstacles are gone again afterwards.
RemovalResult RunWithFault(const Fault& fault, const std::string& outside, const Removal& removal);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_RETENTION_RANDOM_FAULT_H_

// What a fuzz target defines.

#ifndef MYSQL_BACKUP_FUZZ_FUZZ_ONE_H_
#define MYSQL_BACKUP_FUZZ_FUZZ_ONE_H_

#include "absl/strings/string_view.h"
#include "base/log.h"  // IWYU pragma: export

namespace mysql_backup {

// Runs the code under test on one input and CHECKs what must hold of its result, whatever the input
// is. It keeps no state between two calls and touches nothing outside of the process.
void FuzzOne(absl::string_view input);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_FUZZ_FUZZ_ONE_H_

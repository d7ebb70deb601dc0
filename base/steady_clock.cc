#include "base/steady_clock.h"

#include <ctime>

namespace mysql_backup {

absl::Time SteadyNow() {
  timespec since_boot = {};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return absl::TimeFromTimespec(since_boot);
}

}  // namespace mysql_backup

#include "base/steady_clock.h"

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace mysql_backup {
namespace {

TEST(SteadyClock, IsNotTheClockOnTheWall) {
  // No machine has been up since 1970 or so.
  EXPECT_GT(absl::Now() - SteadyNow(), absl::Hours(24 * 365 * 10));
}

TEST(SteadyClock, GoesOn) {
  const absl::Time began = SteadyNow();
  absl::SleepFor(absl::Milliseconds(20));
  EXPECT_GE(SteadyNow() - began, absl::Milliseconds(20));
}

}  // namespace
}  // namespace mysql_backup

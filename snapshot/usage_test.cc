#include "snapshot/usage.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace mysql_backup {
namespace {

constexpr uint64_t kMiB = 1 << 20;

Usage At(int second, uint64_t used_mib, uint64_t size_mib = 1000) {
  return {absl::UnixEpoch() + absl::Seconds(second), used_mib * kMiB, size_mib * kMiB};
}

TEST(UsageTest, OfAVolume) {
  LogicalVolume snapshot;
  snapshot.size_bytes = 200 * kMiB;
  snapshot.data_percent = 25;
  const Usage usage = UsageOf(snapshot, absl::UnixEpoch());
  EXPECT_EQ(usage.used_bytes, 50 * kMiB);
  EXPECT_EQ(usage.size_bytes, 200 * kMiB);
  EXPECT_EQ(usage.Percent(), 25);
  EXPECT_EQ(Usage().Percent(), 100) << "nothing is full at once";
}

TEST(FillRateTest, Table) {
  const struct {
    const char* what;
    std::vector<Usage> looks;
    double mib_per_second;
  } kCases[] = {
      {"no look", {}, 0},
      {"one look tells no rate", {At(0, 100)}, 0},
      {"two", {At(0, 100), At(10, 150)}, 5},
      {"it does not fill", {At(0, 100), At(10, 100)}, 0},
      {"the mean of what is recent", {At(0, 0), At(5, 50), At(10, 50), At(20, 200)}, 10},
      {"what is long ago does not count", {At(0, 0), At(100, 900), At(130, 900), At(160, 960)}, 1},
      {"looks that are far apart do", {At(0, 0), At(1000, 500)}, 0.5},
      {"an extension changes nothing", {At(0, 100, 200), At(10, 150, 800)}, 5},
      {"the clock stood still", {At(7, 0), At(7, 100)}, 0},
      {"the clock was set back", {At(100, 0), At(50, 100)}, 0},
      {"merged or made anew", {At(0, 500), At(10, 0)}, 0},
  };
  for (const auto& c : kCases) {
    FillRate rate;
    for (const Usage& usage : c.looks) rate.Add(usage);
    EXPECT_EQ(rate.BytesPerSecond(), c.mib_per_second * kMiB) << c.what;
  }
}

TEST(TimeLeftTest, Table) {
  const struct {
    uint64_t used_mib, size_mib;
    double mib_per_second;
    absl::Duration left;
  } kCases[] = {
      {700, 1000, 10, absl::Seconds(30)},       {0, 1000, 0.5, absl::Seconds(2000)},
      {1000, 1000, 10, absl::ZeroDuration()},   {1001, 1000, 10, absl::ZeroDuration()},
      {700, 1000, 0, absl::InfiniteDuration()},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(TimeLeft(At(0, c.used_mib, c.size_mib), c.mib_per_second * kMiB), c.left);
  }
}

TEST(UsageWordsTest, Table) {
  EXPECT_EQ(UsageWords(At(0, 720), 0), "72 % full (720 of 1000 MiB)");
  EXPECT_EQ(
      UsageWords(At(0, 720), 3.5 * kMiB),
      "72 % full (720 of 1000 MiB), and will be full in 1m20s at the present rate (3.5 MiB/s)");
  EXPECT_EQ(
      UsageWords(At(0, 999), 100 * kMiB),
      "100 % full (999 of 1000 MiB), and will be full in 0 at the present rate (100.0 MiB/s)");
}

TEST(PlanExtensionTest, Table) {
  const struct {
    const char* what;
    uint64_t size_mib, max_mib, useful_mib, free_mib;
    double mib_per_second;
    uint64_t new_mib;     // 0: none
    const char* why_not;  // ""
  } kCases[] = {
      {"by half", 1000, 8000, 9000, 9000, 0, 1500, ""},
      {"by half, in whole extents", 12, 8000, 9000, 9000, 0, 20, ""},
      {"by an extent at least", 4, 8000, 9000, 9000, 0, 8, ""},
      {"by what a minute needs", 1000, 8000, 9000, 9000, 50, 4000, ""},
      {"half is more than a minute", 1000, 8000, 9000, 9000, 5, 1500, ""},
      {"up to the limit", 1000, 1200, 9000, 9000, 50, 1200, ""},
      {"the limit in whole extents", 1000, 1203, 9000, 9000, 50, 1200, ""},
      {"what the origin can fill", 1000, 8000, 1100, 9000, 50, 1100, ""},
      {"what the group has", 1000, 8000, 9000, 100, 50, 1100, ""},
      {"the group's last extent", 1000, 8000, 9000, 4, 50, 1004, ""},
      {"no limit is no extension", 1000, 0, 9000, 9000, 50, 0, "SNAPSHOT_MAX_SIZE is not set"},
      {"at the limit", 1000, 1000, 9000, 9000, 50, 0,
       "reached SNAPSHOT_MAX_SIZE, which is 1000 MiB"},
      {"at the limit but for less than an extent", 1000, 1003, 9000, 9000, 50, 0, "reached"},
      {"beyond the limit", 1000, 500, 9000, 9000, 50, 0, "reached"},
      {"cannot overflow", 1000, 8000, 1000, 9000, 50, 0, "as large as its origin"},
      {"no room", 1000, 8000, 9000, 0, 50, 0, "no free extents"},
  };
  for (const auto& c : kCases) {
    const auto planned =
        PlanExtension(At(0, 0, c.size_mib), c.mib_per_second * kMiB,
                      {c.max_mib * kMiB, c.useful_mib * kMiB, {c.free_mib * kMiB, 4 * kMiB}});
    EXPECT_EQ(planned.ok() ? *planned / kMiB : 0, c.new_mib) << c.what;
    EXPECT_TRUE(absl::StrContains(planned.status().message(), c.why_not)) << planned.status();
  }
}

}  // namespace
}  // namespace mysql_backup

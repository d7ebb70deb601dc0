#include "syncer/progress.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <cstdint>

#include "absl/strings/match.h"

namespace mysql_backup {
namespace {

constexpr int64_t kGib = int64_t{1} << 30;

TEST(ProgressTest, Bar) {
  EXPECT_EQ(ProgressBar({0, kGib, 0}),
            "[>                             ]   0%  0 B  0 B/s  ?:??:?? left");
  EXPECT_EQ(ProgressBar({kGib * 3 / 2, kGib * 3, 120.35 * (1 << 20)}),
            "[===============>              ]  50%  1.5 GiB  120.3 MiB/s  0:00:13 left");
  EXPECT_EQ(ProgressBar({2048, 2048, 1024}),
            "[==============================] 100%  2.0 KiB  1.0 KiB/s  0:00:00 left");
  EXPECT_EQ(ProgressBar({0, 0, 0}),
            "[==============================] 100%  0 B  0 B/s  0:00:00 left");
}

// Counted from what rsync says, which may be anything.
TEST(ProgressTest, IsNeverTooWide) {
  for (const int64_t bytes : {int64_t{0}, int64_t{1023} << 50, INT64_MAX}) {
    for (const int64_t total : {int64_t{0}, int64_t{1}, INT64_MAX}) {
      for (const double rate : {-1.0, 0.0, 1e-300, 1023.0 * (1 << 20), 1e18}) {
        EXPECT_LT(ProgressBar({bytes, total, rate}).size(), 80U)
            << bytes << " " << total << " " << rate;
        EXPECT_LT(ProgressWords({bytes, total, rate}).size(), 80U);
      }
    }
  }
}

TEST(ProgressTest, Words) {
  EXPECT_EQ(ProgressWords({kGib * 3 / 2, kGib * 4, 1 << 20}),
            "copied 1.5 GiB, 37%, 1.0 MiB/s, 0:42:40 left");
}

// A terminal of our own: what is written to its one end is read at the other.
class TerminalTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(openpty(&master_, &terminal_, nullptr, nullptr, nullptr), 0); }
  void TearDown() override { close(master_); }

  // Everything that was shown. The terminal is no more after that: its end is what ends the
  // reading.
  std::string Shown() const {
    close(terminal_);
    std::string shown;
    char buffer[4096];
    ssize_t size = 0;
    while ((size = read(master_, buffer, sizeof(buffer))) > 0) {
      shown.append(buffer, static_cast<size_t>(size));
    }
    return shown;
  }

  int master_ = -1;
  int terminal_ = -1;
};

TEST_F(TerminalTest, EndsWithAFullBarAndANewLine) {
  {
    ProgressReporter reporter(terminal_, absl::InfiniteDuration(), 2048);
    reporter.Update(1700);
    reporter.Complete();
  }
  const std::string shown = Shown();
  EXPECT_TRUE(absl::StartsWith(shown, "\r[==============================] 100%  2.0 KiB  "))
      << shown;
  EXPECT_TRUE(absl::EndsWith(shown, "/s  0:00:00 left\x1b[K\r\n")) << shown;
}

TEST_F(TerminalTest, ShowsNothingWithoutProgress) {
  { ProgressReporter reporter(terminal_, absl::InfiniteDuration(), 2048); }
  EXPECT_EQ(Shown(), "");
}

// Were this to wait for the terminal, the test would not end.
TEST_F(TerminalTest, DoesNotWaitForAStoppedTerminal) {
  ASSERT_EQ(tcflow(terminal_, TCOOFF), 0);
  {
    ProgressReporter reporter(terminal_, absl::InfiniteDuration(), 2048);
    reporter.Update(1024);
    reporter.Complete();
  }
  EXPECT_EQ(Shown(), "");
}

TEST(ProgressTest, AClosedDescriptorIsNoTerminal) {
  ProgressReporter reporter(1 << 20, absl::InfiniteDuration(), 2048);
  reporter.Update(1024);
  reporter.Complete();
}

}  // namespace
}  // namespace mysql_backup

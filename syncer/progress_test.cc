#include "syncer/progress.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <vector>

namespace mysql_backup {
namespace {

CopyProgress Progress(int64_t bytes, int percent) {
  return CopyProgress{bytes, percent, "120.35MB/s", "0:00:12"};
}

TEST(ProgressTest, Bar) {
  EXPECT_EQ(ProgressBar(Progress(0, 0)),
            "[>                             ]   0%  0 B  120.35MB/s  0:00:12 left");
  EXPECT_EQ(ProgressBar(Progress(1610612736, 50)),
            "[===============>              ]  50%  1.5 GiB  120.35MB/s  0:00:12 left");
  EXPECT_EQ(ProgressBar(Progress(2048, 100)),
            "[==============================] 100%  2.0 KiB  120.35MB/s  0:00:12 left");
  EXPECT_LT(ProgressBar(Progress(INT64_MAX, 100)).size(), 80);
}

TEST(ProgressTest, Words) {
  EXPECT_EQ(ProgressWords(Progress(1610612736, 45)),
            "copied 1.5 GiB, 45%, 120.35MB/s, 0:00:12 left");
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
    ProgressReporter reporter(terminal_, absl::InfiniteDuration());
    reporter.Update(Progress(2048, 83));
    reporter.Complete();
  }
  const std::string full = ProgressBar(CopyProgress{2048, 100, "120.35MB/s", "0:00:00"});
  EXPECT_EQ(Shown(), "\r" + full + "\x1b[K\r\n");
}

TEST_F(TerminalTest, ShowsNothingWithoutProgress) {
  { ProgressReporter reporter(terminal_, absl::InfiniteDuration()); }
  EXPECT_EQ(Shown(), "");
}

// Were this to wait for the terminal, the test would not end.
TEST_F(TerminalTest, DoesNotWaitForAStoppedTerminal) {
  ASSERT_EQ(tcflow(terminal_, TCOOFF), 0);
  {
    ProgressReporter reporter(terminal_, absl::InfiniteDuration());
    reporter.Update(Progress(2048, 50));
    reporter.Complete();
  }
  EXPECT_EQ(Shown(), "");
}

TEST(ProgressTest, AClosedDescriptorIsNoTerminal) {
  ProgressReporter reporter(1 << 20, absl::InfiniteDuration());
  reporter.Update(Progress(2048, 50));
  reporter.Complete();
}

}  // namespace
}  // namespace mysql_backup

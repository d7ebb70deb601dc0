#include "syncer/rsync.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"

namespace mysql_backup {
namespace {

TEST(RsyncTest, ArgumentsEndWithTheDirectories) {
  const std::vector<std::string> arguments = RsyncArguments("/usr/bin/rsync", "/b/.x.partial");
  EXPECT_EQ(arguments.front(), "/usr/bin/rsync");
  EXPECT_EQ(arguments[arguments.size() - 2], "./");
  EXPECT_EQ(arguments.back(), "/b/.x.partial/");
  // rsync follows planted links when it writes a log file of its own (failures.md).
  for (const std::string& argument : arguments) {
    EXPECT_FALSE(absl::StrContains(argument, "log-file"));
  }
}

TEST(RsyncTest, ParsesProgress) {
  const auto progress =
      ParseProgress("        8000000  16%    1.24GB/s    0:01:07 (xfr#1, to-chk=5/8)");
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->bytes, 8000000);
  EXPECT_EQ(progress->percent, 16);
  EXPECT_EQ(progress->rate, "1.24GB/s");
  EXPECT_EQ(progress->clock, "0:01:07");
  EXPECT_TRUE(ParseProgress("32768   0%    0.00kB/s    0:00:00  ").has_value());

  for (const char* line :
       {"", " ", "1 2 3 4", "8000000 16 1.24GB/s 0:00:00", "8000000 16% 1.24GB 0:00:00",
        "8000000 16%", "x 16% 1.24GB/s 0:00:00", "-1 16% 1.24GB/s 0:00:00",
        "1 101% 1.24GB/s 0:00:00", "1 -1% 1.24GB/s 0:00:00", "1 1% \x1b[2J/s 0:00:00",
        "1 1% 1.24GB/s 0:\x07", "1 1% 123456789.00GB/s 0:00:00",
        "Number of files: 8 (reg: 6, dir: 2)"}) {
    EXPECT_FALSE(ParseProgress(line).has_value()) << line;
  }
}

constexpr char kOutput[] =
    "\r          32768   0%    0.00kB/s    0:00:00  \r"
    "        8000000  16%    1.24GB/s    0:00:00 (xfr#1, to-chk=5/8)\n"
    "\r       40000000  83%    1.28GB/s    0:00:00 (xfr#5, to-chk=0/8)\n"
    "\n"
    "Number of files: 8 (reg: 6, dir: 2)\n"
    "Number of created files: 8 (reg: 5, dir: 2)\n"
    "Number of regular files transferred: 5\n"
    "Total file size: 48000000 bytes\n"
    "Total transferred file size: 40000000 bytes\n"
    "sent 40010162 bytes  received 133 bytes  80020590.00 bytes/sec\n";

TEST(RsyncTest, ReadsOutputInOnePiece) {
  RsyncOutput output;
  EXPECT_FALSE(output.totals().has_value());
  const auto progress = output.Add(kOutput);
  ASSERT_TRUE(progress.has_value());
  EXPECT_EQ(progress->percent, 83);
  ASSERT_TRUE(output.totals().has_value());
  EXPECT_EQ(output.totals()->bytes, 48000000);
  EXPECT_EQ(output.totals()->files, 6);
}

TEST(RsyncTest, ReadsOutputByteByByte) {
  RsyncOutput output;
  int updates = 0;
  for (const char& c : absl::string_view(kOutput)) {
    if (output.Add(absl::string_view(&c, 1)).has_value()) ++updates;
  }
  EXPECT_EQ(updates, 3);
  ASSERT_TRUE(output.totals().has_value());
  EXPECT_EQ(output.totals()->bytes, 48000000);
  EXPECT_EQ(output.totals()->files, 6);
}

TEST(RsyncTest, NeedsBothTotals) {
  RsyncOutput output;
  output.Add("Total file size: 5 bytes\n");
  EXPECT_FALSE(output.totals().has_value());
  output.Add("Number of files: 1 (dir: 1)\n");
  ASSERT_TRUE(output.totals().has_value());
  EXPECT_EQ(output.totals()->files, 0);
}

TEST(RsyncTest, SurvivesAnyOutput) {
  RsyncOutput output;
  EXPECT_FALSE(output.Add(std::string(1 << 20, 'x')).has_value());
  EXPECT_FALSE(output.Add("\nTotal file size: \nNumber of files: (reg: \n").has_value());
  EXPECT_EQ(output.totals()->bytes, 0);
}

TEST(RsyncTest, EveryExitCodeHasAMeaning) {
  for (int code = 1; code < 256; ++code) EXPECT_FALSE(RsyncExitMeaning(code).empty());
  EXPECT_TRUE(absl::StrContains(RsyncExitMeaning(24), "vanished"));
}

TEST(RsyncTest, LastLines) {
  EXPECT_EQ(LastLines("", 2), "");
  EXPECT_EQ(LastLines("\n\n", 2), "");
  EXPECT_EQ(LastLines("a", 2), "a");
  EXPECT_EQ(LastLines("a\nb\n", 2), "a\nb");
  EXPECT_EQ(LastLines("a\nb\nc\n", 2), "b\nc");
  EXPECT_EQ(LastLines("a\nb\nc", 1), "c");
  EXPECT_EQ(LastLines("\nb\nc", 3), "\nb\nc");
  EXPECT_EQ(LastLines("\nb", 1), "b");
}

}  // namespace
}  // namespace mysql_backup

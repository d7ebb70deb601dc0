#include "syncer/rsync.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/checksum.h"

namespace mysql_backup {
namespace {

TEST(RsyncTest, ArgumentsEndWithTheDirectories) {
  for (const std::vector<std::string>& arguments :
       {FilesArguments("/usr/bin/rsync", "/b/.x.partial", {}),
        DirectoriesArguments("/usr/bin/rsync", "/b/.x.partial")}) {
    EXPECT_EQ(arguments.front(), "/usr/bin/rsync");
    EXPECT_EQ(arguments[arguments.size() - 2], "./");
    EXPECT_EQ(arguments.back(), "/b/.x.partial/");
    // rsync follows planted links when it writes a log file of its own (failures.md).
    for (const std::string& argument : arguments) {
      EXPECT_FALSE(absl::StrContains(argument, "log-file"));
    }
  }
}

TEST(RsyncTest, LimitsTheRate) {
  const auto has = [](int64_t rate, const std::string& argument) {
    FilesOptions options;
    options.rate = rate;
    const std::vector<std::string> arguments = FilesArguments("/usr/bin/rsync", "/b", options);
    return std::any_of(arguments.begin(), arguments.end(),
                       [&](const std::string& a) { return absl::StartsWith(a, argument); });
  };
  EXPECT_FALSE(has(0, "--bwlimit"));
  EXPECT_TRUE(has(4 << 20, "--bwlimit=4096"));
  EXPECT_TRUE(has(1, "--bwlimit=1"));  // never 0, which would be no limit
}

TEST(RsyncTest, LeavesOutAtTheTop) {
  for (const char* name : {"host.pid", ".pid", "mysql.sock.lock", "backup.manifest"}) {
    EXPECT_TRUE(IsLeftOut(name, false)) << name;
  }
  EXPECT_TRUE(IsLeftOut("lost+found", true));
  for (const char* name : {"lost+found", "pid", "host.pid2", "mysql.sock", "ibdata1", ".."}) {
    EXPECT_FALSE(IsLeftOut(name, false)) << name;
  }
}

TEST(RsyncTest, ParsesProgress) {
  EXPECT_EQ(ParseProgress("        8000000  16%    1.24GB/s    0:01:07 (xfr#1, to-chk=5/8)"),
            8000000);
  EXPECT_EQ(ParseProgress("32768   0%    0.00kB/s    0:00:00  "), 32768);
  for (const char* line : {"", " ", "1 2 3 4", "8000000 16 1.24GB/s 0:00:00",
                           "8000000 16% 1.24GB 0:00:00", "8000000 16%", "x 16% 1.24GB/s 0:00:00",
                           "-1 16% 1.24GB/s 0:00:00", "Number of files: 8 (reg: 6, dir: 2)"}) {
    EXPECT_EQ(ParseProgress(line), absl::nullopt) << line;
  }
}

constexpr char kSum[] = "99aa06d3014798d86001c324468d497f";

TEST(RsyncTest, ParsesWhatWasCopied) {
  using Kind = ManifestEntry::Kind;
  const std::string none(kChecksumDigits, ' ');
  struct Case {
    std::string line;
    ManifestEntry entry;
  };
  for (const Case& c : std::vector<Case>{
           {absl::StrCat(">f+++++++++ ", kSum, " 98304 shop/a b.ibd"),
            {Kind::kFile, "shop/a b.ibd", 98304, kSum}},
           {absl::StrCat(">f+++++++++ ", kSum, " 0 new\\#012line\\#134#012\\x\\#99"),
            {Kind::kFile, "new\nline\\#012\\x\\#99", 0, kSum}},
           {absl::StrCat("hf+++++++++ ", none, " 5 a"), {Kind::kFile, "a", 5, ""}},
           {absl::StrCat("cL+++++++++ ", none, " 3 a"), {Kind::kLink, "a", 3, ""}},
           {absl::StrCat("hL+++++++++ ", none, " 3 a"), {Kind::kLink, "a", 3, ""}},
           {absl::StrCat("cd+++++++++ ", none, " 4096 shop/"), {Kind::kDirectory, "shop", 0, ""}},
           {absl::StrCat(".d..t...... ", none, " 4096 ./"), {Kind::kDirectory, ".", 0, ""}},
       }) {
    const absl::optional<CopiedEntry> copied = ParseCopiedEntry(c.line);
    ASSERT_TRUE(copied.has_value()) << c.line;
    EXPECT_EQ(copied->entry, c.entry) << c.line;
    EXPECT_FALSE(copied->reused) << c.line;
  }
  for (const Case& c : std::vector<Case>{
           {absl::StrCat("hf          ", none, " 5 a"), {Kind::kFile, "a", 5, ""}},
           {absl::StrCat("hf          ", kSum, " 5 a"), {Kind::kFile, "a", 5, kSum}},
           {absl::StrCat("cf...p..... ", none, " 5 a"), {Kind::kFile, "a", 5, ""}},
           {absl::StrCat(".f          ", none, " 5 a"), {Kind::kFile, "a", 5, ""}},
       }) {
    const absl::optional<CopiedEntry> copied = ParseCopiedEntry(c.line);
    ASSERT_TRUE(copied.has_value()) << c.line;
    EXPECT_EQ(copied->entry, c.entry) << c.line;
    EXPECT_TRUE(copied->reused) << c.line;
  }
  for (const std::string& line : std::vector<std::string>{
           "", ">f+++++++++", absl::StrCat(">f+++++++++ ", kSum),
           absl::StrCat(">f+++++++++ ", kSum, " 5"), absl::StrCat(">f+++++++++ ", kSum, " x a"),
           absl::StrCat(">f+++++++++ ", kSum, " -1 a"),
           // A file without a checksum would not be vouched for.
           absl::StrCat(">f+++++++++ ", none, " 5 a"), absl::StrCat("hf+++++++++ ", kSum, " 5 a"),
           absl::StrCat("cd+++++++++ ", none, " 0 a"), absl::StrCat("cD+++++++++ ", none, " 0 a"),
           absl::StrCat("cS+++++++++ ", none, " 0 a"),
           absl::StrCat("*deleting   ", none, " 0 a")}) {
    EXPECT_EQ(ParseCopiedEntry(line), absl::nullopt) << line;
  }
}

TEST(RsyncTest, HandsEntriesOn) {
  std::string entries;
  RsyncOutput output(
      false, [&entries](const CopiedEntry& copied) { entries += FormatEntry(copied.entry); });
  output.Add(absl::StrCat("entry .d..t...... ", std::string(kChecksumDigits, ' '), " 4096 ./\n",
                          "\r  100  1%  1.00kB/s  0:00:00\r\nentry >f+++++++++ ", kSum, " 7 a"));
  EXPECT_EQ(entries, "");
  output.Add(" b\n");
  EXPECT_EQ(entries, absl::StrCat("f ", kSum, " 7 a%20b\n"));
  EXPECT_EQ(output.strange_line(), "");
  output.Add("entry ??\nentry !!\n");
  EXPECT_EQ(output.strange_line(), "??");
}

// Where nothing can be reused, a file that was not copied is missing.
TEST(RsyncTest, ReusedIsOnlyWhatMayBe) {
  const std::string line =
      absl::StrCat("entry hf          ", std::string(kChecksumDigits, ' '), " 7 a\n");
  for (const bool may_reuse : {false, true}) {
    int reused = 0;
    RsyncOutput output(may_reuse,
                       [&reused](const CopiedEntry& copied) { reused += copied.reused; });
    output.Add(line);
    EXPECT_EQ(reused, may_reuse ? 1 : 0);
    EXPECT_EQ(output.strange_line().empty(), may_reuse);
  }
}

constexpr char kOutput[] =
    "\r          32768   0%    0.00kB/s    0:00:00  \r"
    "        8000000  16%    1.24GB/s    0:00:00 (xfr#1, to-chk=5/8)\n"
    "\r       40000000  83%    1.28GB/s    0:00:00 (xfr#5, to-chk=0/8)\n";

TEST(RsyncTest, ReadsOutputInOnePiece) {
  RsyncOutput output(false, nullptr);
  EXPECT_EQ(output.Add(kOutput), 40000000);
}

TEST(RsyncTest, ReadsOutputByteByByte) {
  RsyncOutput output(false, nullptr);
  std::vector<int64_t> updates;
  for (const char& c : absl::string_view(kOutput)) {
    const absl::optional<int64_t> bytes = output.Add(absl::string_view(&c, 1));
    if (bytes.has_value()) updates.push_back(*bytes);
  }
  EXPECT_EQ(updates, std::vector<int64_t>({32768, 8000000, 40000000}));
}

TEST(RsyncTest, SurvivesAnyOutput) {
  RsyncOutput output(false, nullptr);
  EXPECT_EQ(output.Add(std::string(1 << 20, 'x')), absl::nullopt);
  EXPECT_EQ(output.Add("\n\r\n"), absl::nullopt);
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

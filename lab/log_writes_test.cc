#include "lab/log_writes.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

constexpr uint64_t kSector = 512;
constexpr uint64_t kBlock = 4096;
enum Flag : uint64_t { kFlush = 1, kFua = 2, kDiscard = 4, kMark = 8 };

std::string LittleEndian(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

std::string Padded(std::string text, uint64_t size) {
  text.resize(size, '\0');
  return text;
}

// A log made by hand, sector by sector.
class LogMaker {
 public:
  explicit LogMaker(uint64_t sector = kSector) : sector_(sector) {}

  // `data` is padded to whole sectors.
  LogMaker& Write(uint64_t block, const std::string& data, uint64_t flags = 0) {
    const uint64_t sectors = (data.size() + sector_ - 1) / sector_;
    Head(block * kBlock / sector_, sectors, flags, 0, "");
    body_ += Padded(data, sectors * sector_);
    return *this;
  }
  LogMaker& Discard(uint64_t block, uint64_t blocks) {
    Head(block * kBlock / sector_, blocks * kBlock / sector_, kDiscard, 0, "");
    return *this;
  }
  LogMaker& Flush() {
    Head(0, 0, kFlush, 0, "");
    return *this;
  }
  LogMaker& Mark(const std::string& text) {
    Head(0, 0, kMark, text.size(), text);
    return *this;
  }
  std::string Text() const {
    return Padded(LittleEndian(0x6a736677736872, 8) + LittleEndian(1, 8) + LittleEndian(count_, 8) +
                      LittleEndian(sector_, 4),
                  sector_) +
           body_;
  }

 private:
  void Head(uint64_t place, uint64_t sectors, uint64_t flags, uint64_t length,
            const std::string& text) {
    body_ += Padded(LittleEndian(place, 8) + LittleEndian(sectors, 8) + LittleEndian(flags, 8) +
                        LittleEndian(length, 8) + text,
                    sector_);
    ++count_;
  }
  uint64_t sector_;
  uint64_t count_ = 0;
  std::string body_;
};

std::string Put(const std::string& name, const std::string& text) {
  std::string path = absl::StrCat(testing::TempDir(), "/", name);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  return path;
}

WriteLog OpenOrDie(const LogMaker& maker) {
  absl::StatusOr<WriteLog> log = WriteLog::Open(Put("log", maker.Text()));
  EXPECT_TRUE(log.ok()) << log.status();
  return std::move(log).value();
}

std::string Block(char letter) { return std::string(kBlock, letter); }

// The first letter of each block of a disk, '.' for zeros, after a cut. It begins as all 'o'.
std::string DiskAfter(const WriteLog& log, const PowerCut& cut, size_t blocks = 8) {
  const std::string path = Put("image", std::string(blocks * kBlock, 'o'));
  {
    const UniqueFd image(open(path.c_str(), O_RDWR | O_CLOEXEC));
    EXPECT_TRUE(ApplyPieces(log, PiecesOf(log.entries, 0, cut), image.get()).ok());
  }
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(bytes.size(), blocks * kBlock);
  std::string letters;
  for (size_t i = 0; i < blocks; ++i) {
    const char first = bytes[i * kBlock];
    letters += first == '\0' ? '.' : first;
    EXPECT_EQ(bytes.substr(i * kBlock, kBlock), Block(first)) << "block " << i << " is torn";
  }
  return letters;
}

// W(0,1) W(2) FLUSH FUA(3) W(4) MARK W(0) DISCARD(2) FLUSH
LogMaker Example() {
  LogMaker maker;
  maker.Write(0, Block('a') + Block('b')).Write(2, Block('c')).Flush().Write(3, Block('d'), kFua);
  maker.Write(4, Block('e')).Mark("published=x").Write(0, Block('f')).Discard(2, 1).Flush();
  return maker;
}

TEST(WriteLogTest, ReadsEveryKindOfEntry) {
  for (const uint64_t sector : {uint64_t{512}, kBlock}) {
    LogMaker maker(sector);
    maker.Write(1, Block('a'))
        .Write(2, Block('b'), kFua)
        .Write(3, Block('c'), kFlush | kFua)
        .Write(4, Block('d'), kFlush)
        .Discard(5, 2)
        .Flush()
        .Mark("made");
    const WriteLog log = OpenOrDie(maker);
    std::vector<std::string> lines;
    for (const LogEntry& entry : log.entries) {
      lines.push_back(
          absl::StrCat(KindOf(entry), " ", entry.offset, " ", entry.size, " ", entry.text));
    }
    EXPECT_EQ(absl::StrJoin(lines, "\n"),
              "write 4096 4096 \nwrite+fua 8192 4096 \nflush+write+fua 12288 4096 \n"
              "flush+write 16384 4096 \ndiscard 20480 8192 \nflush 0 0 \nmark 0 0 made");
    EXPECT_EQ(DiskAfter(log, {7, absl::nullopt}), "oabcd..o");
  }
}

TEST(WriteLogTest, RefusesWhatIsNoLogOrIsCutShort) {
  EXPECT_TRUE(absl::IsNotFound(WriteLog::Open("/nonexistent/log").status()));
  const std::string good = Example().Text();
  ASSERT_TRUE(WriteLog::Open(Put("log", good)).ok());
  std::vector<std::string> bad = {"", "short", std::string(4096, '\0')};
  for (size_t at : {0, 8, 25}) {  // magic, version, sector size
    bad.push_back(good);
    bad.back()[at] ^= 1;
  }
  bad.push_back(good);
  bad.back()[16] = 100;  // more entries than there are
  for (size_t size = 512; size < good.size(); size += 512) {
    const absl::StatusOr<WriteLog> log = WriteLog::Open(Put("log", good.substr(0, size)));
    EXPECT_FALSE(log.ok()) << size;
  }
  bad.push_back(good);
  bad.back()[512 + 14] = '\x7f';  // the first entry's length
  for (const std::string& text : bad) {
    EXPECT_TRUE(absl::IsDataLoss(WriteLog::Open(Put("log", text)).status()));
  }
}

TEST(WriteLogTest, ReadsMarksThatWereWritten) {
  LogMaker maker;
  maker.Write(7, "log_writes mark made\n")
      .Write(1, "log_writes mar")
      .Write(2, Padded("log_writes mark too long", 1024));
  const WriteLog log = OpenOrDie(maker);
  ASSERT_EQ(log.entries.size(), 3);
  EXPECT_EQ(KindOf(log.entries[0]), "mark");
  EXPECT_EQ(log.entries[0].text, "made");
  EXPECT_TRUE(PiecesOf(log.entries, 0, {1, absl::nullopt}).empty());
  EXPECT_EQ(KindOf(log.entries[1]), "write");
  EXPECT_EQ(KindOf(log.entries[2]), "write");
}

TEST(WriteLogTest, ReadsNoMoreThanTheLogCounts) {
  std::string text = Example().Text();
  text[16] = 2;
  const absl::StatusOr<WriteLog> log = WriteLog::Open(Put("log", text + "rubbish"));
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->entries.size(), 2);
}

TEST(PowerCutTest, KnowsWhatIsDurable) {
  const WriteLog log = OpenOrDie(Example());
  const std::vector<size_t> expected = {0, 0, 0, 2, 2, 2, 2, 2, 2, 8};
  for (size_t end = 0; end < expected.size(); ++end) {
    EXPECT_EQ(DurableEnd(log.entries, end), expected[end]) << end;
  }
}

TEST(PowerCutTest, AllIsThereOrOnlyWhatIsDurable) {
  const WriteLog log = OpenOrDie(Example());
  const std::vector<std::string> all = {"oooooooo", "aboooooo", "abcooooo", "abcooooo", "abcdoooo",
                                        "abcdeooo", "abcdeooo", "fbcdeooo", "fb.deooo", "fb.deooo"};
  const std::vector<std::string> durable = {"oooooooo", "oooooooo", "oooooooo", "abcooooo",
                                            "abcdoooo", "abcdoooo", "abcdoooo", "abcdoooo",
                                            "abcdoooo", "fb.deooo"};
  for (size_t end = 0; end < all.size(); ++end) {
    EXPECT_EQ(DiskAfter(log, {end, absl::nullopt}), all[end]) << end;
    EXPECT_EQ(DiskAfter(log, {end, 0}), durable[end]) << end;
  }
}

// Every combination of what is in flight comes up, and nothing else does.
TEST(PowerCutTest, ASeedGivesAnyPartOfWhatIsInFlight) {
  const WriteLog log = OpenOrDie(Example());
  std::set<std::string> seen;
  for (uint64_t seed = 1; seed < 200; ++seed) {
    const std::string disk = DiskAfter(log, {8, seed});
    EXPECT_EQ(DiskAfter(log, {8, seed}), disk) << "seed " << seed << " is not the same twice";
    seen.insert(disk);
  }
  // Two writes and a discard.
  EXPECT_EQ(seen, (std::set<std::string>{"ab.deooo", "ab.doooo", "abcdeooo", "abcdoooo", "fb.deooo",
                                         "fb.doooo", "fbcdeooo", "fbcdoooo"}));
}

TEST(PowerCutTest, ALongWriteMayBeTornBetweenBlocksOnly) {
  LogMaker maker;
  maker.Write(0, Block('a') + Block('b') + Block('c'));
  const WriteLog log = OpenOrDie(maker);
  std::set<std::string> seen;
  for (uint64_t seed = 1; seed < 200; ++seed) seen.insert(DiskAfter(log, {1, seed}));
  EXPECT_EQ(seen.size(), 8);
}

TEST(PowerCutTest, GoesOnFromAnImageThatIsPartOfTheWay) {
  const WriteLog log = OpenOrDie(Example());
  const std::vector<Piece> rest = PiecesOf(log.entries, 2, {8, 0});
  ASSERT_EQ(rest.size(), 1);
  EXPECT_EQ(rest[0].offset, 3 * kBlock);
}

TEST(PowerCutTest, RefusesAnImageThatIsTooSmall) {
  const WriteLog log = OpenOrDie(Example());
  const std::string path = Put("image", Block('o'));
  const UniqueFd image(open(path.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_TRUE(absl::IsOutOfRange(
      ApplyPieces(log, PiecesOf(log.entries, 0, {9, absl::nullopt}), image.get())));
}

LogMaker WithMarks() {
  LogMaker maker;
  maker.Write(0, Block('a')).Flush().Mark("made");
  for (int i = 0; i < 5; ++i) {
    maker.Write(1, Block('b')).Write(2, Block('c')).Flush().Write(3, Block('d'), kFua);
    maker.Write(4, Block('e')).Mark("published=x");
  }
  return maker;
}

TEST(PlanCutsTest, CoversEveryBoundaryBehindTheMark) {
  const WriteLog log = OpenOrDie(WithMarks());
  PlanOptions options;
  options.begin_mark = "made";
  const absl::StatusOr<std::vector<PowerCut>> cuts = PlanCuts(log.entries, options);
  ASSERT_TRUE(cuts.ok()) << cuts.status();
  EXPECT_TRUE(std::is_sorted(cuts->begin(), cuts->end()));
  std::set<size_t> whole;
  std::set<size_t> nothing;
  size_t random = 0;
  for (const PowerCut& cut : *cuts) {
    EXPECT_GT(cut.end, 3);
    EXPECT_LE(cut.end, log.entries.size());
    if (!cut.seed.has_value()) {
      whole.insert(cut.end);
    } else if (*cut.seed == 0) {
      nothing.insert(cut.end);
    } else {
      ++random;
    }
  }
  std::set<size_t> expected_whole;
  std::set<size_t> expected_nothing;
  for (size_t round = 0; round < 5; ++round) {
    const size_t begin = 3 + round * 6;
    expected_whole.insert({begin + 3, begin + 4, begin + 6});
    expected_nothing.insert({begin + 2, begin + 6});
  }
  EXPECT_EQ(whole, expected_whole);
  EXPECT_EQ(nothing, expected_nothing);
  EXPECT_GT(random, 10);
  EXPECT_LE(random, 10 * options.subsets);
}

TEST(PlanCutsTest, AFlushRightBehindAMarkAddsNothing) {
  LogMaker maker;
  maker.Write(0, Block('a')).Flush().Mark("made").Write(1, Block('b')).Mark("x").Flush();
  const WriteLog log = OpenOrDie(maker);
  PlanOptions options;
  options.begin_mark = "made";
  const absl::StatusOr<std::vector<PowerCut>> cuts = PlanCuts(log.entries, options);
  ASSERT_TRUE(cuts.ok());
  std::vector<PowerCut> whole_or_nothing;
  std::copy_if(cuts->begin(), cuts->end(), std::back_inserter(whole_or_nothing),
               [](const PowerCut& cut) { return cut.seed.value_or(0) == 0; });
  EXPECT_EQ(whole_or_nothing,
            (std::vector<PowerCut>{{5, absl::nullopt}, {5, 0}, {6, absl::nullopt}}));
}

TEST(PlanCutsTest, ASelectionKeepsTheMarks) {
  const WriteLog log = OpenOrDie(WithMarks());
  PlanOptions options;
  options.begin_mark = "made";
  for (const size_t states : {1, 12, 20}) {
    options.states = states;
    const absl::StatusOr<std::vector<PowerCut>> cuts = PlanCuts(log.entries, options);
    ASSERT_TRUE(cuts.ok());
    EXPECT_LE(cuts->size(), std::max<size_t>(states, 10));
    EXPECT_GE(cuts->size(), 10);
    for (size_t end = 9; end <= log.entries.size(); end += 6) {
      EXPECT_TRUE(std::binary_search(cuts->begin(), cuts->end(), PowerCut{end, absl::nullopt}));
      EXPECT_TRUE(std::binary_search(cuts->begin(), cuts->end(), PowerCut{end, 0}));
    }
    EXPECT_EQ(*cuts, *PlanCuts(log.entries, options)) << "the same seed, another plan";
  }
}

TEST(PlanCutsTest, WithoutACacheNothingIsInFlight) {
  const WriteLog log = OpenOrDie(WithMarks());
  PlanOptions options;
  options.begin_mark = "made";
  options.no_cache = true;
  options.subsets = 50;
  const absl::StatusOr<std::vector<PowerCut>> cuts = PlanCuts(log.entries, options);
  ASSERT_TRUE(cuts.ok());
  EXPECT_EQ(cuts->size(), 5 * 6) << "not each moment once";
  for (const PowerCut& cut : *cuts) EXPECT_FALSE(cut.seed.has_value());
}

TEST(PlanCutsTest, NeedsTheMark) {
  const WriteLog log = OpenOrDie(WithMarks());
  PlanOptions options;
  options.begin_mark = "unmade";
  EXPECT_TRUE(absl::IsNotFound(PlanCuts(log.entries, options).status()));
}

}  // namespace
}  // namespace mysql_backup

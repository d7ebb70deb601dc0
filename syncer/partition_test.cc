#include "syncer/partition.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

constexpr int64_t kMib = int64_t{1} << 20;

class PartitionTest : public testing::Test {
 protected:
  void SetUp() override {
    top_ = absl::StrCat(testing::TempDir(), "/partition.XXXXXX");
    ASSERT_NE(mkdtemp(top_.data()), nullptr);
    directory_.reset(open(top_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(directory_.ok());
  }

  // A file that takes no room.
  void Make(const std::string& path, int64_t bytes) const {
    const std::string whole = absl::StrCat(top_, "/", path);
    std::ofstream(whole).flush();
    ASSERT_EQ(truncate(whole.c_str(), bytes), 0);
  }
  void MakeDirectory(const std::string& path) const {
    ASSERT_EQ(mkdir(absl::StrCat(top_, "/", path).c_str(), 0700), 0);
  }
  void Link(const std::string& from, const std::string& to) const {
    ASSERT_EQ(link(absl::StrCat(top_, "/", from).c_str(), absl::StrCat(top_, "/", to).c_str()), 0);
  }

  // The parts, each the set of its paths.
  std::vector<std::set<std::string>> Parts(int jobs) {
    Partition::Options options;
    options.directory = directory_.get();
    options.path = top_;
    options.jobs = jobs;
    options.is_left_out = [](const TreeEntry& entry) { return entry.path == "left_out"; };
    options.basis_of = [this](const TreeEntry& entry) {
      return entry.facts.st_size == compared_bytes_ ? Basis::kCompared : Basis::kNone;
    };
    directories_.clear();
    auto partition = Partition::Create(options, [this](const std::string& path) {
      directories_.push_back(path);
      return absl::OkStatus();
    });
    EXPECT_TRUE(partition.ok()) << partition.status();
    totals_ = partition->totals();
    std::vector<std::set<std::string>> parts;
    while (true) {
      const auto part = partition->Next();
      EXPECT_TRUE(part.ok()) << part.status();
      if (!part.ok() || !part->has_value()) return parts;
      parts.emplace_back();
      for (const auto& [basis, list] : (*part)->lists) {
        Add(list, &parts.back());
        if (basis == Basis::kCompared) Add(list, &compared_);
      }
    }
  }

  static void Add(const Partition::List& list, std::set<std::string>* paths) {
    for (const absl::string_view name : absl::StrSplit(list, '\0', absl::SkipEmpty())) {
      EXPECT_EQ(name.substr(0, 2), "./");
      EXPECT_TRUE(paths->emplace(name.substr(2)).second) << name << " is there twice";
    }
  }

  std::string top_;
  UniqueFd directory_;
  std::vector<std::string> directories_;
  TreeTotals totals_;
  int64_t compared_bytes_ = -1;  // files of this length are to be compared
  std::set<std::string> compared_;
};

TEST_F(PartitionTest, AnEmptyTreeHasNoParts) {
  EXPECT_TRUE(Parts(4).empty());
  EXPECT_EQ(totals_.files, 0);
  EXPECT_EQ(totals_.bytes, 0);
}

TEST_F(PartitionTest, HasAllThatIsCopiedOnce) {
  MakeDirectory("shop");
  MakeDirectory("shop/left_out");  // only at the top it is
  MakeDirectory("left_out");
  Make("left_out/x", 5);
  Make("shop/left_out/x", 5);
  Make("#innodb", 7);
  ASSERT_EQ(symlink("../x", absl::StrCat(top_, "/shop/link").c_str()), 0);
  ASSERT_EQ(mkfifo(absl::StrCat(top_, "/fifo").c_str(), 0600), 0);
  const std::vector<std::set<std::string>> parts = Parts(1);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0], std::set<std::string>({"#innodb", "shop/left_out/x", "shop/link"}));
  EXPECT_EQ(directories_, std::vector<std::string>({"shop", "shop/left_out"}));
  EXPECT_EQ(totals_.files, 2);
  EXPECT_EQ(totals_.bytes, 7 + 5 + 4);
}

TEST_F(PartitionTest, LargeFilesComeFirstAndApart) {
  for (int i = 1; i <= 8; ++i) Make(absl::StrCat("t", i), i * 64 * kMib);
  for (int i = 0; i < 100; ++i) Make(absl::StrCat("s", i), kMib);
  std::vector<std::set<std::string>> parts = Parts(2);
  // Of 2404 MiB each job has eight parts or more, so 150 MiB are one.
  EXPECT_EQ(parts[0], std::set<std::string>({"t8"}));
  EXPECT_EQ(parts[5], std::set<std::string>({"t3"}));
  EXPECT_EQ(parts[6], std::set<std::string>({"t2", "t1"}));
  EXPECT_EQ(parts[7].size(), 100U);
  EXPECT_EQ(parts.size(), 8U);
  // Alone there is nobody to share with.
  parts = Parts(1);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].size(), 108U);
}

TEST_F(PartitionTest, ManySmallFilesAreNotOnePart) {
  for (int i = 0; i < 10001; ++i) Make(absl::StrCat("s", i), 0);
  const std::vector<std::set<std::string>> parts = Parts(1);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].size(), 10000U);
  EXPECT_EQ(parts[1].size(), 1U);
}

TEST_F(PartitionTest, AllNamesOfAFileAreInOnePart) {
  MakeDirectory("d");
  for (int i = 0; i < 20; ++i) {
    const std::string first = absl::StrCat("f", i);
    Make(first, 40 * kMib);
    for (int j = 0; j < 3; ++j) Link(first, absl::StrCat("d/f", i, ".", j));
  }
  std::map<std::string, size_t> part_of;
  const std::vector<std::set<std::string>> parts = Parts(8);
  for (size_t i = 0; i < parts.size(); ++i) {
    for (const std::string& path : parts[i]) part_of[path] = i;
  }
  EXPECT_GT(parts.size(), 5U);
  EXPECT_EQ(part_of.size(), 80U);
  EXPECT_EQ(totals_.files, 80);
  EXPECT_EQ(totals_.bytes, 80 * 40 * kMib);
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 3; ++j) {
      EXPECT_EQ(part_of[absl::StrCat("d/f", i, ".", j)], part_of[absl::StrCat("f", i)]);
    }
  }
}

TEST_F(PartitionTest, SoAreThoseOfSmallFiles) {
  MakeDirectory("d");
  for (int i = 0; i < 6000; ++i) {
    Make(absl::StrCat("f", i), 1);
    Link(absl::StrCat("f", i), absl::StrCat("d/f", i));
  }
  const std::vector<std::set<std::string>> parts = Parts(1);
  EXPECT_EQ(parts.size(), 2U);
  for (const std::set<std::string>& part : parts) {
    for (int i = 0; i < 6000; ++i) {
      EXPECT_EQ(part.count(absl::StrCat("f", i)), part.count(absl::StrCat("d/f", i)));
    }
  }
}

TEST_F(PartitionTest, AListForEachBasis) {
  Make("small", 5);
  Make("also", 6);
  Make("linked", 7);
  Link("linked", "further");
  Make("large", 40 * kMib);
  for (const int64_t bytes : {int64_t{5}, int64_t{7}, 40 * kMib}) {
    compared_bytes_ = bytes;
    compared_.clear();
    ASSERT_EQ(Parts(1).size(), 1U);
    EXPECT_EQ(compared_, bytes == 5   ? std::set<std::string>({"small"})
                         : bytes == 7 ? std::set<std::string>({"linked", "further"})
                                      : std::set<std::string>({"large"}));
  }
}

}  // namespace
}  // namespace mysql_backup

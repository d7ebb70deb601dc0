#include "base/verdict.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

Manifest Records(const std::string& checksum) {
  Manifest manifest;
  manifest.records.push_back({"end", {{"entries", "1"}, {"xxh128", checksum}}});
  return manifest;
}

TEST(VerdictTest, IsBoundToTheManifest) {
  const UniqueFd backup(open(testing::TempDir().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Manifest records = Records("6bba86c7e069f56d5a10b435f1c8e49c");
  EXPECT_FALSE(ReadVerdict(backup.get(), "/b", records).value().has_value());

  Verdict verdict;
  verdict.time = absl::FromUnixSeconds(1'800'000'000);
  verdict.duration = absl::Seconds(75);
  for (const bool good : {false, true}) {
    verdict.good = good;
    ASSERT_TRUE(WriteVerdict(backup.get(), "/b", verdict, records).ok());
    const auto read = ReadVerdict(backup.get(), "/b", records).value();
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->good, good);
    EXPECT_EQ(read->time, verdict.time);
    EXPECT_EQ(read->duration, verdict.duration);
  }
  const Manifest other = Records("00000000000000000000000000000000");
  EXPECT_FALSE(ReadVerdict(backup.get(), "/b", other).value().has_value());
}

TEST(VerdictTest, WhatIsOfAnotherFormIsNone) {
  const UniqueFd backup(open(testing::TempDir().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Manifest records = Records("6bba86c7e069f56d5a10b435f1c8e49c");
  const std::vector<std::string> texts = {"", "verified", "verified verdict=good",
                                          "x manifest=", std::string(5000, 'x')};
  for (const std::string& text : texts) {
    EXPECT_FALSE(ParseVerdict(text, records).has_value()) << text;
    EXPECT_FALSE(ParseVerdict(text, Manifest()).has_value()) << text;
    // Not every filesystem keeps one of that length.
    if (fsetxattr(backup.get(), kVerdictAttribute, text.data(), text.size(), 0) != 0) continue;
    EXPECT_FALSE(ReadVerdict(backup.get(), "/b", records).value().has_value()) << text;
  }
}

// What the system does not tell may be a bad verdict.
TEST(VerdictTest, AFailedLookIsAnError) {
  const auto verdict = ReadVerdict(-1, "/backups/b", Records("0"));
  EXPECT_EQ(verdict.status().message(),
            "cannot read the verdict on /backups/b: Bad file descriptor");
}

TEST(VerdictTest, ADamagedManifestIsABadVerdictForEver) {
  const UniqueFd root(open(testing::TempDir().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_TRUE(absl::IsNotFound(FindVerdict(root.get(), "backup").status()));

  const std::string backup = testing::TempDir() + "/backup";
  ASSERT_EQ(mkdir(backup.c_str(), 0700), 0);
  EXPECT_FALSE(FindVerdict(root.get(), "backup").value().has_value());

  std::ofstream(backup + "/" + kManifestName) << "not a manifest\n";
  const absl::optional<Verdict> damaged = FindVerdict(root.get(), "backup").value();
  ASSERT_TRUE(damaged.has_value());
  EXPECT_FALSE(damaged->good);
  EXPECT_GT(damaged->time, absl::Now());
}

}  // namespace
}  // namespace mysql_backup

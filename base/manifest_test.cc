#include "base/manifest.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/checksum.h"
#include "base/manifest_parser.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

using Kind = ManifestEntry::Kind;
using testing::ElementsAre;
using testing::HasSubstr;

const char kSum[] = "6bba86c7e069f56d5a10b435f1c8e49c";

ManifestEntry Entry(Kind kind, const std::string& path, uint64_t bytes) {
  return {kind, path, bytes, kind == Kind::kDirectory ? "" : kSum};
}

const ManifestEntry kDirectory = Entry(Kind::kDirectory, "a shop", 0);
const ManifestEntry kFile = Entry(Kind::kFile, "a shop/100%.ibd", 98304);
const ManifestEntry kLink = Entry(Kind::kLink, "link\n", 7);

std::string Begun() {
  return absl::StrCat(kManifestHead, FormatEntry(kDirectory), FormatEntry(kFile),
                      FormatEntry(kLink));
}

absl::StatusOr<std::string> Rest(const std::string& begun, const std::string& records) {
  ManifestParser parser;
  parser.Add(begun);
  return parser.Complete(records);
}

std::string Whole() {
  const std::string begun = Begun();
  return begun + Rest(begun, "locked version=10.11 gtid=\ncopied bytes=98311\n").value();
}

// In pieces of so many bytes.
absl::StatusOr<Manifest> Parse(const std::string& text, size_t piece = 7) {
  Manifest manifest;
  ManifestParser parser([&](ManifestEntry entry, uint64_t offset) {
    const std::string line = FormatEntry(entry);
    EXPECT_EQ(text.substr(offset, line.size()), line);
    manifest.entries.push_back(std::move(entry));
  });
  for (size_t at = 0; at < text.size(); at += piece) parser.Add(text.substr(at, piece));
  EXPECT_EQ(parser.entries(), manifest.entries.size());
  auto records = parser.Finish();
  if (!records.ok()) return records.status();
  manifest.records = *std::move(records);
  return manifest;
}

// A directory with the manifest `text` in it.
UniqueFd BackupWith(const std::string& text) {
  static int number = 0;
  const std::string path = absl::StrCat(testing::TempDir(), "/", ++number);
  EXPECT_EQ(mkdir(path.c_str(), 0700), 0);
  if (!text.empty()) std::ofstream(absl::StrCat(path, "/", kManifestName)) << text;
  return UniqueFd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

TEST(ManifestEntryTest, IsOneLine) {
  EXPECT_EQ(FormatEntry(kDirectory), "d - 0 a%20shop\n");
  EXPECT_EQ(FormatEntry(kFile), absl::StrCat("f ", kSum, " 98304 a%20shop/100%25.ibd\n"));
  EXPECT_EQ(FormatEntry(kLink), absl::StrCat("l ", kSum, " 7 link%0A\n"));
}

TEST(ManifestEntryTest, IsReadBack) {
  for (const ManifestEntry& entry : {kDirectory, kFile, kLink}) {
    const std::string line = FormatEntry(entry);
    EXPECT_EQ(ParseEntry(line.substr(0, line.size() - 1)), entry) << line;
  }
}

TEST(ManifestEntryTest, RefusesAnotherForm) {
  const std::string sum = kSum;
  for (const std::string& line : std::vector<std::string>{"",
                                                          "f " + sum + " 1",
                                                          "f " + sum + " 1 a b",
                                                          "f  " + sum + " 1 a",
                                                          "x " + sum + " 1 a",
                                                          "f - 1 a",
                                                          "f " + sum + "0 1 a",
                                                          "f " + sum + " -1 a",
                                                          "f " + sum + " 1x a",
                                                          "f " + sum + " 01 a",
                                                          "d - 00 a",
                                                          "f " + sum + " 1 ",
                                                          "f " + sum + " 1 /a",
                                                          "f " + sum + " 1 a//b",
                                                          "f " + sum + " 1 a/",
                                                          "f " + sum + " 1 ./a",
                                                          "f " + sum + " 1 a/../b",
                                                          "f " + sum + " 1 %",
                                                          "f " + sum + " 1 a%00",
                                                          "d - 1 a",
                                                          "d " + sum + " 0 a"}) {
    EXPECT_EQ(ParseEntry(line), absl::nullopt) << line;
  }
}

TEST(ManifestRecordTest, HoldsWhatAToolSaid) {
  const ManifestRecord record = ParseRecord("locked connection_id=7 gtid= name=a%20b=c").value();
  EXPECT_EQ(record.word, "locked");
  EXPECT_EQ(record.Get("connection_id"), "7");
  EXPECT_EQ(record.Get("gtid"), "");
  EXPECT_EQ(record.Get("name"), "a b=c");
  EXPECT_EQ(record.Get("nothing"), "");
}

TEST(ManifestRecordTest, RefusesAnotherForm) {
  for (const char* const line : {"", "f", "locked ", "locked a", "locked =1", "locked a=1  b=2",
                                 "Locked a=1", "locked a=%", "locked a-b=1"}) {
    EXPECT_EQ(ParseRecord(line), absl::nullopt) << line;
  }
}

TEST(ManifestTest, IsReadBack) {
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{1000}}) {
    const Manifest manifest = Parse(Whole(), piece).value();
    EXPECT_THAT(manifest.entries, ElementsAre(kDirectory, kFile, kLink));
    EXPECT_EQ(manifest.Get("locked", "version"), "10.11");
    EXPECT_EQ(manifest.Get("copied", "bytes"), "98311");
    EXPECT_EQ(manifest.Get("copied", "files"), "");
    EXPECT_EQ(manifest.Get("nothing", "bytes"), "");
  }
}

TEST(ManifestTest, CanBeOfAnEmptyDirectory) {
  const Manifest manifest =
      Parse(absl::StrCat(kManifestHead, Rest(kManifestHead, "").value())).value();
  EXPECT_TRUE(manifest.entries.empty());
  EXPECT_TRUE(manifest.records.empty());
}

TEST(ManifestTest, FindsEveryByteThatIsAnother) {
  const std::string whole = Whole();
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const char mask : {'\x01', '\x20', '\x80'}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ mask);
      EXPECT_TRUE(absl::IsDataLoss(Parse(damaged).status())) << i << ": " << damaged;
    }
  }
}

TEST(ManifestTest, FindsEveryLengthThatIsAnother) {
  const std::string whole = Whole();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(Parse(whole.substr(0, size)).status())) << size;
  }
  for (const char* const more : {"\n", " ", "x", "end entries=3\n", "d - 0 more\n", "run a=1\n"}) {
    EXPECT_TRUE(absl::IsDataLoss(Parse(whole + more).status())) << more;
  }
}

TEST(ManifestTest, NamesTheLineThatIsWrong) {
  const auto wrong = Parse(absl::StrReplaceAll(Whole(), {{"d - 0", "d - x"}}));
  EXPECT_EQ(wrong.status().message(), "line 2 is neither an entry nor a record: 'd - x a%20shop'");
}

TEST(ManifestTest, HasEachPathOnce) {
  const std::string twice = absl::StrCat(kManifestHead, FormatEntry(kFile), FormatEntry(kFile));
  const std::string all = absl::StrCat(twice, "end entries=2 xxh128=", ChecksumOf(twice), "\n");
  EXPECT_THAT(std::string(Parse(all).status().message()),
              HasSubstr("two of its entries have the same path"));
}

TEST(CompleteManifestTest, RefusesWhatIsNoManifest) {
  const std::string begun = Begun();
  const auto why = [](const std::string& text, const std::string& records) {
    const auto result = Rest(text, records);
    EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << text << records;
    return std::string(result.status().message());
  };
  EXPECT_EQ(why("", ""), "it is empty");
  EXPECT_EQ(why("d - 0 a\n", ""), "line 1 is not a manifest's first: 'd - 0 a'");
  EXPECT_THAT(why(begun + FormatEntry(kFile), ""),
              HasSubstr("two of its entries have the same path"));
  EXPECT_EQ(why(begun + "d - 0 cut", "run a=1\n"), "line 5 is cut short: 'd - 0 cut'");
  EXPECT_EQ(why(begun + "d - 0 cut", "\nrun a=1\n"), "line 5 is cut short: 'd - 0 cut'");
  EXPECT_THAT(why(begun, "x"), HasSubstr("line 5 is cut short: 'x'"));
  EXPECT_THAT(why(begun, "Hello\n"), HasSubstr("line 5 is neither"));
  EXPECT_THAT(why(begun, "a_b c=1\nd - 0 x\n"), HasSubstr("line 6 is an entry after the records"));
  EXPECT_THAT(why(Whole(), ""), HasSubstr("it has a last line already"));
  EXPECT_THAT(why(begun, "end entries=3\n"), HasSubstr("it has a last line already"));
}

TEST(ReadManifestTest, ReadsThatOfABackup) {
  const UniqueFd backup = BackupWith(Whole());
  EXPECT_EQ(ReadManifest(backup.get(), "/b").value().entries.size(), 3U);
  const Manifest manifest = ReadManifestRecords(backup.get(), "/b").value();
  EXPECT_EQ(manifest.Get("locked", "version"), "10.11");
  EXPECT_EQ(manifest.Get("copied", "bytes"), "98311");
  EXPECT_EQ(manifest.Get("end", "entries"), "3");
}

TEST(ReadManifestTest, ReadsTheRecordsOfALongOne) {
  std::string begun = kManifestHead;
  for (int i = 0; i < 5000; ++i) {
    begun += FormatEntry(Entry(Kind::kFile, absl::StrCat("t", i), 1));
  }
  const UniqueFd backup = BackupWith(begun + Rest(begun, "locked gtid=0-1-2\n").value());
  EXPECT_EQ(ReadManifestRecords(backup.get(), "/b").value().Get("locked", "gtid"), "0-1-2");
}

TEST(ReadManifestTest, TellsNoneFromADamagedOne) {
  const UniqueFd without = BackupWith("");
  EXPECT_TRUE(absl::IsNotFound(ReadManifest(without.get(), "/b").status()));
  EXPECT_TRUE(absl::IsNotFound(ReadManifestRecords(without.get(), "/b").status()));
  const UniqueFd damaged = BackupWith(Begun());
  EXPECT_TRUE(absl::IsDataLoss(ReadManifest(damaged.get(), "/b").status()));
  EXPECT_TRUE(absl::IsDataLoss(ReadManifestRecords(damaged.get(), "/b").status()));
  EXPECT_THAT(std::string(ReadManifest(damaged.get(), "/b").status().message()),
              HasSubstr("/b/backup.manifest is damaged: it has no last line"));
}

}  // namespace
}  // namespace mysql_backup

#include "base/checksum.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

// As xxh128sum prints them.
constexpr char kOfNothing[] = "99aa06d3014798d86001c324468d497f";
constexpr char kOfHello[] = "6bba86c7e069f56d5a10b435f1c8e49c";  // "hello\n"

TEST(ChecksumTest, IsThatOfXxh128sum) {
  EXPECT_EQ(ChecksumOf(""), kOfNothing);
  EXPECT_EQ(ChecksumOf("hello\n"), kOfHello);
}

TEST(ChecksumTest, DoesNotDependOnThePieces) {
  Checksum checksum;
  EXPECT_EQ(checksum.Digits(), kOfNothing);
  checksum.Add("hel");
  checksum.Add("");
  checksum.Add("lo\n");
  EXPECT_EQ(checksum.Digits(), kOfHello);
}

TEST(ChecksumTest, ReadsAFileFromItsBeginning) {
  const std::string path = testing::TempDir() + "/file";
  const std::string content(3'000'001, 'x');
  std::ofstream(path) << content;
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(lseek(fd.get(), 10, SEEK_SET), 10);
  EXPECT_EQ(ChecksumOfFile(fd.get(), path).value(), ChecksumOf(content));
}

TEST(ChecksumTest, TellsWhyAFileCannotBeRead) {
  const UniqueFd directory(open("/", O_RDONLY | O_CLOEXEC));
  const auto result = ChecksumOfFile(directory.get(), "/x");
  EXPECT_EQ(result.status().message(), "cannot read /x: Is a directory");
}

TEST(IsChecksumTest, KnowsTheForm) {
  EXPECT_TRUE(IsChecksum(kOfNothing));
  EXPECT_FALSE(IsChecksum(""));
  EXPECT_FALSE(IsChecksum("99AA06d3014798d86001c324468d497f"));
  EXPECT_FALSE(IsChecksum("99aa06d3014798d86001c324468d497"));
  EXPECT_FALSE(IsChecksum("99aa06d3014798d86001c324468d497fa"));
  EXPECT_FALSE(IsChecksum("g9aa06d3014798d86001c324468d497f"));
}

}  // namespace
}  // namespace mysql_backup

#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <string>

#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

TEST(FileTest, ReadsBackWhatWasWritten) {
  const std::string path = testing::TempDir() + "/file";
  const std::string text(300'001, 'x');
  const UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_TRUE(WriteAll(file.get(), text, path).ok());
  EXPECT_EQ(ReadFile(path).value(), text);
  ASSERT_EQ(lseek(file.get(), -3, SEEK_END), 300'001 - 3);
  EXPECT_EQ(ReadToEnd(file.get(), path).value(), "xxx");
}

TEST(FileTest, TellsTheReason) {
  EXPECT_EQ(ReadFile("/no/such").status().message(),
            "cannot read /no/such: No such file or directory");
  const UniqueFd directory(open("/", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(ReadToEnd(directory.get(), "/").status().message(), "cannot read /: Is a directory");
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(WriteAll(full.get(), "x", "/dev/full").message(),
            "cannot write /dev/full: No space left on device");
}

}  // namespace
}  // namespace mysql_backup

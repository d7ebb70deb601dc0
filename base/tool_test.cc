#include "base/tool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "absl/strings/match.h"
#include "base/exit_code.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

TEST(CheckPathFlagTest, AcceptsPlainAbsolutePaths) {
  for (const absl::string_view path :
       {"/a", "/a/", "//a//b", "/mnt/mysql_snapshot", "/with space", "/-rf", "/...", "/a/..b/.c",
        "/quote'\"", "/J\xc3\xbcrgen"}) {
    EXPECT_TRUE(CheckPathFlag("path", path).ok()) << path;
  }
}

TEST(CheckPathFlagTest, RefusesTheRestNamingTheFlag) {
  const struct {
    absl::string_view value, reason;
  } kCases[] = {
      {"", "is needed"},
      {"/", "root directory"},
      {"//", "root directory"},
      {"relative", "absolute"},
      {"./a", "absolute"},
      {" /a", "absolute"},
      {"/a/../b", "'..'"},
      {"/..", "'..'"},
      {"/a/.", "'.'"},
      {"/./a", "'.'"},
      {"/a\nb", "control character"},
      {"/a\tb", "control character"},
      {"/a\x7f", "control character"},
      {absl::string_view("/a\0b", 4), "control character"},
  };
  for (const auto& test_case : kCases) {
    const absl::Status status = CheckPathFlag("mount_point", test_case.value);
    EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage);
    EXPECT_TRUE(absl::StartsWith(status.message(), "--mount_point")) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), test_case.reason)) << status;
  }
}

TEST(CheckRangeFlagTest, NamesTheFlagAndTheRange) {
  EXPECT_TRUE(CheckRangeFlag("jobs", 0, 0, 64).ok());
  EXPECT_TRUE(CheckRangeFlag("jobs", 64, 0, 64).ok());
  const absl::Status many = CheckRangeFlag("jobs", 65, 0, 64);
  EXPECT_EQ(ExitCodeOf(many), ExitCode::kUsage);
  EXPECT_EQ(many.message(), "--jobs=65 is not from 0 to 64");
  EXPECT_EQ(CheckRangeFlag("jobs", -1, 0, 64).message(), "--jobs=-1 is not from 0 to 64");
  EXPECT_EQ(CheckRangeFlag("keep", 0, 1).message(), "--keep=0 is not 1 or more");
}

TEST(SizeFromFlagTest, NamesTheFlag) {
  EXPECT_EQ(*SizeFromFlag("size", "1G"), 1U << 30);
  const absl::Status status = SizeFromFlag("size", "big").status();
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage);
  EXPECT_TRUE(absl::StartsWith(status.message(), "--size='big' must be")) << status;
}

TEST(NoArgumentsTest, RefusesAny) {
  EXPECT_TRUE(NoArguments({}).ok());
  const absl::Status status = NoArguments({"stray", "more"});
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kUsage);
  EXPECT_TRUE(absl::StrContains(status.message(), "'stray'")) << status;
}

// Puts `fd` in the place of a standard descriptor for as long as it lives.
class Redirect {
 public:
  Redirect(int standard, int fd) : standard_(standard), saved_(dup(standard)) {
    dup2(fd, standard);
  }
  ~Redirect() { dup2(saved_.get(), standard_); }

 private:
  int standard_;
  UniqueFd saved_;
};

// An unnamed file with this content, read from its start.
UniqueFd FileWith(absl::string_view text) {
  std::FILE* file = std::tmpfile();
  std::fwrite(text.data(), 1, text.size(), file);
  std::rewind(file);
  UniqueFd fd(dup(fileno(file)));
  std::fclose(file);
  return fd;
}

TEST(ReadStdinTest, ReadsAllOfIt) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{100'000}, size_t{64} << 20}) {
    const std::string text(size, 'x');
    const UniqueFd file = FileWith(text);
    const Redirect redirect(STDIN_FILENO, file.get());
    const absl::StatusOr<std::string> read = ReadStdin();
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_TRUE(*read == text) << read->size();
  }
}

TEST(ReadStdinTest, RefusesWhatIsTooLong) {
  const UniqueFd file = FileWith(std::string((size_t{64} << 20) + 1, 'x'));
  const Redirect redirect(STDIN_FILENO, file.get());
  EXPECT_EQ(ReadStdin().status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(WriteStdoutTest, WritesAllOfIt) {
  const UniqueFd file = FileWith("");
  const std::string text(300'000, 'y');
  {
    const Redirect redirect(STDOUT_FILENO, file.get());
    ASSERT_TRUE(WriteStdout(text).ok());
    ASSERT_TRUE(WriteStdout("").ok());
  }
  std::string read(text.size() + 1, ' ');
  ASSERT_EQ(pread(file.get(), read.data(), read.size(), 0), static_cast<ssize_t>(text.size()));
  EXPECT_TRUE(absl::StartsWith(read, text));
}

TEST(WriteStdoutTest, SaysWhyItCannot) {
  std::FILE* full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  absl::Status status;
  {
    const Redirect redirect(STDOUT_FILENO, fileno(full));
    status = WriteStdout("x");
  }
  std::fclose(full);
  EXPECT_EQ(status.message(), "cannot write to standard output: No space left on device");
}

TEST(RequireRootTest, NamesTheNeed) {
  const bool is_root = geteuid() == 0;
  EXPECT_EQ(RequireRoot("mounting needs it").ok(), is_root);
  if (is_root) {
    ASSERT_EQ(seteuid(65534), 0);
  }
  const absl::Status status = RequireRoot("mounting needs it");
  if (is_root) {
    ASSERT_EQ(seteuid(0), 0);
  }
  EXPECT_EQ(status.message(), "not running as root: mounting needs it; use sudo");
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kFailed);
}

}  // namespace
}  // namespace mysql_backup

#include "base/log.h"

#include <gtest/gtest.h>

#include <string>

namespace mysql_backup {
namespace {

TEST(OneLineTest, Table) {
  const struct {
    absl::string_view text, expected;
  } kCases[] = {
      {"", ""},
      {"\n", ""},
      {" \n\t\n", ""},
      {"plain", "plain"},
      {"  Logical volume \"x\" created.\n", "Logical volume \"x\" created."},
      {"first\n  second\n\nthird\n", "first; second; third"},
      {"dos\r\nlines\r\n", "dos; lines"},
      {"a\tb", "a\\tb"},
      {"a\rb", "a\\rb"},
      {"bell\a", "bell\\007"},
      {"\x1b[31mred", "\\033[31mred"},
      {"del\x7f!", "del\\177!"},
      {absl::string_view("nul\0!", 5), "nul\\000!"},
      {"J\xc3\xbcrgen", "J\xc3\xbcrgen"},  // UTF-8 is left readable
      {"back\\slash 'quote'", "back\\slash 'quote'"},
  };
  for (const auto& test_case : kCases) {
    EXPECT_EQ(OneLine(test_case.text), test_case.expected);
  }
}

TEST(LogTest, LinesHaveTheDocumentedForm) {
  InitLogging("log_test");
  testing::internal::CaptureStderr();
  LOG(INFO) << "one";
  LOG(WARNING) << "two";
  LOG(ERROR) << "three";
  const std::string text = testing::internal::GetCapturedStderr();
  // googletest's regular expressions know neither {n} nor groups here; this is POSIX extended.
  const std::string time = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9:]{5}";
  const std::string expected = "^" + time + " INFO log_test: one\n" + time +
                               " WARNING log_test: two\n" + time + " ERROR log_test: three\n$";
  EXPECT_TRUE(testing::internal::RE::FullMatch(text, testing::internal::RE(expected.c_str())))
      << text;
}

}  // namespace
}  // namespace mysql_backup

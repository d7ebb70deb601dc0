#include "base/value.h"

#include <gtest/gtest.h>

namespace mysql_backup {
namespace {

// What is refused, and why, is tested where the words are shown: config/value_test.cc.

TEST(ParseSize, GivesBytes) {
  EXPECT_EQ(*ParseSize("4096K"), 4U << 20);
  EXPECT_EQ(*ParseSize("512M"), 512U << 20);
  EXPECT_EQ(*ParseSize("1G"), 1U << 30);
  EXPECT_EQ(*ParseSize("1024T"), uint64_t{1} << 50);
  EXPECT_FALSE(ParseSize("").ok());
}

TEST(ParseDigits, TakesDigitsOnly) {
  EXPECT_EQ(ParseDigits("0"), 0);
  EXPECT_EQ(ParseDigits("010"), 10);
  EXPECT_EQ(ParseDigits("9223372036854775807"), 9223372036854775807);
  for (const char* digits : {"", "-1", "+1", " 1", "1 ", "1\n", "0x1", "9223372036854775808"}) {
    EXPECT_FALSE(ParseDigits(digits).has_value()) << digits;
  }
}

TEST(CheckVolumeName, NeedsAName) { EXPECT_FALSE(CheckVolumeName("").ok()); }

}  // namespace
}  // namespace mysql_backup

#include "base/percent.h"

#include <gtest/gtest.h>

#include <string>

namespace mysql_backup {
namespace {

TEST(PercentTest, EncodesWhatWouldEndAWord) {
  EXPECT_EQ(PercentEncode("mysql-bin.000001"), "mysql-bin.000001");
  EXPECT_EQ(PercentEncode("a b%c\n\x7f"), "a%20b%25c%0A%7F");
  EXPECT_EQ(PercentEncode("größe\\"), "größe\\");
}

TEST(PercentTest, DecodesEveryByte) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = std::string("a") + static_cast<char>(byte) + "b";
    EXPECT_EQ(PercentDecode(PercentEncode(text)), text) << byte;
  }
}

TEST(PercentTest, RefusesWhatItWouldNotWrite) {
  for (const char* const word : {"%", "%2", "%2x", "%zz", "%41", "%0a", "a b", "a\n"}) {
    EXPECT_EQ(PercentDecode(word), absl::nullopt) << word;
  }
}

}  // namespace
}  // namespace mysql_backup

#include "restorer/until.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mysql_backup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(UntilTest, ReadsTheFormsOfAnEnd) {
  EXPECT_EQ(ParseUntil("2026-11-23 14:05:00")->time, "2026-11-23 14:05:00");
  EXPECT_EQ(ParseUntil("2026-11-23T14:05:59")->time, "2026-11-23 14:05:59");
  EXPECT_EQ(ParseUntil("0-1-123")->gtid, "0-1-123");
  const std::string gtid = "3e11fa47-71CA-11e1-9e33-c80aa9429562:5";
  EXPECT_EQ(ParseUntil(gtid)->gtid, gtid);
  const Until until = ParseUntil("mysql-bin.000012:32800").value();
  EXPECT_EQ(until.position.file, "mysql-bin.000012");
  EXPECT_EQ(until.position.position, 32800U);
  EXPECT_EQ(ParseUntil("a.b.1234567:4")->position.file, "a.b.1234567");
}

TEST(HasGtidTest, LooksIntoTheIntervalsOfItsServer) {
  const std::string a = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
  const std::string b = "3e11fa47-71ca-11e1-9e33-c80aa9429563";
  const std::string set = a + ":1-5:7:10-12," + b + ":3," + b + ":tag:8-9";
  for (const char* const number : {":1", ":5", ":7", ":12"}) {
    EXPECT_TRUE(HasGtid(set, a + number)) << number;
  }
  for (const char* const number : {":6", ":8", ":13", ":3000"}) {
    EXPECT_FALSE(HasGtid(set, a + number)) << number;
  }
  EXPECT_TRUE(HasGtid(set, b + ":3"));
  EXPECT_FALSE(HasGtid(set, b + ":4"));
  EXPECT_TRUE(HasGtid(set, "3E11FA47-71CA-11E1-9E33-C80AA9429562:2"));
  EXPECT_FALSE(HasGtid(set, b + ":8")) << "that of a tag";
  EXPECT_FALSE(HasGtid("", a + ":1"));
  for (const char* const gtid : {"0-1-123", "0-2-100", "1-1-5"}) {
    EXPECT_TRUE(HasGtid("0-1-123,1-1-5", gtid)) << gtid;
  }
  for (const char* const gtid : {"0-1-124", "1-1-6", "2-1-1"}) {
    EXPECT_FALSE(HasGtid("0-1-123,1-1-5", gtid)) << gtid;
  }
  EXPECT_FALSE(HasGtid("", "0-1-1"));
}

TEST(UntilTest, RefusesAnythingElse) {
  for (const char* const text :
       {"", "now", "2026-11-23", "2026-11-23 14:05", "2026-11-31 14:05:00", "2026-11-23 24:00:00",
        "2026-11-23 14:05:60", "2026-11-23 14:05:0x", " 2026-11-23 14:05:00", "0-1", "0-1-x",
        "0-1-2-3", "mysql-bin.000012", "mysql-bin.000012:", "mysql-bin.000012:-1", "mysql-bin.12:4",
        ".000012:4", "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5", "3e11fa47:5"}) {
    const auto until = ParseUntil(text);
    EXPECT_TRUE(absl::IsInvalidArgument(until.status())) << text;
  }
  EXPECT_THAT(std::string(ParseUntil("x").status().message()), HasSubstr("'x' is neither"));
}

TEST(ChooseBinlogsTest, TakesThemInTheirOrder) {
  const std::vector<std::string> names = {
      "other.000002",    "mysql-bin.000010", "mysql-bin.000009", "mysql-bin.1000000",
      "mysql-bin.index", "mysql-bin.000008", "mysql-bin.999999"};
  EXPECT_THAT(ChooseBinlogs(names, "mysql-bin.000008", "mysql-bin.000010").value(),
              ElementsAre("mysql-bin.000008", "mysql-bin.000009", "mysql-bin.000010"));
  EXPECT_THAT(ChooseBinlogs(names, "mysql-bin.999999", "").value(),
              ElementsAre("mysql-bin.999999", "mysql-bin.1000000"));
  EXPECT_THAT(ChooseBinlogs(names, "other.000002", "").value(), ElementsAre("other.000002"));
  EXPECT_THAT(ChooseBinlogs(names, "other.000002", "other.000002").value(),
              ElementsAre("other.000002"));
}

TEST(ChooseBinlogsTest, NamesWhatIsMissing) {
  const std::vector<std::string> names = {"b.000001", "b.000002", "b.000004"};
  const auto why = [&names](const std::string& first, const std::string& last) {
    return std::string(ChooseBinlogs(names, first, last).status().message());
  };
  EXPECT_EQ(why("b.000001", ""), "the binary log after b.000002 is missing");
  EXPECT_EQ(why("b.000003", ""), "b.000003, at which the replay begins, is missing");
  EXPECT_EQ(why("b.000007", ""), "b.000007, at which the replay begins, is missing");
  EXPECT_EQ(why("c.000001", ""), "c.000001, at which the replay begins, is missing");
  EXPECT_EQ(why("b.000004", "b.000005"), "the binary log after b.000004 is missing");
  EXPECT_THAT(why("b.000004", "b.000002"), HasSubstr("is no binary log after b.000004"));
  EXPECT_THAT(why("b.000004", "c.000005"), HasSubstr("is no binary log after b.000004"));
  EXPECT_THAT(why("b.x", ""), HasSubstr("'b.x' is no binary log"));
  EXPECT_THAT(why("b.2147483648", ""), HasSubstr("is no binary log"));
  EXPECT_EQ(why("b.000004", "b.2147483647"), "the binary log after b.000004 is missing");
}

}  // namespace
}  // namespace mysql_backup

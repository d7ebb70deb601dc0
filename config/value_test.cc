#include "config/value.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"

namespace mysql_backup {
namespace {

struct Case {
  std::string value;
  std::string expected;  // the spelling that is returned, or what the reason must say
};

template <typename Check>
void ExpectAccepted(Check check, const std::vector<Case>& cases) {
  for (const Case& test_case : cases) {
    const absl::StatusOr<std::string> result = check(test_case.value);
    ASSERT_TRUE(result.ok()) << test_case.value << ": " << result.status();
    EXPECT_EQ(*result, test_case.expected);
  }
}

template <typename Check>
void ExpectRefused(Check check, const std::vector<Case>& cases) {
  for (const Case& test_case : cases) {
    const absl::Status status = check(test_case.value).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << test_case.value;
    EXPECT_TRUE(absl::StrContains(status.message(), test_case.expected))
        << test_case.value << ": " << status;
  }
}

TEST(VolumeNameValueTest, Table) {
  ExpectAccepted(&VolumeNameValue, {{"vg_mysql", "vg_mysql"},
                                    {"a", "a"},
                                    {"0", "0"},
                                    {"A+b_c.d-e", "A+b_c.d-e"},
                                    {"_x", "_x"},
                                    {"...", "..."},
                                    {"mysql_snapshot", "mysql_snapshot"},
                                    {std::string(100, 'x'), std::string(100, 'x')}});
  ExpectRefused(&VolumeNameValue, {{"-x", "beginning"},
                                   {".", "'.'"},
                                   {"..", "'..'"},
                                   {"vg/lv", "letters"},
                                   {"a b", "letters"},
                                   {"a*", "letters"},
                                   {"J\xc3\xbcrgen", "letters"},
                                   {"snapshot", "begin with 'snapshot'"},
                                   {"snapshot1", "begin with 'snapshot'"},
                                   {"pvmove0", "begin with 'pvmove'"},
                                   {"a_cdata", "'_cdata'"},
                                   {"a_rimage_0", "'_rimage'"},
                                   {"lvol0_pmspare", "'_pmspare'"},
                                   {std::string(101, 'x'), "longer than 100"}});
}

TEST(GroupNameValueTest, HasNoReservedNames) {
  ExpectAccepted(&GroupNameValue, {{"snapshots", "snapshots"}, {"a_mlog", "a_mlog"}});
  ExpectRefused(&GroupNameValue, {{"-x", "beginning"}, {"a b", "letters"}});
}

TEST(SizeValueTest, Table) {
  ExpectAccepted(&SizeValue, {{"1G", "1G"},
                              {"4M", "4M"},
                              {"4096K", "4096K"},
                              {"007G", "7G"},
                              {"1024T", "1024T"},
                              {"1099511627776K", "1099511627776K"}});
  ExpectRefused(&SizeValue, {{"G", "whole number and"},
                             {"1", "whole number and"},
                             {"1g", "whole number and"},
                             {"1GB", "whole number and"},
                             {"1 G", "whole number and"},
                             {"1.5G", "whole number and"},
                             {"-1G", "whole number and"},
                             {"+1G", "whole number and"},
                             {"0x1G", "whole number and"},
                             {"10%ORIGIN", "whole number and"},
                             {"99999999999999999999G", "whole number and"},
                             {"0G", "from 4M"},
                             {"3M", "from 4M"},
                             {"4095K", "from 4M"},
                             {"1025T", "to 1024T"},
                             {"9223372036854775807T", "to 1024T"}});
}

TEST(PathValueTest, Table) {
  ExpectAccepted(&PathValue, {{"/a", "/a"},
                              {"/a/b", "/a/b"},
                              {"//a///b/", "/a/b"},
                              {"/with space/x", "/with space/x"},
                              {"/a/..b/.c/...", "/a/..b/.c/..."},
                              {"/-rf", "/-rf"}});
  ExpectRefused(&PathValue, {{"a", "absolute"},
                             {"./a", "absolute"},
                             {"~/a", "absolute"},
                             {"/", "root directory"},
                             {"///", "root directory"},
                             {"/a/../b", "'..'"},
                             {"/a/.", "'.'"}});
}

TEST(NumberValueTest, Table) {
  const auto check = [](absl::string_view value) { return NumberValue(value, 1, 60); };
  ExpectAccepted(check, {{"1", "1"}, {"60", "60"}, {"08", "8"}, {"0000000000000000005", "5"}});
  ExpectRefused(check, {{"0", "from 1 to 60"},
                        {"61", "from 1 to 60"},
                        {"-1", "from 1 to 60"},
                        {"+1", "from 1 to 60"},
                        {" 1", "from 1 to 60"},
                        {"1 ", "from 1 to 60"},
                        {"1.0", "from 1 to 60"},
                        {"1e1", "from 1 to 60"},
                        {"5s", "from 1 to 60"},
                        {"4294967301", "from 1 to 60"},
                        {"18446744073709551617", "from 1 to 60"},
                        {"seven", "from 1 to 60"}});
}

TEST(LockScopeValueTest, Table) {
  ExpectAccepted(&LockScopeValue, {{"backup", "backup"}, {"snapshot", "snapshot"}});
  ExpectRefused(&LockScopeValue, {{"Backup", "'backup'"}, {"none", "'snapshot'"}});
}

TEST(PriorityValueTest, Table) {
  ExpectAccepted(&PriorityValue, {{"normal", "normal"}, {"low", "low"}});
  ExpectRefused(&PriorityValue, {{"Low", "'low'"}, {"idle", "'normal'"}});
}

TEST(ReuseValueTest, Table) {
  ExpectAccepted(&ReuseValue, {{"none", "none"}, {"hardlink", "hardlink"}, {"reflink", "reflink"}});
  ExpectRefused(&ReuseValue,
                {{"None", "'none'"}, {"hardlinks", "'hardlink'"}, {"yes", "'reflink'"}});
}

TEST(IsAtOrBelowTest, Table) {
  EXPECT_TRUE(IsAtOrBelow("/a", "/a"));
  EXPECT_TRUE(IsAtOrBelow("/a/b", "/a"));
  EXPECT_TRUE(IsAtOrBelow("/a/b/c", "/a/b"));
  EXPECT_FALSE(IsAtOrBelow("/ab", "/a"));
  EXPECT_FALSE(IsAtOrBelow("/a", "/a/b"));
  EXPECT_FALSE(IsAtOrBelow("/b/a", "/a"));
}

}  // namespace
}  // namespace mysql_backup

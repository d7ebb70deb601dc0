#include "config/parse_config.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mysql_backup {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

TEST(ParseConfigTest, AnEmptyTextGivesTheDefaultsInOrder) {
  const Settings expected = {
      {"VG", "vg_mysql"},
      {"LV", "lv_mysql_data"},
      {"SNAPSHOT", "mysql_snapshot"},
      {"SNAPSHOT_SIZE", "1G"},
      {"SNAPSHOT_MAX_SIZE", ""},
      {"MOUNT_POINT", "/mnt/mysql_snapshot"},
      {"DATADIR", "/var/lib/mysql"},
      {"BACKUP_ROOT", "/backups/mysql"},
      {"KEEP", "7"},
      {"LOG_FILE", "/var/log/mysql_backup.log"},
      {"SOCKET", ""},
      {"DEFAULTS_FILE", ""},
      {"SERVER_OPTIONS_FILE", ""},
      {"LOCK_SCOPE", "backup"},
      {"LOCK_WAIT", "5"},
      {"LOCK_MAX_HOLD", "3600"},
      {"REUSE", "none"},
      {"COPY_JOBS", ""},
      {"COPY_RATE", ""},
      {"COPY_PRIORITY", "normal"},
  };
  for (const absl::string_view text : {"", "\n", "# comment\n\n   \t\n  # KEEP=1\n#KEEP=1"}) {
    const ParsedConfig config = ParseConfig("f", text);
    EXPECT_TRUE(config.errors.empty()) << config.errors[0];
    EXPECT_EQ(config.settings, expected);
  }
}

// The value of one key in a text without errors.
std::string ValueOf(absl::string_view text, const std::string& key) {
  const ParsedConfig config = ParseConfig("f", text);
  EXPECT_TRUE(config.errors.empty()) << config.errors[0];
  return std::map<std::string, std::string>(config.settings.begin(), config.settings.end())[key];
}

TEST(ParseConfigTest, ReadsEveryKey) {
  const std::map<std::string, std::string> wanted = {{"VG", "data"},
                                                     {"LV", "mysql"},
                                                     {"SNAPSHOT", "nightly"},
                                                     {"SNAPSHOT_SIZE", "8G"},
                                                     {"SNAPSHOT_MAX_SIZE", "16G"},
                                                     {"MOUNT_POINT", "/m/s"},
                                                     {"DATADIR", "/srv/mysql"},
                                                     {"BACKUP_ROOT", "/b"},
                                                     {"KEEP", "30"},
                                                     {"LOG_FILE", "/l"},
                                                     {"SOCKET", "/s"},
                                                     {"DEFAULTS_FILE", "/d"},
                                                     {"SERVER_OPTIONS_FILE", "/o"},
                                                     {"LOCK_SCOPE", "snapshot"},
                                                     {"LOCK_WAIT", "60"},
                                                     {"LOCK_MAX_HOLD", "86400"},
                                                     {"REUSE", "hardlink"},
                                                     {"COPY_JOBS", "4"},
                                                     {"COPY_RATE", "100M"},
                                                     {"COPY_PRIORITY", "low"}};
  std::string text;
  for (const auto& [key, value] : wanted) absl::StrAppend(&text, key, "=", value, "\n");
  const ParsedConfig config = ParseConfig("f", text);
  EXPECT_TRUE(config.errors.empty()) << config.errors[0];
  const std::map<std::string, std::string> read(config.settings.begin(), config.settings.end());
  EXPECT_EQ(read, wanted);
}

TEST(ParseConfigTest, BlanksAroundKeyAndValueDoNotCount) {
  EXPECT_EQ(ValueOf("  KEEP \t=  9\t \n", "KEEP"), "9");
  EXPECT_EQ(ValueOf("KEEP=9", "KEEP"), "9");
  EXPECT_EQ(ValueOf("BACKUP_ROOT = /my backups/a#b \n", "BACKUP_ROOT"), "/my backups/a#b");
  EXPECT_EQ(ValueOf("SOCKET=\nDEFAULTS_FILE= \n", "SOCKET"), "");
  EXPECT_EQ(ValueOf("SNAPSHOT_MAX_SIZE=\n", "SNAPSHOT_MAX_SIZE"), "");
  EXPECT_EQ(ValueOf("SNAPSHOT_MAX_SIZE=1024M\n", "SNAPSHOT_MAX_SIZE"), "1024M");
}

TEST(ParseConfigTest, RefusesWithFileAndLine) {
  const struct {
    absl::string_view text, begin, reason;
  } kCases[] = {
      {"KEEP", "f:1: ", "'KEEP' is not KEY=value"},
      {"\n\nexport KEEP=7\n", "f:3: ", "unknown key 'export KEEP'"},
      {"RETENTION=7", "f:1: ", "unknown key 'RETENTION'; there are VG, LV,"},
      {"keep=7", "f:1: ", "unknown key 'keep'"},
      {"=7", "f:1: ", "unknown key ''"},
      {"KEEP=7\n#\nKEEP=7\n", "f:3: ", "KEEP was given in line 1 already"},
      {"SOCKET=\nSOCKET=\n", "f:2: ", "SOCKET was given in line 1 already"},
      {"KEEP=", "f:1: ", "KEEP=: needs a value; take the line out for 7"},
      {"KEEP=\"7\"", "f:1: ", "quotes"},
      {"BACKUP_ROOT='/b'", "f:1: ", "quotes"},
      {"BACKUP_ROOT=/b\"", "f:1: ", "quotes"},
      {"SOCKET=/s\"/", "f:1: SOCKET=/s\"/: ", "quotes"},
      {"BACKUP_ROOT=/my backups /", "f:1: BACKUP_ROOT=/my backups /: ", "blank"},
      {"KEEP=7 # a week", "f:1: ", "comment needs a line of its own"},
      {"BACKUP_ROOT=/b\t# tab", "f:1: ", "control character"},
      {"BACKUP_ROOT=/b=c", "f:1: ", "'='"},
      {"KEEP=7\r\n", "f:1: ", "Windows"},
      {"# comment\r\n", "f:1: ", "Windows"},
      {"BACKUP_ROOT=/b\x01", "f:1: ", "control character"},
      {absl::string_view("VG=a\0b", 6), "f:1: ", "control character"},
      {"VG=-x", "f:1: VG=-x: ", "LVM allows"},
      {"LV=snapshot1", "f:1: LV=", "for itself"},
      {"SNAPSHOT=a_tdata", "f:1: SNAPSHOT=", "for itself"},
      {"SNAPSHOT_SIZE=1M", "f:1: SNAPSHOT_SIZE=1M: ", "from 4M"},
      {"SNAPSHOT_MAX_SIZE=1M", "f:1: SNAPSHOT_MAX_SIZE=1M: ", "from 4M"},
      {"MOUNT_POINT=mnt", "f:1: MOUNT_POINT=mnt: ", "absolute"},
      {"DATADIR=/", "f:1: DATADIR=/: ", "root directory"},
      {"BACKUP_ROOT=/a/../b", "f:1: BACKUP_ROOT=/a/../b: ", "'..'"},
      {"LOG_FILE=log", "f:1: LOG_FILE=log: ", "absolute"},
      {"SOCKET=x", "f:1: SOCKET=x: ", "absolute"},
      {"DEFAULTS_FILE=x", "f:1: DEFAULTS_FILE=x: ", "absolute"},
      {"KEEP=0", "f:1: KEEP=0: ", "1 to 9999"},
      {"KEEP=10000", "f:1: KEEP=10000: ", "1 to 9999"},
      {"LOCK_SCOPE=no", "f:1: LOCK_SCOPE=no: ", "'backup'"},
      {"LOCK_WAIT=61", "f:1: LOCK_WAIT=61: ", "1 to 60"},
      {"LOCK_MAX_HOLD=86401", "f:1: LOCK_MAX_HOLD=86401: ", "1 to 86400"},
      {"REUSE=yes", "f:1: REUSE=yes: ", "'reflink'"},
      {"COPY_JOBS=0", "f:1: COPY_JOBS=0: ", "1 to 64"},
      {"COPY_RATE=100", "f:1: COPY_RATE=100: ", "such as 1G"},
      {"COPY_PRIORITY=idle", "f:1: COPY_PRIORITY=idle: ", "'low'"},
      {"SNAPSHOT=x\nLV=x\n", "f: ", "SNAPSHOT and LV are the same"},
      {"SNAPSHOT_MAX_SIZE=1023M", "f: SNAPSHOT_MAX_SIZE=1023M", "less than SNAPSHOT_SIZE=1G"},
      {"SNAPSHOT_SIZE=2T\nSNAPSHOT_MAX_SIZE=2047G", "f: SNAPSHOT_MAX_SIZE=", "SNAPSHOT_SIZE=2T"},
      {"BACKUP_ROOT=/var/lib/mysql/backups", "f: BACKUP_ROOT=", "DATADIR=/var/lib/mysql:"},
      {"DATADIR=/backups/mysql/data", "f: DATADIR=", "BACKUP_ROOT=/backups/mysql:"},
      {"MOUNT_POINT=/backups/mysql/mnt", "f: MOUNT_POINT=", "BACKUP_ROOT="},
      {"BACKUP_ROOT=/mnt/mysql_snapshot/b", "f: BACKUP_ROOT=", "MOUNT_POINT="},
      {"MOUNT_POINT=/var/lib/mysql/", "f: MOUNT_POINT=", "DATADIR=/var/lib/mysql:"},
      {"DATADIR=/mnt/mysql_snapshot/d", "f: DATADIR=", "MOUNT_POINT="},
  };
  for (const auto& test_case : kCases) {
    const ParsedConfig config = ParseConfig("f", test_case.text);
    ASSERT_EQ(config.errors.size(), 1u) << test_case.text;
    EXPECT_TRUE(absl::StartsWith(config.errors[0], test_case.begin)) << config.errors[0];
    EXPECT_TRUE(absl::StrContains(config.errors[0], test_case.reason)) << config.errors[0];
  }
}

TEST(ParseConfigTest, TellsAllErrorsAtOnce) {
  const ParsedConfig config =
      ParseConfig("/etc/x.conf", "KEEP=none\nVG=vg\nCOLOUR=blue\nnonsense\nVG=vg\nLOCK_WAIT=\n");
  ASSERT_EQ(config.errors.size(), 5u);
  const char* const begins[] = {"/etc/x.conf:1: KEEP=none", "/etc/x.conf:3: unknown key 'COLOUR'",
                                "/etc/x.conf:4: 'nonsense'",
                                "/etc/x.conf:5: VG was given in line 2",
                                "/etc/x.conf:6: LOCK_WAIT="};
  for (size_t i = 0; i < config.errors.size(); ++i) {
    EXPECT_TRUE(absl::StartsWith(config.errors[i], begins[i])) << config.errors[i];
  }
}

// A refused value still has its default, which may not fit the rest.
TEST(ParseConfigTest, ValuesAreNotComparedBeforeEachIsGood) {
  const ParsedConfig config =
      ParseConfig("f", "DATADIR=/backups/mysql/data\nBACKUP_ROOT=elsewhere\n");
  ASSERT_EQ(config.errors.size(), 1u);
  EXPECT_TRUE(absl::StartsWith(config.errors[0], "f:2: BACKUP_ROOT=elsewhere"));
}

TEST(ParseConfigTest, NeighboursAreNotInsideEachOther) {
  EXPECT_EQ(ValueOf("BACKUP_ROOT=/var/lib/mysql-backups\n", "BACKUP_ROOT"),
            "/var/lib/mysql-backups");
}

}  // namespace
}  // namespace mysql_backup

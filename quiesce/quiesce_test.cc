// The parts of quiesce/ that need no server.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "quiesce/blockers.h"
#include "quiesce/control_fifo.h"
#include "quiesce/position.h"
#include "quiesce/server_paths.h"
#include "quiesce/survey.h"

namespace mysql_backup {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = ::testing::TempDir() + "/quiesce.XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

dev_t DeviceOf(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(stat(path.c_str(), &status), 0);
  return status.st_dev;
}

TEST(CanBlock, KnowsWhatHoldsTheLockUp) {
  const struct {
    const char* text;
    bool on_mariadb;
  } kCases[] = {
      {"SELECT * FROM t", false},
      {"  \n select sleep(100)", false},
      {"SHOW PROCESSLIST", false},
      {"EXPLAIN SELECT 1", false},
      {"SELECT * FROM t FOR UPDATE", true},
      {"select a from t lock in share mode", true},
      {"UPDATE t SET a = 1", true},
      {"INSERT INTO t SELECT * FROM u", true},
      {"ALTER TABLE t ADD COLUMN b INT", true},
      {"(SELECT 1) UNION (SELECT 2)", false},
      {"/* app */ select 1", false},
      {"-- report\nSELECT 1", false},
      {"# report\n (select 1)", false},
      {"WITH x AS (SELECT 1) SELECT * FROM x", false},
      {"WITH x AS (SELECT 1) UPDATE t SET a = 1", true},
      {"/* SELECT", true},
      {"SELECT a FROM t FOR\n  UPDATE", true},
      {"SELECT a FROM t LOCK IN SHARE\tMODE", true},
      {"WITH x AS (SELECT 1) DELETE\nFROM t", true},
      {"", true},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(CanBlock(/*is_mariadb=*/true, c.text), c.on_mariadb) << c.text;
    EXPECT_TRUE(CanBlock(/*is_mariadb=*/false, c.text)) << c.text;
  }
}

TEST(DescribeStatement, NamesItAndCutsItShort) {
  const Statement statement = {12, "app", 301, std::string(200, 'x')};
  EXPECT_EQ(DescribeStatement(statement), "connection 12 (user app) has been running for 301 s: " +
                                              std::string(100, 'x') + "...");
}

TEST(BlankLiterals, LeavesWhatIsQuotedOut) {
  const struct {
    const char* statement;
    const char* blanked;
  } kCases[] = {
      {"SELECT 1", "SELECT 1"},          {"SET PASSWORD = 'secret'", "SET PASSWORD = '..."},
      {"a \"x\" b 'y' c", "a \"..."},    {"a /* don't */ 'secret'", "a /* don'..."},
      {"a 'x\\' b 'secret'", "a '..."},  {"a `b'c` 'secret'", "a `b'..."},
      {"cut off 'secr", "cut off '..."}, {"SELECT `column`", "SELECT `column`"},
  };
  for (const auto& c : kCases) EXPECT_EQ(BlankLiterals(c.statement), c.blanked);
}

TEST(FormatPosition, IsOneRecordWithoutSpacesInValues) {
  Position position;
  position.version = "9.7.0";
  position.server_id = "1";
  position.server_uuid = "u-1";
  position.binlog_file = "binlog.000007";
  position.binlog_position = 4711;
  position.gtid = "u-1:1-5,u-2:1";
  EXPECT_EQ(FormatPosition(position),
            "flavour=mysql version=9.7.0 server_id=1 server_uuid=u-1 binlog_file=binlog.000007 "
            "binlog_position=4711 gtid=u-1:1-5,u-2:1");
}

TEST(FormatPosition, TellsOddNamesAsTheyAre) {
  Position position;
  position.is_mariadb = true;
  position.version = "10.11\x1b";
  position.server_id = "1";
  position.binlog_file = "my bin%.000001";
  EXPECT_EQ(FormatPosition(position),
            "flavour=mariadb version=10.11%1B server_id=1 server_uuid= "
            "binlog_file=my%20bin%25.000001 binlog_position=0 gtid=");
}

TEST(ServerPaths, AreMadeAbsolute) {
  EXPECT_EQ(AbsoluteServerPath("/var/lib/mysql/", "./"), "/var/lib/mysql/./");
  EXPECT_EQ(AbsoluteServerPath("/var/lib/mysql", "ibdata1"), "/var/lib/mysql/ibdata1");
  EXPECT_EQ(AbsoluteServerPath("/var/lib/mysql", "/srv/redo"), "/srv/redo");
}

TEST(ServerPaths, DataFilesAreTakenFromTheirList) {
  EXPECT_THAT(DataFileNames("ibdata1:12M:autoextend"), ElementsAre("ibdata1"));
  EXPECT_THAT(DataFileNames("a:1G;/x/b:1G:autoextend"), ElementsAre("a", "/x/b"));
  EXPECT_THAT(DataFileNames(""), IsEmpty());
}

TEST(ControlFifo, GivesWholeLinesAndSeesTheLastWriterGo) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/fifo";
  auto fifo = ControlFifo::Create(path);
  ASSERT_TRUE(fifo.ok()) << fifo.status();
  const UniqueFd writer(open(path.c_str(), O_WRONLY));
  UniqueFd second_writer(open(path.c_str(), O_WRONLY));
  ASSERT_EQ(write(writer.get(), "che", 3), 3);
  auto input = fifo->Read();
  ASSERT_TRUE(input.ok());
  EXPECT_THAT(input->lines, IsEmpty());
  EXPECT_FALSE(input->ended);
  ASSERT_EQ(write(second_writer.get(), "ck\nrelease\n", 11), 11);
  second_writer.reset();
  input = fifo->Read();
  ASSERT_TRUE(input.ok());
  EXPECT_THAT(input->lines, ElementsAre("check", "release"));
  EXPECT_FALSE(input->ended) << "one writer is left";
  UniqueFd(dup(writer.get())).reset();
  EXPECT_FALSE(fifo->Read()->ended);
}

TEST(ControlFifo, IsRemovedAtItsEndAndPrivate) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/fifo";
  {
    auto fifo = ControlFifo::Create(path);
    ASSERT_TRUE(fifo.ok());
    EXPECT_EQ(std::filesystem::status(path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    auto moved = std::move(fifo);
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ControlFifo, ReplacesADeadHoldersOnly) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/fifo";
  auto live = ControlFifo::Create(path);
  ASSERT_TRUE(live.ok());
  EXPECT_THAT(std::string(ControlFifo::Create(path).status().message()),
              HasSubstr("another holder listens"));
  live = absl::UnknownError("gone");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_TRUE(ControlFifo::Create(path).ok());
}

TEST(ControlFifo, RefusesALineWithoutEnd) {
  const TemporaryDirectory directory;
  auto fifo = ControlFifo::Create(directory.path() + "/fifo");
  ASSERT_TRUE(fifo.ok());
  const UniqueFd writer(open((directory.path() + "/fifo").c_str(), O_WRONLY));
  const std::string noise(10000, 'x');
  ASSERT_EQ(write(writer.get(), noise.data(), noise.size()), 10000);
  EXPECT_EQ(fifo->Read().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(SurveyDatadir, CountsWhatIsThere) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() + "/shop");
  std::ofstream(directory.path() + "/shop/a.ibd") << std::string(100000, 'x') << std::flush;
  std::filesystem::create_symlink("shop", directory.path() + "/alias");
  const auto survey = SurveyDatadir(directory.path(), DeviceOf(directory.path()));
  ASSERT_TRUE(survey.ok()) << survey.status();
  EXPECT_EQ(survey->files, 3U);
  // Allocation may be delayed, so that the exact number depends on the filesystem.
  EXPECT_EQ(survey->bytes % 512, 0U);
}

TEST(SurveyDatadir, RefusesWhatASnapshotWouldNotContain) {
  const TemporaryDirectory directory;
  const TemporaryDirectory elsewhere;
  const dev_t device = DeviceOf(directory.path());

  std::filesystem::create_symlink(elsewhere.path(), directory.path() + "/moved\nschema");
  auto survey = SurveyDatadir(directory.path(), device);
  EXPECT_THAT(std::string(survey.status().message()), HasSubstr("moved; schema"));
  EXPECT_THAT(std::string(survey.status().message()),
              HasSubstr(std::filesystem::canonical(elsewhere.path()).string()));
  std::filesystem::remove(directory.path() + "/moved\nschema");

  std::ofstream(directory.path() + "/t.isl") << "/srv/t.ibd";
  survey = SurveyDatadir(directory.path(), device);
  EXPECT_THAT(std::string(survey.status().message()), HasSubstr("DATA DIRECTORY"));
  std::filesystem::remove(directory.path() + "/t.isl");

  std::filesystem::create_symlink("/nonexistent/t.MYD", directory.path() + "/t.MYD");
  EXPECT_FALSE(SurveyDatadir(directory.path(), device).ok()) << "a link to nowhere";
  std::filesystem::remove(directory.path() + "/t.MYD");

  EXPECT_TRUE(SurveyDatadir(directory.path(), device).ok());
  EXPECT_THAT(std::string(SurveyDatadir(directory.path(), device + 1).status().message()),
              HasSubstr("is not on the volume"));
}

TEST(CheckInside, FollowsLinksAndKnowsSiblings) {
  const TemporaryDirectory directory;
  const dev_t device = DeviceOf(directory.path());
  EXPECT_TRUE(
      CheckInside("innodb_data_home_dir", directory.path() + "/./", directory.path(), device).ok());
  const absl::Status status =
      CheckInside("log_bin_basename", ::testing::TempDir(), directory.path(), device);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("log_bin_basename lies at"));
  EXPECT_FALSE(
      CheckInside("x", directory.path() + "/no/such/thing", directory.path(), device).ok());
  // A sibling whose name begins with the directory's is not inside it.
  std::filesystem::create_directory(directory.path() + "-2");
  EXPECT_FALSE(CheckInside("x", directory.path() + "-2", directory.path(), device).ok());
  std::filesystem::remove(directory.path() + "-2");
}

}  // namespace
}  // namespace mysql_backup

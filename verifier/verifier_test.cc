#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "verifier/database_check.h"
#include "verifier/overlay_room.h"
#include "verifier/server_binary.h"
#include "verifier/server_log.h"
#include "verifier/server_process.h"

namespace mysql_backup {
namespace {

TEST(FlavourOf, TellsByFiles) {
  struct {
    std::vector<std::string> names;
    absl::optional<Flavour> want;
  } cases[] = {
      {{"aria_log_control", "ibdata1", "mysql"}, Flavour::kMariadb},
      {{"ibdata1", "mariadb_upgrade_info"}, Flavour::kMariadb},
      {{"auto.cnf", "ibdata1", "mysql", "mysql.ibd"}, Flavour::kMysql},
      {{"auto.cnf", "ibdata1"}, Flavour::kMysql},
      {{"ibdata1", "mysql"}, absl::nullopt},
      {{"xmysql.ibd", "lost+found"}, absl::nullopt},
      {{}, absl::nullopt},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(FlavourOf(c.names), c.want) << testing::PrintToString(c.names);
  }
}

TEST(LastErrors, TakesErrorLines) {
  EXPECT_EQ(LastErrors(""), "");
  EXPECT_EQ(LastErrors("a\n\nb\n"), "a | b");
  EXPECT_EQ(LastErrors("x [Note] up\ny [ERROR] one\nInnoDB: Assertion failure in z\n"),
            "y [ERROR] one | InnoDB: Assertion failure in z");
  std::string many;
  for (int i = 0; i < 30; ++i) many += "[ERROR] line\n";
  many += "[ERROR] last";
  const std::string errors = LastErrors(many);
  EXPECT_EQ(errors.substr(errors.size() - 6), "] last");
  EXPECT_LT(errors.size(), 200u);
}

TEST(HostTrouble, TellsTheHostFromTheBackup) {
  struct {
    const char* log;
    const char* remedy;  // nullptr: the backup's fault
  } cases[] = {
      {"", nullptr},
      {"2026 0 [ERROR] InnoDB: Missing FILE_CHECKPOINT at 47629", nullptr},
      {"[ERROR] InnoDB: The error means mariadbd does not have the access: Permission denied",
       "aa-complain"},
      {"[ERROR] InnoDB: Operating system error number 13 in a file operation.", "aa-complain"},
      {"[Note] Permission denied", nullptr},
      {"[ERROR] InnoDB: Operating system error number 28 in a file operation.", "make room"},
      {"[ERROR] InnoDB: Disk is full. Try to clean the disk to free space.", "make room"},
      {"[ERROR] mysqld: Error writing file './x' (Errcode: 28 \"No space left on device\")",
       "make room"},
      {"[ERROR] InnoDB: Cannot allocate memory for the buffer pool", "memory"},
      {"[ERROR] mariadbd: unknown variable 'x=1'", "--server_options"},
      {"[ERROR] InnoDB: Data file './ibdata1' uses page size 8192, but the innodb_page_size "
       "start-up parameter is 16384",
       "innodb_page_size"},
      {"[ERROR] [MY-011087] [Server] Different lower_case_table_names settings for server ('0') "
       "and "
       "data dictionary ('1').",
       "lower_case_table_names"},
      {"[ERROR] InnoDB: Upgrade after a crash is not supported. The redo log was created with "
       "MariaDB 10.5.8.",
       "same version"},
      {"[ERROR] InnoDB: Unsupported redo log format. The redo log was created with MariaDB 12.1.",
       "same version"},
      {"[ERROR] [MY-013171] [InnoDB] Cannot boot server version 80018 on data directory built by "
       "version 80019. Downgrade is not supported",
       "same version"},
      {"[ERROR] [MY-014061] [Server] Invalid MySQL server downgrade: Cannot downgrade from 90700 "
       "to "
       "80400. Target version should be ...",
       "same version"},
      {"[ERROR] [MY-014060] [Server] Invalid MySQL server upgrade: Cannot upgrade from 80019 to "
       "90700.",
       "same version"},
      {"[ERROR] InnoDB: Upgrade after a crash is not supported. This redo log was created before "
       "MariaDB 10.2.2.",
       nullptr},
      {"2026-11-25 19:25:08 0 [ERROR] InnoDB: preallocating 100663296 bytes for file "
       "./ib_logfile101 failed with error 28",
       "make room"},
      {"setpriv: failed to execute /tmp/mariadbd: No such file or directory", "outside of /tmp"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.log);
    const auto remedy = HostTrouble(c.log);
    ASSERT_EQ(remedy.has_value(), c.remedy != nullptr);
    if (c.remedy != nullptr) {
      EXPECT_NE(remedy->find(c.remedy), std::string::npos) << *remedy;
    }
  }
}

// Each of these keeps a scratch server from doing what a live one does.
TEST(ServerArguments, KeepsTheServerToItself) {
  ScratchServerOptions options;
  options.user = "daemon";
  options.server_options = {"--innodb-page-size=8k"};
  const std::vector<std::string> argv =
      ServerArguments(options, "/usr/sbin/mariadbd", 7, "check", {"--innodb-read-only=1"});
  const std::vector<std::string> head(argv.begin(), argv.begin() + 7);
  EXPECT_EQ(head, (std::vector<std::string>{"/usr/bin/setpriv", "--reuid=daemon", "--regid=7",
                                            "--init-groups", "--pdeathsig=TERM",
                                            "/usr/sbin/mariadbd", "--no-defaults"}));
  for (const char* option :
       {"--datadir=/tmp/data", "--tmpdir=/tmp/tmp", "--secure-file-priv=/tmp/tmp",
        "--socket=/tmp/run/server.sock", "--pid-file=/tmp/run/server.pid",
        "--log-error=/tmp/run/check.log", "--skip-networking", "--skip-log-bin",
        "--event-scheduler=OFF", "--innodb-buffer-pool-dump-at-shutdown=OFF",
        "--loose-skip-slave-start", "--loose-skip-replica-start", "--loose-mysqlx=OFF"}) {
    EXPECT_EQ(std::count(argv.begin(), argv.end(), option), 1) << option;
  }
  const std::vector<std::string> tail(argv.end() - 2, argv.end());
  EXPECT_EQ(tail, (std::vector<std::string>{"--innodb-read-only=1", "--innodb-page-size=8k"}));
}

TEST(ReportsCorruption, LooksAtErrorsOnly) {
  EXPECT_TRUE(ReportsCorruption("up\n[ERROR] InnoDB: Database page corruption on disk\n"));
  EXPECT_TRUE(ReportsCorruption("[ERROR] InnoDB: Table `a`.`b` is corrupted."));
  EXPECT_FALSE(ReportsCorruption("[Note] no page was corrupted\n[ERROR] something else"));
}

TEST(IsDamage, JudgesMessages) {
  struct {
    const char* type;
    const char* text;
    bool want;
  } cases[] = {
      {"status", "OK", false},
      {"status", "Table is already up to date", false},
      {"status", "Operation failed", true},
      {"status", "Corrupt", true},
      {"note", "The storage engine for the table doesn't support check", false},
      {"warning", "The storage engine for the table doesn't support check", false},
      {"warning", "1 client is using or hasn't closed the table properly", true},
      {"Warning", "InnoDB: The B-tree of index PRIMARY is corrupted.", true},
      {"error", "Size of datafile is: 0       Should be: 7", true},
      {"Error", "Table 'a.b' doesn't exist in engine", true},
  };
  for (const auto& c : cases) EXPECT_EQ(IsDamage(c.type, c.text), c.want) << c.text;
}

TEST(IsUnknownEngine, KnowsTheWords) {
  EXPECT_TRUE(IsUnknownEngine("Unknown storage engine 'ROCKSDB'"));
  EXPECT_FALSE(IsUnknownEngine("Table 'a.b' doesn't exist in engine"));
}

TEST(IsUsersTable, PassesOverTheEnginesOwn) {
  struct {
    const char* name;
    bool want;
  } cases[] = {
      {"shop/orders", true},
      {"a@0020b@002e/t@0020@00401", true},
      {"shop/pp#P#p0", true},
      {"shop/FTS_notes", true},
      {"shop/FTS_zzzzzzzzzzzzzzzz_CONFIG", true},
      {"SYS_FOREIGN", false},
      {"shop/#sql-alter-123-5", false},
      {"shop/FTS_0000000000000013_CONFIG", false},
      {"shop/fts_00000000000000af_00000000000000b1_index_1", false},
  };
  for (const auto& c : cases) EXPECT_EQ(IsUsersTable(c.name), c.want) << c.name;
}

TEST(FormatReport, PutsTheNameLast) {
  EXPECT_EQ(FormatReport({"shop", 12, 2, 3, 1, 103433, 0}),
            "ok tables=12 views=2 routines=3 events=1 rows=103433 bad=0 database=shop\n");
  EXPECT_EQ(FormatReport({" a=b 'ü'\n\\", 1, 0, 0, 0, 0, 1}),
            "bad tables=1 views=0 routines=0 events=0 rows=0 bad=1 database= a=b 'ü'\\n\\\\\n");
}

TEST(ServerBinaryTest, KnowsWhichServerCanReadTheData) {
  EXPECT_TRUE(CanRead("10.11.19-MariaDB-0+deb12u1", "10.11.6-MariaDB"));
  EXPECT_TRUE(CanRead("10.11.6-MariaDB", "10.11.19-MariaDB-0+deb12u1"));
  EXPECT_TRUE(CanRead("11.4.2-MariaDB", "10.11.19-MariaDB"));
  EXPECT_FALSE(CanRead("10.6.18-MariaDB", "10.11.19-MariaDB"));
  EXPECT_FALSE(CanRead("8.4.1", "9.7.4-2"));
  EXPECT_TRUE(CanRead("9.7.4-2", "9.7.4-2"));
  EXPECT_TRUE(CanRead("", "10.11.19"));
  EXPECT_TRUE(CanRead("10.6.18", ""));
  EXPECT_TRUE(CanRead("unknown", "10.x"));
}

TEST(OverlayRoomTest, KnowsWhatAServerWritesToInAnyCase) {
  for (const char* const path :
       {"ibdata1", "ib_logfile0", "undo001", "aria_log.00000001", "aria_log_control", "mysql.ibd",
        "#innodb_redo/#ib_redo0", "#ib_16384_0.dblwr", "shop/page_views.MYD", "mysql/user.MAI"}) {
    EXPECT_TRUE(IsAlwaysCopied(path)) << path;
  }
  for (const char* const path :
       {"shop/orders.ibd", "ibis/orders.ibd", "shop/orders.frm", "binlog.000001", "undone/t.ibd"}) {
    EXPECT_FALSE(IsAlwaysCopied(path)) << path;
  }
}

}  // namespace
}  // namespace mysql_backup

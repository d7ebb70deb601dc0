#include "verifier/database_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

// These have no files. Both servers list them in lower case.
constexpr absl::string_view kVirtualDatabases[] = {"information_schema", "performance_schema"};
// What a server shows for a directory that is no database, such as ext4's lost+found.
constexpr absl::string_view kNoDatabase = "#mysql50#";

using NamesByDatabase = std::map<std::string, std::set<std::string>>;

std::string QuoteTable(const std::string& database, const std::string& table) {
  return absl::StrCat(QuoteIdentifier(database), ".", QuoteIdentifier(table));
}

absl::StatusOr<std::set<std::string>> ListDatabases(MysqlSession& session) {
  ASSIGN_OR_RETURN(const std::vector<MysqlRow> rows, session.Query("SHOW DATABASES"));
  std::set<std::string> names;
  for (const MysqlRow& row : rows) {
    const std::string name = row.at(0).value_or("");
    if (!absl::StartsWith(name, kNoDatabase) &&
        std::find(std::begin(kVirtualDatabases), std::end(kVirtualDatabases), name) ==
            std::end(kVirtualDatabases)) {
      names.insert(name);
    }
  }
  return names;
}

// What InnoDB has in its own dictionary. MariaDB lists a table by its .frm file, so that one whose
// file is missing is seen here only. MySQL (8.0 and later) has no second dictionary.
absl::StatusOr<NamesByDatabase> ListEngineTables(MysqlSession& session) {
  NamesByDatabase tables;
  if (!session.is_mariadb()) return tables;
  // '#' and '/' are encoded where they belong to a name. The server alone knows how.
  const auto decoded = [](absl::string_view part) {
    return absl::StrCat("CONVERT(CONVERT(CAST(SUBSTRING_INDEX(", part,
                        ", '#', 1) AS BINARY) USING filename) USING utf8mb4)");
  };
  ASSIGN_OR_RETURN(
      const std::vector<MysqlRow> rows,
      session.Query(absl::StrCat("SELECT NAME, ", decoded("SUBSTRING_INDEX(NAME, '/', 1)"), ", ",
                                 decoded("SUBSTRING_INDEX(NAME, '/', -1)"),
                                 " FROM information_schema.INNODB_SYS_TABLES")));
  for (const MysqlRow& row : rows) {
    if (IsUsersTable(row.at(0).value_or(""))) {
      tables[row.at(1).value_or("")].insert(row.at(2).value_or(""));
    }
  }
  return tables;
}

// The general and the slow query log, where they go to tables: CSV files that no read lock closes,
// so that every copy of a running server has them marked as not closed.
bool IsServerLog(const std::string& database, const std::string& table) {
  return database == "mysql" && (table == "general_log" || table == "slow_log");
}

// One database, table by table.
class Checker {
 public:
  Checker(MysqlSession& session, const std::string& database)
      : session_(session), report_{database} {}

  const DatabaseReport& report() const { return report_; }

  // The tables that this server cannot check, since it lacks their engine.
  uint64_t unchecked() const { return unchecked_; }

  // Checks all that the server lists, and what of `engine_tables` it does not.
  absl::Status CheckListed(const std::set<std::string>& engine_tables) {
    const absl::StatusOr<std::vector<MysqlRow>> rows =
        session_.Query(absl::StrCat("SHOW FULL TABLES FROM ", QuoteIdentifier(report_.name)));
    if (!rows.ok()) {
      RETURN_IF_ERROR(NoteDamage(QuoteIdentifier(report_.name), rows.status()));
      return absl::OkStatus();
    }
    std::set<std::string> listed;
    for (const MysqlRow& row : *rows) {
      const std::string name = row.at(0).value_or("");
      listed.insert(name);
      const bool is_view = absl::EndsWith(row.at(1).value_or(""), "VIEW");
      RETURN_IF_ERROR(is_view ? CheckView(name) : CheckTable(name));
    }
    NoteUnlisted(engine_tables, listed);
    RETURN_IF_ERROR(Count("routines",
                          session_.is_mariadb()
                              ? "mysql.proc WHERE db"
                              : "information_schema.ROUTINES WHERE ROUTINE_SCHEMA",
                          &report_.routines));
    // Without the grant tables, MariaDB has no information_schema.EVENTS.
    return Count("events",
                 session_.is_mariadb() ? "mysql.event WHERE db"
                                       : "information_schema.EVENTS WHERE EVENT_SCHEMA",
                 &report_.events);
  }

  void NoteUnlisted(const std::set<std::string>& engine_tables,
                    const std::set<std::string>& listed) {
    for (const std::string& name : engine_tables) {
      if (listed.count(name) != 0) continue;
      ++report_.bad;
      LOG(ERROR) << "bad: " << OneLine(QuoteTable(report_.name, name))
                 << ": InnoDB knows it, and the server does not: its .frm file is missing";
    }
  }

 private:
  // Counts the database's rows of a list of the server's.
  absl::Status Count(absl::string_view what, absl::string_view list, uint64_t* count) {
    const absl::StatusOr<std::string> number = session_.QueryValue(
        absl::StrCat("SELECT COUNT(*) FROM ", list, " = ", QuoteString(report_.name)));
    if (number.ok() && absl::SimpleAtoi(*number, count)) return absl::OkStatus();
    return NoteDamage(absl::StrCat(what, " of ", QuoteIdentifier(report_.name)), number.status());
  }

  // Unavailable when the server is lost, which may have any reason: whoever runs the server knows
  // better. Anything else that it says against `what` is damage.
  absl::Status NoteDamage(const std::string& what, const absl::Status& status) {
    if (absl::IsUnavailable(status)) {
      return absl::UnavailableError(
          absl::StrCat("the server was lost while it checked ", what, ": ", status.message(),
                       "; see the server's log, and whether --answer_timeout is long enough"));
    }
    if (absl::IsFailedPrecondition(status)) {
      ++unchecked_;
      LOG(ERROR) << "cannot check " << OneLine(absl::StrCat(what, ": ", status.message()));
      return absl::OkStatus();
    }
    ++report_.bad;
    LOG(ERROR) << "bad: " << OneLine(absl::StrCat(what, ": ", status.message()));
    return absl::OkStatus();
  }

  // CHECK TABLE. Returns whether the server called it good, which it does not where the engine has
  // no such check; FailedPrecondition where it has no such engine; another error when it found
  // damage.
  absl::StatusOr<bool> Examine(const std::string& table) {
    ASSIGN_OR_RETURN(const std::vector<MysqlRow> rows,
                     session_.Query(absl::StrCat("CHECK TABLE ", table)));
    bool good = false;
    std::string damage;
    for (const MysqlRow& row : rows) {
      const std::string type = row.at(2).value_or("");
      const std::string text = row.at(3).value_or("");
      if (IsUnknownEngine(text)) return absl::FailedPreconditionError(text);
      if (IsDamage(type, text)) absl::StrAppend(&damage, damage.empty() ? "" : "; ", text);
      if (text == "OK" || text == "Table is already up to date") good = true;
    }
    if (!damage.empty()) return absl::DataLossError(damage);
    return good;
  }

  // Reads every column of every row: CHECK TABLE and COUNT(*) look at an InnoDB table's indexes
  // only, and never at the pages of long BLOB and TEXT values. NULL stands for what could not be
  // read; some damage InnoDB tells its error log alone.
  absl::Status ReadWhole(const std::string& table) {
    ASSIGN_OR_RETURN(const std::vector<MysqlRow> rows,
                     session_.Query(absl::StrCat("CHECKSUM TABLE ", table, " EXTENDED")));
    if (rows.size() == 1 && rows[0].at(1).has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<MysqlRow> warnings, session_.Query("SHOW WARNINGS"));
    std::string words;
    for (const MysqlRow& row : warnings) absl::StrAppend(&words, "; ", row.at(2).value_or(""));
    return absl::DataLossError(absl::StrCat("CHECKSUM TABLE could not read all of it", words));
  }

  // A view holds no data. One that refers to what is not there is most often as broken on the live
  // server; and if the copy lacks a table, the check of the tables says so.
  absl::Status CheckView(const std::string& name) {
    ++report_.views;
    const std::string view = QuoteTable(report_.name, name);
    const absl::Status status = Examine(view).status();
    if (absl::IsUnavailable(status)) return NoteDamage(view, status);
    if (!status.ok()) {
      LOG(WARNING) << "the view "
                   << OneLine(absl::StrCat(view, " is unusable: ", status.message()));
    }
    return absl::OkStatus();
  }

  absl::Status CheckTable(const std::string& name) {
    ++report_.tables;
    const std::string table = QuoteTable(report_.name, name);
    const absl::StatusOr<uint64_t> rows = CheckAndCount(table);
    if (rows.ok()) {
      report_.rows += *rows;
      return absl::OkStatus();
    }
    if (IsServerLog(report_.name, name) && !absl::IsUnavailable(rows.status())) {
      LOG(WARNING) << "the server's log "
                   << OneLine(absl::StrCat(table, " is unusable: ", rows.status().message()));
      return absl::OkStatus();
    }
    return NoteDamage(table, rows.status());
  }

  // Returns the number of the rows.
  absl::StatusOr<uint64_t> CheckAndCount(const std::string& table) {
    ASSIGN_OR_RETURN(const bool good, Examine(table));
    // An engine without CHECK TABLE may keep its rows on another machine: these are not read.
    if (!good) return 0;
    RETURN_IF_ERROR(ReadWhole(table));
    ASSIGN_OR_RETURN(const std::string count,
                     session_.QueryValue(absl::StrCat("SELECT COUNT(*) FROM ", table)));
    uint64_t rows = 0;
    if (absl::SimpleAtoi(count, &rows)) return rows;
    return absl::InternalError(absl::StrCat("COUNT(*) gave '", count, "'"));
  }

  MysqlSession& session_;
  DatabaseReport report_;
  uint64_t unchecked_ = 0;
};

}  // namespace

std::string FormatReport(const DatabaseReport& report) {
  std::string name;
  for (const char c : report.name) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c)) || c == '\\') {
      absl::StrAppend(&name, absl::CEscape(absl::string_view(&c, 1)));
    } else {
      name.push_back(c);
    }
  }
  return absl::StrCat(report.bad == 0 ? "ok" : "bad", " tables=", report.tables,
                      " views=", report.views, " routines=", report.routines,
                      " events=", report.events, " rows=", report.rows, " bad=", report.bad,
                      " database=", name, "\n");
}

bool IsDamage(absl::string_view message_type, absl::string_view message_text) {
  const std::string type = absl::AsciiStrToLower(message_type);
  if (type == "note" || type == "info") return false;
  if (type == "status") {
    return message_text != "OK" && message_text != "Table is already up to date";
  }
  return !absl::StrContains(message_text, "doesn't support check");
}

bool IsUnknownEngine(absl::string_view message_text) {
  return absl::StartsWith(message_text, "Unknown storage engine");
}

bool IsUsersTable(absl::string_view engine_name) {
  const size_t slash = engine_name.find('/');
  if (slash == absl::string_view::npos) return false;
  const absl::string_view table = engine_name.substr(slash + 1);
  if (absl::StartsWith(table, "#")) return false;
  constexpr size_t kIdDigits = 16;
  if (table.size() > 4 + kIdDigits && absl::StartsWithIgnoreCase(table, "FTS_") &&
      table[4 + kIdDigits] == '_') {
    const absl::string_view id = table.substr(4, kIdDigits);
    return !std::all_of(id.begin(), id.end(),
                        [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); });
  }
  return true;
}

absl::Status CheckDatabases(MysqlSession& session, const std::string& only,
                            const std::function<absl::Status(const DatabaseReport&)>& on_report) {
  ASSIGN_OR_RETURN(const std::set<std::string> existing, ListDatabases(session));
  ASSIGN_OR_RETURN(NamesByDatabase engine_tables, ListEngineTables(session));
  std::set<std::string> databases = existing;
  for (const auto& [database, tables] : engine_tables) databases.insert(database);
  if (!only.empty()) {
    if (databases.count(only) == 0) {
      return NoError(absl::StrCat("there is no database ", QuoteIdentifier(only)));
    }
    databases = {only};
  }
  uint64_t bad = 0;
  uint64_t unchecked = 0;
  for (const std::string& database : databases) {
    Checker checker(session, database);
    if (existing.count(database) != 0) {
      RETURN_IF_ERROR(checker.CheckListed(engine_tables[database]));
    } else {
      checker.NoteUnlisted(engine_tables[database], {});
    }
    bad += checker.report().bad;
    unchecked += checker.unchecked();
    // "ok" would promise more than is known.
    if (checker.report().bad == 0 && checker.unchecked() != 0) continue;
    RETURN_IF_ERROR(on_report(checker.report()));
  }
  if (bad != 0) return NoError(absl::StrCat(bad, " bad tables"));
  if (unchecked == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("this host cannot check ", unchecked,
                   " tables, since its server lacks their engine; remedy: install the engine's "
                   "package, and a server of the same version as the live one; an engine that was "
                   "installed by a statement needs plugin_load_add in SERVER_OPTIONS_FILE"));
}

}  // namespace mysql_backup

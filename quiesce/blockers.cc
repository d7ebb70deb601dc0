#include "quiesce/blockers.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace mysql_backup {

bool CanBlock(bool is_mariadb, absl::string_view text) {
  if (!is_mariadb) return true;
  const std::string statement = absl::AsciiStrToLower(absl::StripLeadingAsciiWhitespace(text));
  const bool reads = absl::StartsWith(statement, "select") || absl::StartsWith(statement, "show") ||
                     absl::StartsWith(statement, "desc") || absl::StartsWith(statement, "explain");
  return !reads || absl::StrContains(statement, "for update") ||
         absl::StrContains(statement, "lock in share mode");
}

absl::StatusOr<std::vector<Statement>> FindBlockers(MysqlSession& session, absl::Duration min_age) {
  ASSIGN_OR_RETURN(
      const std::vector<MysqlRow> rows,
      session.Query(absl::StrCat(
          "SELECT ID, USER, TIME, LEFT(INFO, 1000) FROM information_schema.PROCESSLIST "
          "WHERE COMMAND IN ('Query', 'Execute') AND ID <> CONNECTION_ID() AND TIME >= ",
          absl::ToInt64Seconds(min_age), " ORDER BY TIME DESC")));
  std::vector<Statement> blockers;
  for (const MysqlRow& row : rows) {
    Statement statement;
    statement.user = row[1].value_or("");
    statement.text = row[3].value_or("");
    if (!absl::SimpleAtoi(row[0].value_or(""), &statement.connection_id) ||
        !absl::SimpleAtoi(row[2].value_or(""), &statement.seconds)) {
      return absl::InternalError("the server's process list has a row without numbers");
    }
    if (CanBlock(session.is_mariadb(), statement.text)) blockers.push_back(statement);
  }
  return blockers;
}

std::string DescribeStatement(const Statement& statement) {
  constexpr size_t kShown = 100;
  return absl::StrCat("connection ", statement.connection_id, " (user ", statement.user,
                      ") has been running for ", statement.seconds,
                      " s: ", statement.text.substr(0, kShown),
                      statement.text.size() > kShown ? "..." : "");
}

}  // namespace mysql_backup

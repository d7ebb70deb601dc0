#include "quiesce/blockers.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

constexpr absl::string_view kReadingVerbs[] = {"select", "with", "show", "desc", "explain"};

// What makes a statement that begins with one of these lock rows or write.
constexpr absl::string_view kLockingWords[] = {"for update", "lock in share mode", "insert ",
                                               "update ", "delete "};

// Leaves out the comments and parentheses that a statement begins with.
absl::string_view SkipToVerb(absl::string_view text) {
  while (true) {
    text = absl::StripLeadingAsciiWhitespace(text);
    if (absl::ConsumePrefix(&text, "(")) continue;
    const absl::string_view end = absl::StartsWith(text, "/*")   ? "*/"
                                  : absl::StartsWith(text, "--") ? "\n"
                                  : absl::StartsWith(text, "#")  ? "\n"
                                                                 : "";
    const size_t position = end.empty() ? absl::string_view::npos : text.find(end);
    if (position == absl::string_view::npos) return text;
    text.remove_prefix(position + end.size());
  }
}

// Returns the text in lower case, with one space for all white space between two words.
std::string Plain(absl::string_view text) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(text, absl::ByAnyChar(" \t\n\v\f\r"), absl::SkipEmpty());
  return absl::AsciiStrToLower(absl::StrJoin(words, " "));
}

}  // namespace

bool CanBlock(bool is_mariadb, absl::string_view text) {
  if (!is_mariadb) return true;
  const std::string statement = Plain(SkipToVerb(text));
  const bool reads =
      std::any_of(std::begin(kReadingVerbs), std::end(kReadingVerbs),
                  [&](absl::string_view verb) { return absl::StartsWith(statement, verb); });
  return !reads ||
         std::any_of(std::begin(kLockingWords), std::end(kLockingWords),
                     [&](absl::string_view words) { return absl::StrContains(statement, words); });
}

std::string BlankLiterals(absl::string_view statement) {
  const size_t quote = statement.find_first_of("'\"");
  if (quote == absl::string_view::npos) return std::string(statement);
  return absl::StrCat(statement.substr(0, quote + 1), "...");
}

absl::StatusOr<std::vector<Statement>> FindBlockers(MysqlSession& session, absl::Duration min_age) {
  // Without PROCESS the list of processes has only one's own, and does not say so; this is refused.
  RETURN_IF_ERROR(Annotate(
      session.Query("SELECT 1 FROM information_schema.INNODB_TRX LIMIT 1").status(),
      "; the account needs it to see what is in the lock's way: GRANT PROCESS ON *.* TO it"));
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
  const std::string text = BlankLiterals(statement.text);
  return absl::StrCat("connection ", statement.connection_id, " (user ", statement.user,
                      ") has been running for ", statement.seconds, " s: ", text.substr(0, kShown),
                      text.size() > kShown ? "..." : "");
}

}  // namespace mysql_backup

#include "quiesce/blockers.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
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

}  // namespace

bool CanBlock(bool is_mariadb, absl::string_view text) {
  if (!is_mariadb) return true;
  const std::string statement = absl::AsciiStrToLower(SkipToVerb(text));
  const bool reads =
      std::any_of(std::begin(kReadingVerbs), std::end(kReadingVerbs),
                  [&](absl::string_view verb) { return absl::StartsWith(statement, verb); });
  return !reads ||
         std::any_of(std::begin(kLockingWords), std::end(kLockingWords),
                     [&](absl::string_view words) { return absl::StrContains(statement, words); });
}

std::string BlankLiterals(absl::string_view statement) {
  std::string blanked;
  char quote = 0;
  for (size_t i = 0; i < statement.size(); ++i) {
    const char c = statement[i];
    if (quote == 0) {
      blanked.push_back(c);
      if (c == '\'' || c == '"') {
        quote = c;
        blanked.append("...");
      }
    } else if (c == '\\') {
      ++i;
    } else if (c == quote) {
      quote = 0;
      blanked.push_back(c);
    }
  }
  return blanked;
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
  const std::string text = BlankLiterals(statement.text);
  return absl::StrCat("connection ", statement.connection_id, " (user ", statement.user,
                      ") has been running for ", statement.seconds, " s: ", text.substr(0, kShown),
                      text.size() > kShown ? "..." : "");
}

}  // namespace mysql_backup

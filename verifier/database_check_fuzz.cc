// The verdict on a table, and the line in which a database's verdict is told.

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fuzz/fuzz_one.h"
#include "verifier/database_check.h"

namespace mysql_backup {
namespace {

void CheckReport(absl::string_view name) {
  DatabaseReport report;
  report.name = std::string(name);
  report.tables = 3;
  const std::string line = FormatReport(report);
  // One line, from which the name can be had again.
  constexpr absl::string_view kBegin =
      "ok tables=3 views=0 routines=0 events=0 rows=0 bad=0 database=";
  CHECK(absl::StartsWith(line, kBegin) && absl::EndsWith(line, "\n"));
  const std::string told = line.substr(kBegin.size(), line.size() - kBegin.size() - 1);
  for (const char c : told) CHECK(!absl::ascii_iscntrl(static_cast<unsigned char>(c)));
  std::string decoded;
  CHECK(absl::CUnescape(told, &decoded));
  CHECK_EQ(decoded, report.name);

  report.bad = 1;
  CHECK(absl::StartsWith(FormatReport(report), "bad "));
}

}  // namespace

void FuzzOne(absl::string_view input) {
  CheckReport(input);

  // Errors and warnings are damage whatever they say, but for the one of engines without a check.
  const bool harmless = absl::StrContains(input, "doesn't support check");
  for (const char* type : {"error", "Error", "warning", "Warning"}) {
    CHECK_EQ(IsDamage(type, input), !harmless);
  }
  CHECK(!IsDamage("note", input));
  CHECK_EQ(IsDamage("status", input), input != "OK" && input != "Table is already up to date");

  // Only what begins like InnoDB's own tables is taken for one, and so left out of the check.
  if (IsUsersTable(input)) CHECK(absl::StrContains(input, "/"));
  if (!absl::StrContains(input, "/")) {
    CHECK(!IsUsersTable(absl::StrCat("shop/#", input)));
    CHECK(IsUsersTable(absl::StrCat("shop/t", input)));
    CHECK(!IsUsersTable(absl::StrCat("shop/FTS_0123456789abcdef_", input)));
  }
}

}  // namespace mysql_backup

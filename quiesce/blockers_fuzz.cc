// Other people's statements: which of them would hold the lock up, and what of them a log may show.

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "fuzz/fuzz_one.h"
#include "quiesce/blockers.h"

namespace mysql_backup {
namespace {

// Whatever came before it, a text in quotes is not shown.
void CheckSecrets(absl::string_view input) {
  constexpr absl::string_view kSecret = "\x01secret";
  if (absl::StrContains(input, kSecret.substr(0, 1))) return;
  for (const char* quote : {"'", "\""}) {
    const std::string statement = absl::StrCat(input, " = ", quote, kSecret, quote);
    CHECK(!absl::StrContains(BlankLiterals(statement), kSecret)) << statement;
  }
}

}  // namespace

void FuzzOne(absl::string_view input) {
  CHECK(CanBlock(/*is_mariadb=*/false, input));
  const bool can_block = CanBlock(/*is_mariadb=*/true, input);
  CHECK_EQ(CanBlock(true, absl::StrCat(" /* a */ ", input)), can_block);
  // For the server, one kind of white space is as good as another. (Not at the end of a comment
  // that reaches to the end of its line.)
  if (!absl::StrContains(input, "--") && !absl::StrContains(input, "#")) {
    const std::string other = absl::StrReplaceAll(input, {{" ", "\n\t"}, {"\t", " "}});
    CHECK_EQ(CanBlock(true, other), can_block) << other;
  }
  CHECK(CanBlock(true, absl::StrCat("update t set a = 1 ", input)));

  CheckSecrets(input);
  const std::string blanked = BlankLiterals(input);
  CHECK_EQ(BlankLiterals(blanked), blanked);
  if (input.find_first_of("'\"") == absl::string_view::npos) CHECK_EQ(blanked, input);
  CHECK_LE(DescribeStatement({1, "u", 2, std::string(input)}).size(), 160U);
}

}  // namespace mysql_backup

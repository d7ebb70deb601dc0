// A scratch server's error log: whose fault it was that it did not start.

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fuzz/fuzz_one.h"
#include "verifier/server_log.h"

namespace mysql_backup {
namespace {

constexpr absl::string_view kNote = "\n2026-11-23 2:00:00 0 [Note] InnoDB: Permission denied\n";
constexpr absl::string_view kError = "\n2026-11-23 2:00:00 0 [ERROR] InnoDB: ";

bool SpeaksOfErrors(absl::string_view log) {
  return absl::StrContains(log, "[ERROR]") || absl::StrContains(log, "[FATAL]") ||
         absl::StrContains(log, "Assertion failure") || absl::StrContains(log, "setpriv: ") ||
         absl::StrContains(log, "error while loading shared libraries") ||
         absl::StrContains(log, "required defaults file") ||
         absl::StrContains(log, "defaults handling") ||
         absl::StrContains(log, "Found option without preceding group");
}

}  // namespace

void FuzzOne(absl::string_view input) {
  const std::string errors = LastErrors(input);
  CHECK_EQ(errors.find('\n'), std::string::npos);
  CHECK_EQ(errors.empty(), absl::StripAsciiWhitespace(input).empty());

  const auto trouble = HostTrouble(input);
  if (!SpeaksOfErrors(input)) {
    CHECK(!trouble.has_value());
    CHECK(!ReportsCorruption(input));
  }
  if (trouble.has_value()) CHECK(!trouble->empty());

  // A note changes nothing, and an error is found wherever it stands.
  CHECK(HostTrouble(absl::StrCat(input, kNote)) == trouble);
  CHECK_EQ(ReportsCorruption(absl::StrCat(input, kNote)), ReportsCorruption(input));
  CHECK(ReportsCorruption(absl::StrCat(input, kError, "Page is CORRUPTED\n", input)));
  CHECK(HostTrouble(absl::StrCat(input, kError, "No space left on device\n")).has_value());
  CHECK(absl::EndsWith(LastErrors(absl::StrCat(input, kError, "last\n", kNote)), "last"));
}

}  // namespace mysql_backup

// What makes a message one line of the log.

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "fuzz/fuzz_one.h"

namespace mysql_backup {
namespace {

bool IsControl(char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }

}  // namespace

void FuzzOne(absl::string_view input) {
  const std::string line = OneLine(input);
  CHECK(std::none_of(line.begin(), line.end(), &IsControl));
  CHECK_EQ(OneLine(line), line);
  CHECK_EQ(OneLine(absl::StrCat("\n", input, "\n \n")), line);
  // Escaped, never dropped: only blanks at the ends of lines may be.
  for (const char c : input) {
    if (!absl::ascii_isspace(static_cast<unsigned char>(c)) && !IsControl(c)) {
      CHECK_NE(line.find(c), std::string::npos);
    }
  }
  if (std::none_of(input.begin(), input.end(), &IsControl)) {
    CHECK_EQ(line, absl::StripAsciiWhitespace(input));
  }
}

}  // namespace mysql_backup

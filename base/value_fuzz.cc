// Values of options and of the configuration.

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/value.h"
#include "fuzz/fuzz_one.h"

namespace mysql_backup {
namespace {

bool IsAllDigits(absl::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == absl::string_view::npos;
}

absl::string_view WithoutLeadingZeros(absl::string_view digits) {
  const size_t begin = digits.find_first_not_of('0');
  return begin == absl::string_view::npos ? digits.substr(digits.size() - 1) : digits.substr(begin);
}

void CheckDigits(absl::string_view input) {
  constexpr absl::string_view kLargest = "9223372036854775807";
  const absl::optional<int64_t> number = ParseDigits(input);
  if (!IsAllDigits(input)) {
    CHECK(!number.has_value());
    return;
  }
  const absl::string_view digits = WithoutLeadingZeros(input);
  // Of the same length, numbers sort as texts do.
  const bool fits =
      digits.size() < kLargest.size() || (digits.size() == kLargest.size() && digits <= kLargest);
  CHECK_EQ(number.has_value(), fits);
  if (fits) CHECK_EQ(absl::StrCat(*number), digits);
}

// The size is reckoned anew in floating point, which is exact for what is small enough to be valid.
void CheckSize(absl::string_view input) {
  const absl::StatusOr<uint64_t> size = ParseSize(input);
  const size_t unit = input.empty() ? absl::string_view::npos
                                    : absl::string_view("KMGT").find(input[input.size() - 1]);
  const absl::string_view digits = input.substr(0, input.empty() ? 0 : input.size() - 1);
  double bytes = 0;
  if (unit != absl::string_view::npos && IsAllDigits(digits)) {
    bytes = std::stod(std::string(WithoutLeadingZeros(digits).substr(0, 40)));
    for (size_t i = 0; i <= unit; ++i) bytes *= 1024;
  }
  CHECK_EQ(size.ok(), bytes >= 4.0 * 1024 * 1024 && bytes <= 1024.0 * 1024 * 1024 * 1024 * 1024)
      << input;
  if (size.ok()) CHECK_EQ(static_cast<double>(*size), bytes);
}

void CheckNames(absl::string_view input) {
  const bool is_group = CheckGroupName(input).ok();
  if (is_group) {
    CHECK(!input.empty());
    CHECK_LE(input.size(), 100U);
    for (const char c : input) {
      CHECK(absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '_' ||
            c == '.' || c == '-');
    }
    // Not an option, and not a directory in /dev/VG.
    CHECK(input[0] != '-' && input != "." && input != "..");
  }
  if (CheckVolumeName(input).ok()) {
    CHECK(is_group);
    CHECK(input.substr(0, 8) != "snapshot" && input.substr(0, 6) != "pvmove");
    CHECK_EQ(input.find("_mlog"), absl::string_view::npos);
    CHECK_EQ(input.find("_tmeta"), absl::string_view::npos);
  }
}

void CheckPaths(absl::string_view input) {
  if (!CheckPath(input).ok()) return;
  CHECK_EQ(input[0], '/');
  CHECK_NE(input.find_first_not_of('/'), absl::string_view::npos);
  for (const char c : input) CHECK(!absl::ascii_iscntrl(static_cast<unsigned char>(c)));
  for (const absl::string_view part : absl::StrSplit(input, '/'))
    CHECK(part != "." && part != "..");
  // Something below it is a path as well.
  CHECK(CheckPath(absl::StrCat(input, "/x")).ok());
}

}  // namespace

void FuzzOne(absl::string_view input) {
  CheckDigits(input);
  CheckSize(input);
  CheckNames(input);
  CheckPaths(input);
}

}  // namespace mysql_backup

#include "base/percent.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace mysql_backup {
namespace {

bool IsEncoded(char c) {
  return absl::ascii_iscntrl(static_cast<unsigned char>(c)) || c == ' ' || c == '%';
}

}  // namespace

std::string PercentEncode(absl::string_view text) {
  std::string word;
  for (const char c : text) {
    if (IsEncoded(c)) {
      absl::StrAppendFormat(&word, "%%%02X", static_cast<unsigned char>(c));
    } else {
      word.push_back(c);
    }
  }
  return word;
}

absl::optional<std::string> PercentDecode(absl::string_view word) {
  std::string text;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      text.push_back(word[i]);
      continue;
    }
    const absl::string_view digits = word.substr(i + 1, 2);
    if (digits.size() != 2 || !absl::ascii_isxdigit(static_cast<unsigned char>(digits[0])) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(digits[1]))) {
      return absl::nullopt;
    }
    absl::StrAppend(&text, absl::HexStringToBytes(digits));
    i += 2;
  }
  if (PercentEncode(text) != word) return absl::nullopt;
  return text;
}

}  // namespace mysql_backup

// The line that tells a restore where the binary log stood.

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fuzz/fuzz_one.h"
#include "quiesce/position.h"

namespace mysql_backup {
namespace {

// Undoes %XX, and takes no other use of a percent sign.
std::string Decode(absl::string_view value) {
  std::string text;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '%') {
      text.push_back(value[i]);
      continue;
    }
    const std::string digits(value.substr(i + 1, 2));
    CHECK_EQ(digits.size(), 2U);
    CHECK(absl::ascii_isxdigit(static_cast<unsigned char>(digits[0])) &&
          absl::ascii_isxdigit(static_cast<unsigned char>(digits[1])));
    text += absl::HexStringToBytes(digits);
    i += 2;
  }
  return text;
}

}  // namespace

// Input: the fields that are text, divided by 0xff, and at last the position as digits.
void FuzzOne(absl::string_view input) {
  std::vector<std::string> fields = absl::StrSplit(input, '\xff');
  fields.resize(6);
  Position position;
  position.is_mariadb = fields[2].empty();
  position.version = fields[0];
  position.server_id = fields[1];
  position.server_uuid = fields[2];
  position.binlog_file = fields[3];
  position.gtid = fields[4];
  if (!absl::SimpleAtoi(fields[5], &position.binlog_position)) position.binlog_position = 0;

  const std::string line = FormatPosition(position);
  for (const char c : line) CHECK(!absl::ascii_iscntrl(static_cast<unsigned char>(c)));
  const std::vector<absl::string_view> pairs = absl::StrSplit(line, ' ');
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"flavour", position.is_mariadb ? "mariadb" : "mysql"},
      {"version", position.version},
      {"server_id", position.server_id},
      {"server_uuid", position.server_uuid},
      {"binlog_file", position.binlog_file},
      {"binlog_position", absl::StrCat(position.binlog_position)},
      {"gtid", position.gtid}};
  CHECK_EQ(pairs.size(), expected.size()) << line;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const size_t equals = pairs[i].find('=');
    CHECK_EQ(pairs[i].substr(0, equals), expected[i].first);
    CHECK_EQ(Decode(pairs[i].substr(equals + 1)), expected[i].second);
  }
}

}  // namespace mysql_backup

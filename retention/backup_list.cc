#include "retention/backup_list.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/backup_name.h"

namespace mysql_backup {
namespace {

// Enough of a line to recognise it by; it may be anything that was sent to us.
constexpr size_t kQuoted = 80;

absl::Status Refuse(absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(
      "the list on standard input is not to be trusted, so nothing was done with it: ", reason));
}

std::string TrailerFor(size_t names) { return absl::StrCat("end ", names); }

}  // namespace

std::string FormatBackupList(const std::vector<std::string>& names) {
  return absl::StrCat(absl::StrJoin(names, "\n"), names.empty() ? "" : "\n",
                      TrailerFor(names.size()), "\n");
}

absl::StatusOr<std::vector<std::string>> ParseBackupList(absl::string_view text) {
  if (!absl::ConsumeSuffix(&text, "\n")) {
    return Refuse("it does not end with a whole line; the program before this one failed");
  }
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  const std::string trailer = lines.back();
  lines.pop_back();
  if (trailer != TrailerFor(lines.size())) {
    return Refuse(absl::StrCat("its last line is '", trailer.substr(0, kQuoted), "' and not '",
                               TrailerFor(lines.size()), "'; the program before this one failed"));
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string line =
        absl::StrCat("line ", i + 1, ", '", lines[i].substr(0, kQuoted), "', ");
    if (!ParseBackupName(lines[i]).has_value()) {
      return Refuse(absl::StrCat(line, "is not backup_YYYYMMDD_HHMMSS"));
    }
    if (i > 0 && lines[i] <= lines[i - 1]) {
      return Refuse(absl::StrCat(line, "is not newer than the line before it"));
    }
  }
  return lines;
}

}  // namespace mysql_backup

#include "verifier/server_log.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace mysql_backup {
namespace {

constexpr size_t kMaxLines = 10;

bool IsError(absl::string_view line) {
  return absl::StrContains(line, "[ERROR]") || absl::StrContains(line, "[FATAL]") ||
         absl::StrContains(line, "Assertion failure") || absl::StartsWith(line, "setpriv: ") ||
         absl::StrContains(line, "error while loading shared libraries");
}

}  // namespace

std::string LastErrors(absl::string_view log) {
  const std::vector<absl::string_view> lines = absl::StrSplit(log, '\n', absl::SkipWhitespace());
  std::vector<absl::string_view> errors;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(errors), &IsError);
  const std::vector<absl::string_view>& shown = errors.empty() ? lines : errors;
  const size_t skipped = shown.size() - std::min(shown.size(), kMaxLines);
  return absl::StrJoin(shown.begin() + static_cast<ptrdiff_t>(skipped), shown.end(), " | ");
}

absl::optional<std::string> HostTrouble(absl::string_view log) {
  // The servers' several spellings of errno 13, 28 and 12, and of options that do not fit.
  static constexpr struct {
    absl::string_view words;
    absl::string_view remedy;
  } kTroubles[] = {
      {"No space left on device", "make room in the directory of --scratch"},
      {"Disk is full", "make room in the directory of --scratch"},
      {"Errcode: 28 ", "make room in the directory of --scratch"},
      {"error number 28 ", "make room in the directory of --scratch"},
      {"Cannot allocate memory", "free some memory"},
      {"Permission denied",
       "see `dmesg | grep -i denied` for AppArmor or SELinux (aa-complain the server's profile for "
       "the time of the check), and whether the files belong to the user of --user"},
      {"error number 13 ",
       "see `dmesg | grep -i denied` for AppArmor or SELinux (aa-complain the server's profile for "
       "the time of the check), and whether the files belong to the user of --user"},
      {"setpriv: ", "see that the program of --server is there (outside of /tmp) and can be run"},
      {"error while loading shared libraries", "install what the server program needs"},
      {"unknown variable", "correct --server_options"},
      {"unknown option", "correct --server_options"},
      {"innodb_page_size start-up parameter",
       "give the live server's page size, as --server_options=--innodb-page-size=N"},
      {"lower_case_table_names settings",
       "give the live server's, as --server_options=--lower-case-table-names=N"},
  };
  for (const absl::string_view line : absl::StrSplit(log, '\n')) {
    for (const auto& trouble : kTroubles) {
      if (IsError(line) && absl::StrContains(line, trouble.words)) {
        return std::string(trouble.remedy);
      }
    }
  }
  return absl::nullopt;
}

bool ReportsCorruption(absl::string_view log) {
  for (const absl::string_view line : absl::StrSplit(log, '\n')) {
    if (IsError(line) && absl::StrContains(absl::AsciiStrToLower(line), "corrupt")) return true;
  }
  return false;
}

}  // namespace mysql_backup

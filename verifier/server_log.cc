#include "verifier/server_log.h"

#include <algorithm>
#include <utility>
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
         absl::StrContains(line, "error while loading shared libraries") ||
         // Before it has read how to log.
         absl::StrContains(line, "required defaults file") ||
         absl::StrContains(line, "defaults handling") ||
         absl::StrContains(line, "Found option without preceding group");
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
  // By remedy, the servers' several spellings of errno 13, 28 and 12, of options that do not fit,
  // and of another version's data. A redo log "created before" the oldest versions is not here:
  // that is what a server takes one for whose header is zeros.
  const std::vector<std::pair<absl::string_view, std::vector<absl::string_view>>> kTroubles = {
      {"make room in BACKUP_ROOT (scratch_server: --scratch)",
       {"No space left on device", "Disk is full", "Errcode: 28 ", "error number 28 ",
        "failed with error 28"}},
      {"free some memory", {"Cannot allocate memory"}},
      {"see `dmesg | grep -i denied` for AppArmor or SELinux (aa-complain the server's profile "
       "for the time of the check), and whether the files belong to the user of --user",
       {"Permission denied", "error number 13 "}},
      {"see that the program of --server is there (outside of /tmp) and can be run", {"setpriv: "}},
      {"install what the server program needs", {"error while loading shared libraries"}},
      {"see that SERVER_OPTIONS_FILE (scratch_server: --options_file) is there, outside of /tmp, "
       "and that the user of --user can read it (chgrp mysql, chmod 640)",
       {"open required defaults file"}},
      {"correct SERVER_OPTIONS_FILE (scratch_server: --options_file, --server_options)",
       {"unknown variable", "unknown option", "Found option without preceding group",
        "defaults handling"}},
      {"give the live server's encryption plugin and keys in SERVER_OPTIONS_FILE "
       "(scratch_server: --options_file), or a MySQL server's keyring component, as "
       "mysqld.my beside its program",
       {"key_id is not available", "encryption service", "Encryption key is not found",
        "keyring plugin", "Check keyring", "can't be decrypted", "Encryption can't find"}},
      {"put the live server's innodb_page_size under [mysqld] in SERVER_OPTIONS_FILE "
       "(scratch_server: --options_file)",
       {"innodb_page_size start-up parameter"}},
      {"put the live server's lower_case_table_names under [mysqld] in SERVER_OPTIONS_FILE "
       "(scratch_server: --options_file)",
       {"lower_case_table_names settings"}},
      {"see whether ibdata1 is missing (check_manifest); otherwise put the live server's "
       "innodb_data_file_path, and what else tells where its files are, under [mysqld] in "
       "SERVER_OPTIONS_FILE (scratch_server: --options_file)",
       {"Creating system tablespace with existing redo log"}},
      {"install the provider's package, and put plugin_load_add=provider_NAME under [mariadb] in "
       "SERVER_OPTIONS_FILE (scratch_server: --options_file)",
       {"provider plugin is not loaded"}},
      {"install a server of the same version as the live one, or name its program with "
       "--server",
       {"redo log was created with", "Unsupported redo log format", "Cannot boot server version",
        "Invalid MySQL server upgrade", "Invalid MySQL server downgrade"}},
  };
  for (const absl::string_view line : absl::StrSplit(log, '\n')) {
    if (!IsError(line)) continue;
    for (const auto& [remedy, spellings] : kTroubles) {
      for (const absl::string_view words : spellings) {
        if (absl::StrContains(line, words)) return std::string(remedy);
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

bool ReportsPrepared(absl::string_view log) {
  return absl::StrContains(log, "You have to start server with --tc-heuristic-recover") ||
         absl::StrContains(log, "Please restart mysqld without --tc-heuristic-recover");
}

}  // namespace mysql_backup

// The configuration file as a whole.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/value.h"
#include "config/parse_config.h"
#include "fuzz/fuzz_one.h"

namespace mysql_backup {
namespace {

const std::vector<std::string>& Keys() {
  static const auto* const keys = new std::vector<std::string>{
      "VG",
      "LV",
      "SNAPSHOT",
      "SNAPSHOT_SIZE",
      "SNAPSHOT_MAX_SIZE",
      "MOUNT_POINT",
      "DATADIR",
      "BACKUP_ROOT",
      "KEEP",
      "LOG_FILE",
      "SOCKET",
      "DEFAULTS_FILE",
      "SERVER_OPTIONS_FILE",
      "LOCK_SCOPE",
      "LOCK_WAIT",
      "LOCK_MAX_HOLD",
      "REUSE",
      "COPY_JOBS",
      "COPY_RATE",
      "COPY_PRIORITY",
  };
  return *keys;
}

// Every line that says something gives a key of ours, none of them twice.
void CheckLines(absl::string_view text) {
  std::map<std::string, int> given;
  for (const absl::string_view raw : absl::StrSplit(text, '\n')) {
    const std::string line(absl::StripAsciiWhitespace(raw));
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> parts = absl::StrSplit(line, '=');
    CHECK_EQ(parts.size(), 2U) << line;
    const std::string key(absl::StripAsciiWhitespace(parts[0]));
    CHECK_EQ(std::count(Keys().begin(), Keys().end(), key), 1) << line;
    CHECK_EQ(++given[key], 1) << line;
  }
}

void CheckValues(const ParsedConfig& config) {
  std::map<std::string, std::string> values(config.settings.begin(), config.settings.end());
  for (const auto& [key, value] : values) {
    for (const char c : value) CHECK(!absl::ascii_iscntrl(static_cast<unsigned char>(c)));
    CHECK(!value.empty() || key == "SNAPSHOT_MAX_SIZE" || key == "SOCKET" ||
          key == "DEFAULTS_FILE" || key == "SERVER_OPTIONS_FILE" || key == "COPY_JOBS" ||
          key == "COPY_RATE");
  }
  CHECK_GE(std::stoi(values["KEEP"]), 1);
  CHECK(values["LOCK_SCOPE"] == "backup" || values["LOCK_SCOPE"] == "snapshot");
  CHECK_NE(values["SNAPSHOT"], values["LV"]);
  if (!values["SNAPSHOT_MAX_SIZE"].empty()) {
    CHECK_GE(*ParseSize(values["SNAPSHOT_MAX_SIZE"]), *ParseSize(values["SNAPSHOT_SIZE"]));
  }
  for (const char* inner : {"MOUNT_POINT", "DATADIR", "BACKUP_ROOT"}) {
    CHECK_EQ(values[inner][0], '/');
    for (const char* outer : {"MOUNT_POINT", "DATADIR", "BACKUP_ROOT"}) {
      if (std::string(inner) == outer) continue;
      CHECK(!absl::StartsWith(values[inner] + "/", values[outer] + "/"));
    }
  }
}

}  // namespace

void FuzzOne(absl::string_view input) {
  const ParsedConfig config = ParseConfig("F", input);
  CHECK_EQ(config.settings.size(), Keys().size());
  std::string text;
  for (size_t i = 0; i < Keys().size(); ++i) {
    CHECK_EQ(config.settings[i].first, Keys()[i]);
    absl::StrAppend(&text, Keys()[i], "=", config.settings[i].second, "\n");
  }
  for (const std::string& error : config.errors) CHECK(absl::StartsWith(error, "F:"));
  if (!config.errors.empty()) return;

  CheckLines(input);
  CheckValues(config);
  // What read_config prints is a configuration, and the same one.
  const ParsedConfig again = ParseConfig("F", text);
  CHECK(again.errors.empty()) << again.errors[0];
  CHECK(again.settings == config.settings) << text;
}

}  // namespace mysql_backup

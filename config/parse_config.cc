#include "config/parse_config.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/value.h"
#include "config/value.h"

namespace mysql_backup {
namespace {

constexpr int kSecondsADay = 24 * 60 * 60;

using Check = absl::StatusOr<std::string> (*)(absl::string_view value);

struct Key {
  absl::string_view name;
  absl::string_view default_value;
  bool may_be_empty;
  Check check;
};

// The order here is the order of the output.
constexpr Key kKeys[] = {
    {"VG", "vg_mysql", false, &GroupNameValue},
    {"LV", "lv_mysql_data", false, &VolumeNameValue},
    {"SNAPSHOT", "mysql_snapshot", false, &VolumeNameValue},
    {"SNAPSHOT_SIZE", "1G", false, &SizeValue},
    {"SNAPSHOT_MAX_SIZE", "", true, &SizeValue},
    {"MOUNT_POINT", "/mnt/mysql_snapshot", false, &PathValue},
    {"DATADIR", "/var/lib/mysql", false, &PathValue},
    {"BACKUP_ROOT", "/backups/mysql", false, &PathValue},
    // The upper bound only catches slips: 9999 nights are 27 years.
    {"KEEP", "7", false, [](absl::string_view value) { return NumberValue(value, 1, 9999); }},
    {"LOG_FILE", "/var/log/mysql_backup.log", false, &PathValue},
    {"SOCKET", "", true, &PathValue},
    {"DEFAULTS_FILE", "", true, &PathValue},
    {"SERVER_OPTIONS_FILE", "", true, &PathValue},
    {"LOCK_SCOPE", "backup", false, &LockScopeValue},
    // While FLUSH TABLES WITH READ LOCK waits for a long statement, every writer queues behind it.
    {"LOCK_WAIT", "5", false, [](absl::string_view value) { return NumberValue(value, 1, 60); }},
    {"LOCK_MAX_HOLD", "3600", false,
     [](absl::string_view value) { return NumberValue(value, 1, kSecondsADay); }},
    {"REUSE", "none", false, &ReuseValue},
    {"COPY_JOBS", "", true, [](absl::string_view value) { return NumberValue(value, 1, 64); }},
    {"COPY_RATE", "", true, &SizeValue},
    {"COPY_PRIORITY", "normal", false, &PriorityValue},
};
constexpr size_t kKeyCount = sizeof(kKeys) / sizeof(kKeys[0]);

absl::string_view StripBlanks(absl::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == absl::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool HasControlCharacter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

bool IsQuote(char c) { return c == '"' || c == '\''; }

// What no value may contain, whatever its key.
absl::Status CheckForm(absl::string_view value) {
  if (StripBlanks(value) != value) {
    return absl::InvalidArgumentError("a value cannot end in a blank");
  }
  if (IsQuote(value.front()) || IsQuote(value.back())) {
    return absl::InvalidArgumentError(
        "quotes are not taken off here, they would be part of the value; leave them out");
  }
  if (absl::StrContains(value, " #")) {
    return absl::InvalidArgumentError("a comment needs a line of its own");
  }
  if (absl::StrContains(value, '=')) {
    return absl::InvalidArgumentError("'=' stands between key and value only");
  }
  return absl::OkStatus();
}

// Collects what the lines say. Lines count from 1.
class Reader {
 public:
  explicit Reader(absl::string_view file) : file_(file) {
    for (const Key& key : kKeys) {
      config_.settings.emplace_back(std::string(key.name), std::string(key.default_value));
    }
  }

  void ReadLine(int number, absl::string_view line) {
    line_ = number;
    if (absl::EndsWith(line, "\r")) {
      return Refuse(
          "ends like a line of Windows (CR LF); convert the file: sed -i 's/\\r$//' FILE");
    }
    line = StripBlanks(line);
    if (line.empty() || line.front() == '#') return;
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos) {
      return Refuse(absl::StrCat("'", line, "' is not KEY=value"));
    }
    ReadSetting(StripBlanks(line.substr(0, equals)), StripBlanks(line.substr(equals + 1)));
  }

  ParsedConfig Finish() && {
    if (config_.errors.empty()) CheckTogether();
    return std::move(config_);
  }

 private:
  void ReadSetting(absl::string_view name, absl::string_view value) {
    if (HasControlCharacter(value)) {
      return Refuse("contains a control character");
    }
    const Key* const key = std::find_if(std::begin(kKeys), std::end(kKeys),
                                        [name](const Key& k) { return k.name == name; });
    if (key == std::end(kKeys)) {
      return Refuse(absl::StrCat("unknown key '", name, "'; there are ",
                                 absl::StrJoin(kKeys, ", ", [](std::string* out, const Key& k) {
                                   out->append(k.name.data(), k.name.size());
                                 })));
    }
    const size_t index = static_cast<size_t>(key - kKeys);
    if (lines_[index] != 0) {
      return Refuse(absl::StrCat(name, " was given in line ", lines_[index], " already"));
    }
    lines_[index] = line_;
    std::string& setting = config_.settings[index].second;
    if (value.empty() && key->may_be_empty) {
      setting.clear();
      return;
    }
    absl::StatusOr<std::string> checked = absl::InvalidArgumentError(
        absl::StrCat("needs a value; take the line out for ", key->default_value));
    if (!value.empty()) {
      const absl::Status form = CheckForm(value);
      checked = form.ok() ? key->check(value) : form;
    }
    // "/a /" is the path "/a ": what the slash at the end hid is now for all to see.
    if (checked.ok()) {
      const absl::Status form = CheckForm(*checked);
      if (!form.ok()) checked = form;
    }
    if (!checked.ok()) {
      return Refuse(absl::StrCat(name, "=", value, ": ", checked.status().message()));
    }
    setting = *std::move(checked);
  }

  // What the values must be to each other.
  void CheckTogether() {
    if (Value("SNAPSHOT") == Value("LV")) {
      RefuseFile("SNAPSHOT and LV are the same: the snapshot needs a name of its own");
    }
    const std::string& max_size = Value("SNAPSHOT_MAX_SIZE");
    if (!max_size.empty() && *ParseSize(max_size) < *ParseSize(Value("SNAPSHOT_SIZE"))) {
      RefuseFile(absl::StrCat("SNAPSHOT_MAX_SIZE=", max_size, " is less than SNAPSHOT_SIZE=",
                              Value("SNAPSHOT_SIZE"), ": the snapshot could not even be made"));
    }
    const absl::string_view directories[] = {"MOUNT_POINT", "DATADIR", "BACKUP_ROOT"};
    for (const absl::string_view inner : directories) {
      for (const absl::string_view outer : directories) {
        if (inner == outer || !IsAtOrBelow(Value(inner), Value(outer))) continue;
        // Of two that are equal one complaint is enough.
        if (Value(inner) == Value(outer) && inner < outer) continue;
        RefuseFile(absl::StrCat(inner, "=", Value(inner), " must not lie in ", outer, "=",
                                Value(outer), ": a copy would meet itself"));
      }
    }
  }

  const std::string& Value(absl::string_view name) const {
    return std::find_if(config_.settings.begin(), config_.settings.end(),
                        [name](const auto& setting) { return setting.first == name; })
        ->second;
  }

  void Refuse(absl::string_view reason) {
    config_.errors.push_back(absl::StrCat(file_, ":", line_, ": ", reason));
  }
  void RefuseFile(absl::string_view reason) {
    config_.errors.push_back(absl::StrCat(file_, ": ", reason));
  }

  absl::string_view file_;
  int line_ = 0;
  int lines_[kKeyCount] = {};  // where each key was given; 0: nowhere yet
  ParsedConfig config_;
};

}  // namespace

ParsedConfig ParseConfig(absl::string_view file, absl::string_view text) {
  Reader reader(file);
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) reader.ReadLine(++number, line);
  return std::move(reader).Finish();
}

}  // namespace mysql_backup

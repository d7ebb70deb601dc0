// The configuration file as text: which keys there are, and what a text makes of them. Pure.

#ifndef MYSQL_BACKUP_CONFIG_PARSE_CONFIG_H_
#define MYSQL_BACKUP_CONFIG_PARSE_CONFIG_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace mysql_backup {

struct ParsedConfig {
  // Every key with its value, in the order of the README, defaults filled in. Only to be used when
  // there are no errors.
  std::vector<std::pair<std::string, std::string>> settings;

  // All that is wrong, in the order of the lines: "FILE:LINE: ..."; then what is wrong between
  // keys: "FILE: ...".
  std::vector<std::string> errors;
};

// Reads `text`, the content of `file`. An empty text gives the defaults.
ParsedConfig ParseConfig(absl::string_view file, absl::string_view text);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_CONFIG_PARSE_CONFIG_H_

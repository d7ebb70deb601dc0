#include <gflags/gflags.h>

#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/status.h"
#include "base/tool.h"
#include "config/config_file.h"
#include "config/parse_config.h"

namespace {
constexpr char kDefaultFile[] = "/etc/mysql-backup.conf";
}  // namespace

DEFINE_string(config, kDefaultFile, "file to read; only the default one may be missing");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "read_config",
    "reads and checks the configuration of a run, and prints it with its defaults.",
    "",
    "",
    "every key, one KEY=value line each, always all of them and in the same order",
    "",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  if (FLAGS_config.empty()) return UsageError("--config is empty: name a file");
  ASSIGN_OR_RETURN(const std::string text,
                   ReadConfigFile(FLAGS_config, FLAGS_config == kDefaultFile));
  const ParsedConfig config = ParseConfig(FLAGS_config, text);
  if (!config.errors.empty()) {
    for (const std::string& error : config.errors) LOG(ERROR) << OneLine(error);
    return absl::InvalidArgumentError(absl::StrCat("configuration ", FLAGS_config, " is not used: ",
                                                   config.errors.size(), " error(s), see above"));
  }
  std::string lines;
  for (const auto& [key, value] : config.settings) absl::StrAppend(&lines, key, "=", value, "\n");
  return WriteStdout(lines);
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

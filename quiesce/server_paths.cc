#include "quiesce/server_paths.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

// Directories and files, of which each server knows some. An empty value means that
// the feature is off, or that the files are in the data directory.
constexpr absl::string_view kPathVariables =
    "'innodb_data_home_dir', 'innodb_log_group_home_dir', 'innodb_undo_directory', "
    "'innodb_doublewrite_dir', 'aria_log_dir_path', 'log_bin_basename', 'log_bin_index'";

constexpr int kUnknownTable = 1109;  // ER_UNKNOWN_TABLE

// MySQL tells where each InnoDB file is; MariaDB keeps link files (.isl) in the data directory,
// which the survey of it finds.
absl::Status AppendTablespaceFiles(MysqlSession& session, const std::string& datadir,
                                   std::vector<ServerPath>& paths) {
  if (session.is_mariadb()) return absl::OkStatus();
  const auto rows = session.Query(
      "SELECT PATH FROM information_schema.INNODB_DATAFILES WHERE PATH NOT LIKE './%'");
  if (!rows.ok()) {
    return MysqlErrorNumber(rows.status()) == kUnknownTable ? absl::OkStatus() : rows.status();
  }
  for (const MysqlRow& row : *rows) {
    paths.push_back(
        {"a table's file (DATA DIRECTORY)", AbsoluteServerPath(datadir, row[0].value_or(""))});
  }
  return absl::OkStatus();
}

}  // namespace

std::string AbsoluteServerPath(absl::string_view datadir, absl::string_view value) {
  if (absl::StartsWith(value, "/")) return std::string(value);
  return absl::StrCat(datadir, absl::EndsWith(datadir, "/") ? "" : "/", value);
}

std::vector<std::string> DataFileNames(absl::string_view innodb_data_file_path) {
  std::vector<std::string> names;
  for (const absl::string_view file : absl::StrSplit(innodb_data_file_path, ';')) {
    const std::vector<absl::string_view> parts = absl::StrSplit(file, ':');
    if (!parts[0].empty()) names.emplace_back(parts[0]);
  }
  return names;
}

absl::StatusOr<std::vector<ServerPath>> ReadServerPaths(MysqlSession& session) {
  ASSIGN_OR_RETURN(const std::string datadir, session.QueryValue("SELECT @@datadir"));
  std::vector<ServerPath> paths = {{"datadir", datadir}};
  ASSIGN_OR_RETURN(const std::vector<MysqlRow> rows,
                   session.Query(absl::StrCat("SHOW GLOBAL VARIABLES WHERE Variable_name IN (",
                                              kPathVariables, ")")));
  std::string data_home = datadir;
  for (const MysqlRow& row : rows) {
    const std::string name = row[0].value_or("");
    const std::string value = row[1].value_or("");
    if (value.empty()) continue;
    std::string path = AbsoluteServerPath(datadir, value);
    // What the names of the log files begin with; it is no file itself.
    if (name == "log_bin_basename") path.resize(path.rfind('/') + 1);
    paths.push_back({name, std::move(path)});
    if (name == "innodb_data_home_dir") data_home = paths.back().path;
  }
  ASSIGN_OR_RETURN(const std::string data_files,
                   session.QueryValue("SELECT @@innodb_data_file_path"));
  for (const std::string& file : DataFileNames(data_files)) {
    paths.push_back({"innodb_data_file_path", AbsoluteServerPath(data_home, file)});
  }
  RETURN_IF_ERROR(AppendTablespaceFiles(session, datadir, paths));
  return paths;
}

}  // namespace mysql_backup

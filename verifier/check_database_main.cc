#include <gflags/gflags.h>

#include <csignal>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mysql_session.h"
#include "base/status.h"
#include "base/tool.h"
#include "verifier/database_check.h"

DEFINE_string(socket, "", "the server's socket");
DEFINE_string(database, "", "the database to check; if empty, all");
DEFINE_int32(answer_timeout, 21600, "seconds within which the server must have checked a table");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "check_database",
    "checks every table and view of a server's databases, and counts the rows.",
    "--socket=PATH",
    "",
    "one line a database: ok|bad tables=N views=N routines=N events=N rows=N bad=N database=NAME",
    "2   the server cannot be asked\n"
    "3   a table is bad, or the database does not exist",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("socket", FLAGS_socket));
  RETURN_IF_ERROR(CheckRangeFlag("answer_timeout", FLAGS_answer_timeout, 1));
  // It has nothing to undo, and within a CHECK TABLE of hours nobody would look for a signal that
  // was caught.
  for (const int signal_number : {SIGTERM, SIGINT, SIGHUP}) std::signal(signal_number, SIG_DFL);
  MysqlOptions options;
  options.socket = FLAGS_socket;
  options.answer_timeout = absl::Seconds(FLAGS_answer_timeout);
  ASSIGN_OR_RETURN(MysqlSession session, MysqlSession::Connect(options));
  return CheckDatabases(session, FLAGS_database, [](const DatabaseReport& report) {
    return WriteStdout(FormatReport(report));
  });
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

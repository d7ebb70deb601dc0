#include <gflags/gflags.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/tool.h"
#include "restorer/replay.h"
#include "restorer/until.h"

DEFINE_string(backup, "", "the backup that was restored; its manifest says where to begin");
DEFINE_string(binlogs, "", "the directory with the server's binary logs");
DEFINE_string(until, "",
              "where to stop: a local time, FILE:POSITION (both exclusive), or a GTID (inclusive)");
DEFINE_string(socket, "", "the socket of the server to replay them on");
DEFINE_string(binlog_program, "", "mariadb-binlog or mysqlbinlog; if empty, at its usual place");
DEFINE_string(client, "", "mariadb or mysql; if empty, at its usual place");
DEFINE_bool(dry_run, false, "check what can be checked without a server, and change nothing");

namespace mysql_backup {
namespace {

constexpr ToolHelp kHelp = {
    "replay_binlogs",
    "replays a server's binary logs from the moment of a backup to another one.",
    "--backup=PATH --binlogs=PATH --socket=PATH --until=WHERE",
    "",
    "",
    "2   failed; nothing was applied\n"
    "4   failed, or the logs end before --until: what came before is applied, so restore again",
};

absl::Status RealMain(const std::vector<std::string>& arguments) {
  RETURN_IF_ERROR(NoArguments(arguments));
  RETURN_IF_ERROR(CheckPathFlag("backup", FLAGS_backup));
  RETURN_IF_ERROR(CheckPathFlag("binlogs", FLAGS_binlogs));
  if (!FLAGS_dry_run) RETURN_IF_ERROR(CheckPathFlag("socket", FLAGS_socket));
  for (const auto& [flag, value] : {std::make_pair("binlog_program", FLAGS_binlog_program),
                                    std::make_pair("client", FLAGS_client)}) {
    if (!value.empty()) RETURN_IF_ERROR(CheckPathFlag(flag, value));
  }
  const absl::StatusOr<Until> until = ParseUntil(FLAGS_until);
  if (!until.ok()) return UsageError(absl::StrCat("--until=", until.status().message()));
  ReplayOptions options;
  options.until = *until;
  options.binlogs = FLAGS_binlogs;
  options.socket = FLAGS_socket;
  options.binlog_program = FLAGS_binlog_program;
  options.client = FLAGS_client;
  ASSIGN_OR_RETURN(options.start, ReadReplayStart(FLAGS_backup));
  ASSIGN_OR_RETURN(const ReplayPlan plan, PlanReplay(options));
  return FLAGS_dry_run ? absl::OkStatus() : Replay(options, plan);
}

}  // namespace
}  // namespace mysql_backup

int main(int argc, char** argv) {
  return mysql_backup::ToolMain(argc, argv, mysql_backup::kHelp, mysql_backup::RealMain);
}

#include "restorer/replay.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/types/optional.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/manifest.h"
#include "base/mysql_session.h"
#include "base/open_backup.h"
#include "base/status.h"
#include "base/subprocess.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

absl::StatusOr<std::string> FindProgram(const std::string& wanted, const std::string& usual) {
  const std::string program = wanted.empty() ? usual : wanted;
  if (access(program.c_str(), X_OK) == 0) return program;
  return Annotate(ErrnoError(absl::StrCat("run ", program)),
                  "; install the client package of the server");
}

// "cannot replay: PROGRAM: <its words>", unless it has done its work.
absl::Status CheckEnded(const std::string& program, const Until& until,
                        const absl::StatusOr<SubprocessResult>& ended) {
  RETURN_IF_ERROR(ended.status());
  const std::string words = OneLine(ended->stderr_text);
  if (ended->exit_code != 0) {
    return absl::InternalError(absl::StrCat("cannot replay the binary logs: ", program,
                                            ": exit code ", ended->exit_code, ": ", words));
  }
  if (until.time.empty() && absl::StrContains(words, "Did not reach stop")) {
    return absl::OutOfRangeError(absl::StrCat(
        "the binary logs end before the place at which the replay was to stop: ", words));
  }
  if (!words.empty()) LOG(WARNING) << program << ": " << words;
  return absl::OkStatus();
}

absl::Status BeforeBackup(absl::string_view what, absl::string_view start) {
  return absl::OutOfRangeError(
      absl::StrCat(what, " is before ", start, ", the backup's own: restore an older backup"));
}

// The tools do not mind an end before the beginning: they replay nothing.
absl::Status CheckIsAfterStart(const ReplayOptions& options) {
  const ReplayStart& start = options.start;
  const Until& until = options.until;
  if (start.position.file == until.position.file &&
      until.position.position < start.position.position) {
    return BeforeBackup(absl::StrCat(until.position.file, ":", until.position.position),
                        absl::StrCat(start.position.file, ":", start.position.position));
  }
  absl::Time time;
  if (!until.time.empty() &&
      absl::ParseTime("%Y-%m-%d %H:%M:%S", until.time, absl::LocalTimeZone(), &time, nullptr) &&
      time < start.time) {
    return BeforeBackup(until.time,
                        absl::FormatTime("%Y-%m-%d %H:%M:%E3S", start.time, absl::LocalTimeZone()));
  }
  if (!until.gtid.empty() && HasGtid(start.gtid, until.gtid)) {
    return absl::OutOfRangeError(
        absl::StrCat(until.gtid, " is in the backup already, which has ", start.gtid,
                     ": restore an older backup, or this one without --until"));
  }
  return absl::OkStatus();
}

// The tools do not mind a place beyond the end of the last log.
absl::Status CheckReaches(const ReplayOptions& options, const std::string& last_log) {
  const std::string path = absl::StrCat(options.binlogs, "/", last_log);
  struct stat log = {};
  if (stat(path.c_str(), &log) != 0) return ErrnoError(absl::StrCat("look at ", path));
  const BinlogPosition& until = options.until.position;
  if (static_cast<uint64_t>(log.st_size) >= until.position) return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrCat(path, " ends at ", log.st_size, ", before the position ", until.position));
}

// The reader, and the client to which it writes.
struct Programs {
  Subprocess reader;
  Subprocess client;
};

absl::StatusOr<Programs> Start(const ReplayOptions& options, const ReplayPlan& plan) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoError("make a pipe");
  UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  SubprocessOptions reading;
  reading.argv = BinlogArguments(options, plan.logs);
  reading.argv.insert(reading.argv.begin(), plan.reader);
  // A program that we run has no environment; but both are to mean the same by a local time.
  const char* const zone = getenv("TZ");
  if (zone != nullptr) {
    reading.argv.insert(reading.argv.begin(), {"/usr/bin/env", absl::StrCat("TZ=", zone)});
  }
  reading.stdout_fd = to.get();
  SubprocessOptions applying;
  applying.argv = {plan.client, "--no-defaults", absl::StrCat("--socket=", options.socket),
                   "--user=root", "--batch",
                   // Statements may hold any bytes, and up to a gigabyte.
                   "--binary-mode", "--max-allowed-packet=1G",
                   // A server that checks no passwords knows no CREATE USER and no GRANT either.
                   "--init-command=FLUSH PRIVILEGES"};
  applying.stdin_fd = from.get();
  ASSIGN_OR_RETURN(Subprocess client, Subprocess::Start(std::move(applying)));
  ASSIGN_OR_RETURN(Subprocess reader, Subprocess::Start(std::move(reading)));
  return Programs{std::move(reader), std::move(client)};
}

absl::Status Finish(Programs* programs, const ReplayOptions& options, const ReplayPlan& plan) {
  const absl::StatusOr<SubprocessResult> ended = programs->reader.Wait();
  // Whatever has been read is to be applied; a client that failed has ended by itself.
  const absl::StatusOr<SubprocessResult> applied = programs->client.Wait();
  absl::Status status = CheckEnded(plan.client, options.until, applied);
  // Of less interest: a reader whose client has failed finds nobody to write to.
  status.Update(CheckEnded(plan.reader, options.until, ended));
  return status;
}

// MySQL's reader does not tell whether it has come across the transaction; the server does.
absl::Status CheckHasGtid(MysqlSession* session, const std::string& gtid) {
  ASSIGN_OR_RETURN(const std::string executed,
                   session->QueryValue("SELECT @@GLOBAL.gtid_executed"));
  if (HasGtid(absl::StrReplaceAll(executed, {{"\n", ""}}), gtid)) return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrCat("the binary logs do not have the transaction ", gtid,
                   ", and all else of them that is of its server was replayed"));
}

}  // namespace

absl::StatusOr<ReplayStart> ReadReplayStart(const std::string& path) {
  ASSIGN_OR_RETURN(const UniqueFd backup, OpenBackup(path));
  ASSIGN_OR_RETURN(const Manifest records, ReadManifestRecords(backup.get(), path));
  ReplayStart start;
  start.is_mariadb = records.Get("locked", "flavour") != "mysql";
  start.position.file = records.Get("locked", "binlog_file");
  start.gtid = records.Get("locked", "gtid");
  start.time = absl::InfinitePast();
  for (const auto& [word, key] :
       {std::make_pair("locked", "time"), std::make_pair("run", "started")}) {
    if (absl::ParseTime(absl::RFC3339_full, records.Get(word, key), &start.time, nullptr)) break;
    start.time = absl::InfinitePast();
  }
  if (start.position.file.empty() ||
      !absl::SimpleAtoi(records.Get("locked", "binlog_position"), &start.position.position)) {
    return absl::FailedPreconditionError(absl::StrCat(
        path,
        " has no binary log position: the server had its binary log switched off (log_bin), "
        "so nothing after the backup can be replayed"));
  }
  return start;
}

std::vector<std::string> BinlogArguments(const ReplayOptions& options,
                                         const std::vector<std::string>& logs) {
  const Until& until = options.until;
  std::vector<std::string> argv = {"--no-defaults"};
  // MariaDB's takes either positions or GTIDs at both ends.
  const bool by_gtid = !until.gtid.empty() && options.start.is_mariadb;
  if (!by_gtid) {
    argv.push_back(absl::StrCat("--start-position=", options.start.position.position));
  } else if (!options.start.gtid.empty()) {
    argv.push_back(absl::StrCat("--start-position=", options.start.gtid));
  }
  if (!until.time.empty()) {
    argv.push_back(absl::StrCat("--stop-datetime=", until.time));
  } else if (by_gtid) {
    argv.push_back(absl::StrCat("--stop-position=", until.gtid));
  } else if (!until.gtid.empty()) {
    // "UUID:123": the transactions of that server up to this one.
    const size_t colon = until.gtid.rfind(':');
    argv.push_back(absl::StrCat("--include-gtids=", until.gtid.substr(0, colon), ":1-",
                                until.gtid.substr(colon + 1)));
  } else {
    argv.push_back(absl::StrCat("--stop-position=", until.position.position));
  }
  for (const std::string& log : logs) argv.push_back(absl::StrCat(options.binlogs, "/", log));
  return argv;
}

absl::StatusOr<ReplayPlan> PlanReplay(const ReplayOptions& options) {
  const bool is_mariadb = options.start.is_mariadb;
  RETURN_IF_ERROR(CheckIsAfterStart(options));
  ReplayPlan plan;
  ASSIGN_OR_RETURN(plan.reader,
                   FindProgram(options.binlog_program,
                               is_mariadb ? "/usr/bin/mariadb-binlog" : "/usr/bin/mysqlbinlog"));
  ASSIGN_OR_RETURN(plan.client,
                   FindProgram(options.client, is_mariadb ? "/usr/bin/mariadb" : "/usr/bin/mysql"));
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectory(options.binlogs));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory.get()));
  absl::StatusOr<std::vector<std::string>> logs =
      ChooseBinlogs(names, options.start.position.file, options.until.position.file);
  if (!logs.ok()) {
    return Annotate(logs.status(), absl::StrCat(" (in ", options.binlogs,
                                                "); name the directory that has it, or "
                                                "restore another backup"));
  }
  plan.logs = *std::move(logs);
  if (!options.until.position.file.empty()) {
    RETURN_IF_ERROR(CheckReaches(options, plan.logs.back()));
  }
  return plan;
}

absl::Status Replay(const ReplayOptions& options, const ReplayPlan& plan) {
  LOG(INFO) << "replaying " << plan.logs.size() << " binary logs from "
            << options.start.position.file << ":" << options.start.position.position;

  // From before the replay, which may switch the checking of passwords on.
  absl::optional<MysqlSession> session;
  if (!options.until.gtid.empty() && !options.start.is_mariadb) {
    MysqlOptions mysql;
    mysql.socket = options.socket;
    ASSIGN_OR_RETURN(session, MysqlSession::Connect(mysql));
    RETURN_IF_ERROR(session->Query("SET SESSION wait_timeout = 31536000").status());
  }
  ASSIGN_OR_RETURN(Programs programs, Start(options, plan));
  absl::Status status = Finish(&programs, options, plan);
  if (status.ok() && session.has_value()) status = CheckHasGtid(&*session, options.until.gtid);
  return WithExitCode(Annotate(status, "; what came before is applied, so restore again"),
                      ExitCode::kLeftBehind);
}

}  // namespace mysql_backup

#include "verifier/scratch_server.h"

#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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
#include "verifier/overlay_room.h"
#include "verifier/scratch_directory.h"
#include "verifier/server_binary.h"
#include "verifier/server_log.h"
#include "verifier/server_process.h"

namespace mysql_backup {
namespace {

absl::StatusOr<passwd> LookUpUser(const std::string& name) {
  errno = 0;
  const passwd* user = getpwnam(name.c_str());
  if (user != nullptr) return *user;
  return absl::NotFoundError(
      absl::StrCat("there is no user ", name,
                   " here to run the scratch server: install the package of the "
                   "server, or name another user with --user"));
}

// A link of ours: to the socket in a scratch directory.
class SocketLink {
 public:
  static absl::StatusOr<SocketLink> Make(const std::string& path, const std::string& scratch) {
    const std::string target = scratch + "/run/server.sock";
    char left[PATH_MAX];
    const ssize_t size = readlink(path.c_str(), left, sizeof(left));
    if (size >= 0 && absl::string_view(left, static_cast<size_t>(size)) == target) {
      unlink(path.c_str());  // of a run that was killed
    }
    if (symlink(target.c_str(), path.c_str()) != 0) {
      return Annotate(ErrnoError(absl::StrCat("make the socket's link ", path)),
                      "; name another --socket, in a directory that exists");
    }
    return SocketLink(path);
  }
  SocketLink(SocketLink&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  SocketLink& operator=(SocketLink&&) = delete;
  ~SocketLink() {
    if (!path_.empty()) unlink(path_.c_str());
  }

 private:
  explicit SocketLink(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

struct Server {
  Run run;
  MysqlSession session;
};

// Starts the server and lets it recover the data.
//
// Transactions that it finds prepared are committed. Only a backup from before fsfreeze_lock
// flushed InnoDB's log has them, or one of a server with innodb_flush_log_at_trx_commit=0; and they
// are ones that the server had committed: the read lock is not granted between preparing and
// committing, but a commit may have been in memory only, since the binary log would have brought it
// back.
absl::StatusOr<Server> StartRecovering(const ScratchServerOptions& options,
                                       const std::string& program, const ScratchDirectory& scratch,
                                       const UniqueFd& view) {
  struct Attempt {
    const char* name;
    std::vector<std::string> more;
  };
  // MariaDB goes on when it has committed them, MySQL ends and is started a third time.
  const Attempt attempts[] = {
      {"recovery", {}}, {"commit", {"--tc-heuristic-recover=COMMIT"}}, {"recovery_again", {}}};
  for (const Attempt& attempt : attempts) {
    ASSIGN_OR_RETURN(Run run,
                     StartServer(options, program, scratch, view, attempt.name, attempt.more));
    absl::StatusOr<MysqlSession> session = WaitForAnswer(options, run, "while it recovered");
    if (session.ok()) return Server{std::move(run), *std::move(session)};
    if (!ReportsPrepared(run.Log())) return session.status();
    LOG(WARNING) << "the last transactions are prepared and not committed: committing them, as the "
                    "server itself would by its binary log";
  }
  return NoError(
      "the backup does not verify: the scratch server finds transactions that are prepared, and "
      "cannot commit them");
}

absl::Status ShutDown(Server& server) {
  // The answer may be lost when the server is quick.
  server.session.Query("SHUTDOWN").status().IgnoreError();
  const absl::StatusOr<SubprocessResult> ended = server.run.process.Wait();
  if (ended.ok() && ended->exit_code == 0) return absl::OkStatus();
  return EndedServer("while it shut down", ended, server.run);
}

absl::Status Recover(const ScratchServerOptions& options, const std::string& program,
                     const ScratchDirectory& scratch, const UniqueFd& view) {
  LOG(INFO) << "starting " << program << " to recover " << OneLine(options.datadir);
  ASSIGN_OR_RETURN(Server server, StartRecovering(options, program, scratch, view));
  LOG(INFO) << "the data is recovered, version=" << OneLine(server.session.server_version());
  RETURN_IF_ERROR(ShutDown(server));
  if (!ReportsCorruption(server.run.Log())) return absl::OkStatus();
  return ServerFailure("reported errors while it recovered", server.run);
}

absl::Status RunCommand(const ScratchServerOptions& options) {
  SubprocessOptions child;
  child.argv = options.command;
  child.foreground = true;
  child.stdin_fd = STDIN_FILENO;
  child.stdout_fd = STDOUT_FILENO;
  child.stderr_fd = STDERR_FILENO;
  ASSIGN_OR_RETURN(const SubprocessResult result, RunSubprocess(std::move(child)));
  if (result.exit_code == 0) return absl::OkStatus();
  return WithExitCode(absl::UnknownError(absl::StrCat(options.command[0], " ended with exit code ",
                                                      result.exit_code)),
                      static_cast<ExitCode>(result.exit_code));
}

absl::Status Check(const ScratchServerOptions& options, const std::string& server,
                   const ScratchDirectory& scratch, const UniqueFd& view) {
  ASSIGN_OR_RETURN(Run run,
                   StartServer(options, server, scratch, view, "check", {"--innodb-read-only=1"}));
  RETURN_IF_ERROR(WaitForAnswer(options, run, "after it had recovered").status());
  absl::Status status = RunCommand(options);
  if (absl::IsCancelled(status)) {
    run.process.Terminate().status().IgnoreError();
    return status;
  }
  if (run.HasEnded()) return EndedServer("while the command ran", run.process.Wait(), run);
  // A crash may still be under way, writing its trace. Any other end will do: the data is thrown
  // away.
  const absl::Status ended = run.process.Terminate().status();
  if (absl::IsAborted(ended) && !absl::StrContains(ended.message(), "SIGKILL")) {
    return ServerFailure(absl::StrCat("crashed while the command ran (", ended.message(), ")"),
                         run);
  }
  const std::string log = run.Log();
  if (ReportsCorruption(log) || (!status.ok() && HostTrouble(log).has_value())) {
    return ServerFailure("reported errors while the command ran", run);
  }
  return status;
}

// However the command ended, the data is to be kept, so the server gets the time that it needs.
absl::Status WorkInPlace(const ScratchServerOptions& options, const std::string& program,
                         const ScratchDirectory& scratch, const UniqueFd& view) {
  LOG(INFO) << "starting " << program << " on " << OneLine(options.datadir);
  // The session is from before the command, which may switch the checking of passwords on.
  ASSIGN_OR_RETURN(Server server, StartRecovering(options, program, scratch, view));
  RETURN_IF_ERROR(server.session.Query("SET SESSION wait_timeout = 31536000").status());
  absl::Status status = RunCommand(options);
  RETURN_IF_ERROR(ShutDown(server));
  if (ReportsCorruption(server.run.Log())) return ServerFailure("reported errors", server.run);
  return status;
}

absl::Status Work(const ScratchServerOptions& options, const std::string& server,
                  const ScratchDirectory& scratch) {
  ASSIGN_OR_RETURN(const SocketLink link, SocketLink::Make(options.socket, options.scratch));
  ASSIGN_OR_RETURN(const UniqueFd view,
                   MakePrivateView(scratch, options.datadir, options.in_place));
  if (options.in_place) return WorkInPlace(options, server, scratch, view);
  RETURN_IF_ERROR(Recover(options, server, scratch, view));
  return Check(options, server, scratch, view);
}

}  // namespace

absl::Status RunScratchServer(const ScratchServerOptions& options) {
  if (access(options.command[0].c_str(), X_OK) != 0) {
    return ErrnoError(absl::StrCat("run command ", options.command[0]));
  }
  ASSIGN_OR_RETURN(const passwd user, LookUpUser(options.user));
  ASSIGN_OR_RETURN(const UniqueFd datadir, OpenBackup(options.datadir));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(datadir.get()));
  const absl::optional<Flavour> flavour = FlavourOf(names);
  if (!flavour.has_value()) {
    return NoError(absl::StrCat("the backup does not verify: ", options.datadir,
                                " is not a data directory: it has none of aria_log_control, "
                                "mariadb_upgrade_info, mysql.ibd, auto.cnf"));
  }
  // Not known of what was restored, nor of a backup from before there were manifests.
  const std::string version = ReadManifestRecords(datadir.get(), options.datadir)
                                  .value_or(Manifest())
                                  .Get("locked", "version");
  ASSIGN_OR_RETURN(const std::string server, FindServer(*flavour, options.server, version));
  ASSIGN_OR_RETURN(ScratchDirectory scratch,
                   ScratchDirectory::Make(options.scratch, user.pw_uid, user.pw_gid));
  absl::Status status;
  if (!options.in_place) {
    status =
        CheckOverlayRoom(datadir.get(), options.datadir, scratch.descriptor(), options.scratch);
  }
  if (status.ok()) status = Work(options, server, scratch);
  const absl::Status removed = scratch.Remove();
  if (removed.ok() || status.ok()) return status.ok() ? removed : status;
  return LeftBehindError(absl::StrCat(status.message(), "; and ", removed.message()));
}

}  // namespace mysql_backup

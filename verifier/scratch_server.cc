#include "verifier/scratch_server.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/types/optional.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mysql_session.h"
#include "base/status.h"
#include "base/subprocess.h"
#include "base/unique_fd.h"
#include "verifier/scratch_directory.h"
#include "verifier/server_binary.h"
#include "verifier/server_log.h"

namespace mysql_backup {
namespace {

constexpr int kPollMilliseconds = 100;

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

// One run of the server program. Its log is complete once it has ended.
struct Run {
  Subprocess process;
  std::string log_path;

  std::string Log() const {
    std::ifstream file(log_path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool HasEnded() const {
    pollfd fd = {process.pidfd(), POLLIN, 0};
    return poll(&fd, 1, 0) == 1;
  }
};

// `name` tells the two runs apart: "recovery" and "check".
absl::StatusOr<Run> StartServer(const ScratchServerOptions& options, const std::string& server,
                                const ScratchDirectory& scratch, const UniqueFd& view,
                                const std::string& name, const std::vector<std::string>& more) {
  const std::string inside = kScratchInside;
  const std::string log = absl::StrCat("/run/", name, ".log");
  const std::string log_path = scratch.path() + log;
  // Also for what comes before the server has opened its log, and what setpriv and the loader say.
  const UniqueFd early(
      open(log_path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!early.ok()) return ErrnoError(absl::StrCat("make ", log_path));
  const passwd* user = getpwnam(options.user.c_str());
  if (user == nullptr || fchown(early.get(), user->pw_uid, user->pw_gid) != 0) {
    return ErrnoError(absl::StrCat("give away ", log_path));
  }

  SubprocessOptions child;
  // Not the server's own --user: changing users drops the death signal that Subprocess set, and a
  // server would outlive us when we are killed. setpriv sets it once more, after the change.
  child.argv = {options.setpriv,
                absl::StrCat("--reuid=", options.user),
                absl::StrCat("--regid=", user->pw_gid),
                "--init-groups",
                "--pdeathsig=TERM",
                server,
                "--no-defaults",
                absl::StrCat("--datadir=", inside, "/data"),
                absl::StrCat("--tmpdir=", inside, "/tmp"),
                absl::StrCat("--secure-file-priv=", inside, "/tmp"),
                absl::StrCat("--socket=", inside, "/run/server.sock"),
                absl::StrCat("--pid-file=", inside, "/run/server.pid"),
                absl::StrCat("--log-error=", inside, log),
                "--skip-networking",
                "--skip-grant-tables",  // no password is needed; only root and the user get here
                "--skip-log-bin",
                "--event-scheduler=OFF",
                "--innodb-buffer-pool-size=128M",
                "--innodb-buffer-pool-load-at-startup=OFF",
                "--innodb-buffer-pool-dump-at-shutdown=OFF",
                "--loose-skip-slave-start",
                "--loose-skip-replica-start",
                "--loose-mysqlx=OFF"};
  child.argv.insert(child.argv.end(), more.begin(), more.end());
  child.argv.insert(child.argv.end(), options.server_options.begin(), options.server_options.end());
  child.stdout_fd = early.get();
  child.stderr_fd = early.get();
  child.deadline = options.start_timeout;  // of Wait(), after SHUTDOWN

  const absl::StatusOr<InPrivateView> inside_view = InPrivateView::Enter(view);
  if (!inside_view.ok()) return inside_view.status();
  ASSIGN_OR_RETURN(Subprocess process, Subprocess::Start(std::move(child)));
  return Run{std::move(process), log_path};
}

// What it means that the server ended by itself, or would not answer.
absl::Status ServerFailure(absl::string_view what, const Run& run) {
  const std::string log = run.Log();
  const std::string words = absl::StrCat("the scratch server ", what, ": ", LastErrors(log));
  const absl::optional<std::string> remedy = HostTrouble(log);
  if (remedy.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat("this host cannot check the backup: ", words, "; remedy: ", *remedy));
  }
  return NoError(absl::StrCat("the backup does not verify: ", words));
}

// Reaps a server that has ended. The kernel's SIGKILL (out of memory) says nothing of the backup.
absl::Status EndedServer(absl::string_view when, Run& run) {
  const absl::StatusOr<SubprocessResult> ended = run.process.Wait();
  const std::string how = ended.ok() ? absl::StrCat("exit code ", ended->exit_code)
                                     : std::string(ended.status().message());
  if (!ended.ok() && absl::StrContains(how, "SIGKILL")) {
    return absl::AbortedError(
        absl::StrCat("the scratch server was killed ", when, ": out of memory? See dmesg"));
  }
  return ServerFailure(absl::StrCat("ended ", when, " (", how, ")"), run);
}

absl::StatusOr<MysqlSession> WaitForAnswer(const ScratchServerOptions& options, Run& run,
                                           absl::string_view when) {
  const absl::Time deadline = absl::Now() + options.start_timeout;
  MysqlOptions session_options;
  session_options.socket = options.socket;
  while (true) {
    absl::StatusOr<MysqlSession> session = MysqlSession::Connect(session_options);
    if (session.ok()) return session;
    pollfd fds[] = {{run.process.pidfd(), POLLIN, 0}, {InterruptFd(), POLLIN, 0}};
    poll(fds, 2, kPollMilliseconds);
    RETURN_IF_ERROR(CheckInterrupt());
    if (fds[0].revents != 0) return EndedServer(when, run);
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat(
          "the scratch server did not answer within ", absl::FormatDuration(options.start_timeout),
          " (", session.status().message(), "): ", LastErrors(run.Log()),
          "; is --start_timeout long enough?"));
    }
  }
}

absl::Status Recover(const ScratchServerOptions& options, const std::string& server,
                     const ScratchDirectory& scratch, const UniqueFd& view) {
  LOG(INFO) << "starting " << server << " to recover " << OneLine(options.datadir);
  ASSIGN_OR_RETURN(Run run, StartServer(options, server, scratch, view, "recovery", {}));
  ASSIGN_OR_RETURN(MysqlSession session, WaitForAnswer(options, run, "while it recovered"));
  LOG(INFO) << "the data is recovered, version=" << OneLine(session.server_version());
  // The answer may be lost when the server is quick.
  session.Query("SHUTDOWN").status().IgnoreError();
  ASSIGN_OR_RETURN(const SubprocessResult ended, run.process.Wait());
  if (ended.exit_code == 0) return absl::OkStatus();
  return ServerFailure(absl::StrCat("could not shut down (exit code ", ended.exit_code, ")"), run);
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
  if (run.HasEnded()) return EndedServer("while the command ran", run);
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

absl::Status RecoverAndCheck(const ScratchServerOptions& options, const std::string& server,
                             const ScratchDirectory& scratch) {
  ASSIGN_OR_RETURN(const UniqueFd view, MakePrivateView(scratch, options.datadir));
  RETURN_IF_ERROR(Recover(options, server, scratch, view));
  return Check(options, server, scratch, view);
}

}  // namespace

absl::Status RunScratchServer(const ScratchServerOptions& options) {
  if (access(options.command[0].c_str(), X_OK) != 0) {
    return ErrnoError(absl::StrCat("run command ", options.command[0]));
  }
  ASSIGN_OR_RETURN(const passwd user, LookUpUser(options.user));
  ASSIGN_OR_RETURN(const UniqueFd datadir, OpenDirectory(options.datadir));
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(datadir.get()));
  const absl::optional<Flavour> flavour = FlavourOf(names);
  if (!flavour.has_value()) {
    return NoError(absl::StrCat("the backup does not verify: ", options.datadir,
                                " is not a data directory: it has none of aria_log_control, "
                                "mariadb_upgrade_info, mysql.ibd, auto.cnf"));
  }
  ASSIGN_OR_RETURN(const std::string server, FindServer(*flavour, options.server));
  ASSIGN_OR_RETURN(ScratchDirectory scratch,
                   ScratchDirectory::Make(options.scratch, user.pw_uid, user.pw_gid));
  ASSIGN_OR_RETURN(const SocketLink link, SocketLink::Make(options.socket, options.scratch));
  absl::Status status = RecoverAndCheck(options, server, scratch);
  const absl::Status removed = scratch.Remove();
  if (removed.ok() || status.ok()) return status.ok() ? removed : status;
  return LeftBehindError(absl::StrCat(status.message(), "; and ", removed.message()));
}

}  // namespace mysql_backup

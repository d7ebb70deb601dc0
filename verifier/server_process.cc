#include "verifier/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/exit_code.h"
#include "base/interrupt.h"
#include "base/status.h"
#include "base/steady_clock.h"
#include "verifier/server_log.h"

namespace mysql_backup {
namespace {

constexpr int kPollMilliseconds = 100;

// Else the server would make InnoDB's log as large as its default is, which takes room and time.
std::vector<std::string> LogSizeOption(const std::string& datadir) {
  struct stat log = {};
  if (stat((datadir + "/ib_logfile0").c_str(), &log) != 0) return {};
  return {absl::StrCat("--loose-innodb-log-file-size=", log.st_size)};
}

}  // namespace

std::string Run::Log() const {
  std::ifstream file(log_path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool Run::HasEnded() const {
  pollfd fd = {process.pidfd(), POLLIN, 0};
  return poll(&fd, 1, 0) == 1;
}

std::vector<std::string> ServerArguments(const ScratchServerOptions& options,
                                         const std::string& server, gid_t gid,
                                         const std::string& name,
                                         const std::vector<std::string>& more) {
  const std::string inside = kScratchInside;
  // Not the server's own --user: changing users drops the death signal that Subprocess set, and a
  // server would outlive us when we are killed. setpriv sets it once more, after the change.
  std::vector<std::string> argv = {
      options.setpriv,
      absl::StrCat("--reuid=", options.user),
      absl::StrCat("--regid=", gid),
      "--init-groups",
      "--pdeathsig=TERM",
      server,
      options.options_file.empty() ? "--no-defaults"
                                   : absl::StrCat("--defaults-file=", options.options_file),
      absl::StrCat("--datadir=", inside, "/data"),
      absl::StrCat("--tmpdir=", inside, "/tmp"),
      absl::StrCat("--secure-file-priv=", inside, "/tmp"),
      absl::StrCat("--socket=", inside, "/run/server.sock"),
      absl::StrCat("--pid-file=", inside, "/run/server.pid"),
      absl::StrCat("--log-error=", inside, "/run/", name, ".log"),
      "--loose-persisted-globals-load=OFF",  // the data directory's, which would come last
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
  const std::vector<std::string> log_size = LogSizeOption(options.datadir);
  argv.insert(argv.end(), log_size.begin(), log_size.end());
  // Takes transactions with and without GTIDs, so also those of the live server.
  if (options.in_place) argv.emplace_back("--loose-gtid-mode=OFF_PERMISSIVE");
  argv.insert(argv.end(), more.begin(), more.end());
  argv.insert(argv.end(), options.server_options.begin(), options.server_options.end());
  return argv;
}

absl::StatusOr<Run> StartServer(const ScratchServerOptions& options, const std::string& server,
                                const ScratchDirectory& scratch, const UniqueFd& view,
                                const std::string& name, const std::vector<std::string>& more) {
  const std::string log_path = absl::StrCat(scratch.path(), "/run/", name, ".log");
  // Also for what comes before the server has opened its log, and what setpriv and the loader say.
  const UniqueFd early(
      open(log_path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!early.ok()) return ErrnoError(absl::StrCat("make ", log_path));
  const passwd* user = getpwnam(options.user.c_str());
  if (user == nullptr || fchown(early.get(), user->pw_uid, user->pw_gid) != 0) {
    return ErrnoError(absl::StrCat("give away ", log_path));
  }

  SubprocessOptions child;
  child.argv = ServerArguments(options, server, user->pw_gid, name, more);
  child.stdout_fd = early.get();
  child.stderr_fd = early.get();
  child.deadline = options.start_timeout;  // of Wait(), after SHUTDOWN
  if (options.in_place) child.kill_after = options.start_timeout;

  const absl::StatusOr<InPrivateView> inside_view = InPrivateView::Enter(view);
  if (!inside_view.ok()) return inside_view.status();
  ASSIGN_OR_RETURN(Subprocess process, Subprocess::Start(std::move(child)));
  return Run{std::move(process), log_path};
}

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

absl::Status EndedServer(absl::string_view when, const absl::StatusOr<SubprocessResult>& ended,
                         const Run& run) {
  if (!ended.ok() && !absl::IsAborted(ended.status())) return ended.status();
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
  const absl::Time deadline = SteadyNow() + options.start_timeout;
  MysqlOptions session_options;
  session_options.socket = options.socket;
  while (true) {
    absl::StatusOr<MysqlSession> session = MysqlSession::Connect(session_options);
    if (session.ok()) return session;
    pollfd fds[] = {{run.process.pidfd(), POLLIN, 0}, {InterruptFd(), POLLIN, 0}};
    poll(fds, 2, kPollMilliseconds);
    RETURN_IF_ERROR(CheckInterrupt());
    if (fds[0].revents != 0) return EndedServer(when, run.process.Wait(), run);
    if (SteadyNow() >= deadline) {
      return absl::DeadlineExceededError(absl::StrCat(
          "the scratch server did not answer within ", absl::FormatDuration(options.start_timeout),
          " (", session.status().message(), "): ", LastErrors(run.Log()),
          "; recovery may need longer than --start_timeout"));
    }
  }
}

}  // namespace mysql_backup

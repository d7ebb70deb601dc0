#include "quiesce/read_lock.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/status.h"
#include "base/steady_clock.h"
#include "base/unique_fd.h"
#include "quiesce/blockers.h"

namespace mysql_backup {
namespace {

// Long enough for a stalled machine to send its next sign of life, short enough for a stopped
// holder to be cut off before anyone is paged.
constexpr absl::Duration kSilence = absl::Seconds(20);

constexpr int kLockWaitTimeout = 1205;  // ER_LOCK_WAIT_TIMEOUT

constexpr char kFlushLogs[] = "FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS";

// Sleeps, unless a signal comes.
absl::Status Pause(absl::Duration duration) {
  pollfd fd = {InterruptFd(), POLLIN, 0};
  poll(&fd, 1, static_cast<int>(absl::ToInt64Milliseconds(duration)));
  return CheckInterrupt();
}

absl::Status BlockedBy(const std::vector<Statement>& blockers, absl::string_view what) {
  std::string who;
  for (const Statement& statement : blockers) {
    absl::StrAppend(&who, "; ", DescribeStatement(statement));
    if (who.size() > 1000) break;
  }
  if (who.empty()) {
    who =
        "; no statement has been running that long: a session may hold LOCK TABLES ... WRITE "
        "(see SHOW FULL PROCESSLIST)";
  }
  return BusyError(absl::StrCat(what, who, "; end it, or run the backup when it is done"));
}

// The lock may have been granted at the very moment at which the client stopped waiting for it.
void EndSession(const MysqlOptions& options, uint64_t connection_id) {
  auto session = MysqlSession::Connect(options);
  if (!session.ok()) return;
  // An error says that the session is gone already, which is what is wanted.
  session->Query(absl::StrCat("KILL ", connection_id)).status().IgnoreError();
}

// How long FlushAhead() may take, with no writer waiting for it.
constexpr absl::Duration kFlushAhead = absl::Minutes(1);

// What would otherwise be done while every writer waits: the server's tables closed, its logs
// written, and its filesystem, which LVM freezes. Best effort, since what is left is done under the
// lock; on a session of its own, since one whose answer did not come in time is lost.
//
// FLUSH TABLES on MariaDB from 10.4.1 on only: there it waits for nobody. Before, and on MySQL, it
// waits for statements that use a table, and new ones on that table wait behind it, even after it
// has given up.
void FlushAhead(const ReadLockOptions& options) {
  MysqlOptions mysql = options.mysql;
  mysql.answer_timeout = kFlushAhead;
  absl::Status flushed;
  auto session = MysqlSession::Connect(mysql);
  flushed.Update(session.status());
  if (flushed.ok()) {
    // Older servers take the version's comment for one.
    const auto is_quick = session->QueryValue("SELECT 0 /*M!100401 + 1 */");
    flushed.Update(is_quick.status());
    if (flushed.ok() && *is_quick == "1") {
      flushed.Update(session->Query("FLUSH NO_WRITE_TO_BINLOG TABLES").status());
    }
  }
  if (flushed.ok()) flushed.Update(session->Query(kFlushLogs).status());
  if (!flushed.ok()) {
    LOG(WARNING) << "could not flush before the lock, so it may be held for longer: "
                 << OneLine(flushed.message());
  }
  if (options.datadir.empty()) return;
  const UniqueFd filesystem(open(options.datadir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!filesystem.ok() || syncfs(filesystem.get()) != 0) {
    LOG(WARNING) << ErrnoError(absl::StrCat("sync the filesystem of ", options.datadir)).message();
  }
}

}  // namespace

absl::StatusOr<ReadLock> ReadLock::TryOnce(const ReadLockOptions& options) {
  FlushAhead(options);
  // Who has been told to end meanwhile does not ask for the lock.
  RETURN_IF_ERROR(CheckInterrupt());
  MysqlOptions mysql = options.mysql;
  mysql.answer_timeout = options.lock_wait + absl::Seconds(5);
  ASSIGN_OR_RETURN(MysqlSession session, MysqlSession::Connect(mysql));
  ASSIGN_OR_RETURN(const std::vector<Statement> blockers, FindBlockers(session, options.lock_wait));
  if (!blockers.empty()) {
    return BlockedBy(blockers,
                     "the read lock was not requested, because every writer would queue up behind "
                     "a long statement");
  }
  RETURN_IF_ERROR(session
                      .Query(absl::StrCat("SET SESSION lock_wait_timeout = ",
                                          absl::ToInt64Seconds(options.lock_wait)))
                      .status());
  ReadLock lock(std::move(session), options.max_hold);
  RETURN_IF_ERROR(lock.Ask(options.lock_wait, mysql));
  // With a binary log, InnoDB leaves the last commits in memory for up to a second, since the
  // binary log would bring them back. In a copy they would be prepared transactions, and without
  // that log a server refuses to start on them, or loses them.
  absl::Status known = lock.session_.Query(kFlushLogs).status();
  if (known.ok()) {
    auto position = ReadPosition(lock.session_, mysql);
    known = position.status();
    if (position.ok()) lock.position_ = *std::move(position);
  }
  if (known.ok()) return lock;
  // A server that is still at the statement does not see that the session is closed.
  EndSession(mysql, lock.connection_id());
  return known;
}

absl::Status ReadLock::Ask(absl::Duration lock_wait, const MysqlOptions& mysql) {
  asked_at_ = SteadyNow();
  // Before the lock is asked for, since this process may be stopped while it waits.
  RETURN_IF_ERROR(LimitSilence().status());
  absl::Status locked = session_.Query("FLUSH TABLES WITH READ LOCK").status();
  granted_at_ = SteadyNow();
  if (locked.ok()) return locked;
  // MySQL can return an error and hold the global lock all the same: unlock whatever was said.
  if (!session_.Query("UNLOCK TABLES").ok()) EndSession(mysql, connection_id());
  if (MysqlErrorNumber(locked) != kLockWaitTimeout && !absl::IsUnavailable(locked)) return locked;
  const auto blockers = FindBlockers(session_, lock_wait);
  return BlockedBy(blockers.ok() ? *blockers : std::vector<Statement>(),
                   absl::StrCat("the read lock was not granted within ",
                                absl::FormatDuration(lock_wait), " (", locked.message(), ")"));
}

absl::StatusOr<ReadLock> ReadLock::Acquire(const ReadLockOptions& options) {
  for (int attempt = 1;; ++attempt) {
    auto lock = TryOnce(options);
    if (lock.ok() || ExitCodeOf(lock.status()) != ExitCode::kBusy || attempt == options.attempts) {
      return lock;
    }
    LOG(WARNING) << "attempt " << attempt << " of " << options.attempts << ": "
                 << OneLine(lock.status().message());
    RETURN_IF_ERROR(Pause(options.lock_wait));
  }
}

absl::StatusOr<absl::Time> ReadLock::LimitSilence() {
  const absl::Time now = SteadyNow();
  const absl::Duration silence =
      std::clamp(absl::Ceil(limit() - now, absl::Seconds(1)), absl::Seconds(1), kSilence);
  RETURN_IF_ERROR(
      session_.Query(absl::StrCat("SET SESSION wait_timeout = ", absl::ToInt64Seconds(silence)))
          .status());
  return now + silence / 4;
}

absl::StatusOr<absl::Time> ReadLock::KeepAlive() {
  auto due = LimitSilence();
  if (due.ok()) return due;
  return NoError(absl::StrCat("the read lock is lost: session ", connection_id(),
                              " does not answer any more (", due.status().message(), ")"));
}

absl::Status ReadLock::Prove() {
  const auto answer = session_.QueryValue("SELECT CONNECTION_ID()");
  if (answer.ok() && *answer == absl::StrCat(connection_id())) return absl::OkStatus();
  return NoError(absl::StrCat(
      "the read lock is lost: session ", connection_id(), " does not answer any more (",
      answer.ok() ? absl::StrCat("connection ", *answer, " did") : answer.status().message(),
      "); whatever was copied under it is no consistent backup"));
}

absl::Status ReadLock::Release() { return session_.Query("UNLOCK TABLES").status(); }

}  // namespace mysql_backup

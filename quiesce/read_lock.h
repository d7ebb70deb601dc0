// The global read lock, as one session holds it.

#ifndef MYSQL_BACKUP_QUIESCE_READ_LOCK_H_
#define MYSQL_BACKUP_QUIESCE_READ_LOCK_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mysql_session.h"
#include "base/steady_clock.h"
#include "quiesce/position.h"

namespace mysql_backup {

struct ReadLockOptions {
  MysqlOptions mysql;

  // For how long FLUSH TABLES WITH READ LOCK may wait at a time: every writer queues up behind it
  // meanwhile. Also the age from which a running statement is taken for one that will not end soon.
  absl::Duration lock_wait = absl::Seconds(5);

  // A directory on the filesystem with the data, which is written to the disk just before. Empty:
  // it is not.
  std::string datadir;

  // How often it is tried, each time on a fresh session, with a pause of `lock_wait` between.
  int attempts = 3;

  // After this the server itself is to let go, whatever became of this process.
  absl::Duration max_hold = absl::Hours(1);
};

// Held from Acquire() until Release(), the loss of the session, or the destructor. Movable.
class ReadLock {
 public:
  // Has written to the disk what can be before, then takes the lock and reads the position. Busy
  // (exit code 75) names the statement in the way; the server is then as it was. Any other error is
  // the server's.
  static absl::StatusOr<ReadLock> Acquire(const ReadLockOptions& options);

  const Position& position() const { return position_; }
  uint64_t connection_id() const { return session_.connection_id(); }

  // How long the statement waited for other sessions, and for how long writers have been waiting in
  // all: from the moment at which the lock was asked for, since they wait from then on.
  absl::Duration waited() const { return granted_at_ - asked_at_; }
  absl::Duration held() const { return SteadyNow() - asked_at_; }

  // Shows the server that this process is alive. Returns until when the next call is due. NoError
  // (exit code 3) when the lock is lost.
  absl::StatusOr<absl::Time> KeepAlive();

  // When the longest hold ends; this and what KeepAlive() returns on the clock of SteadyNow().
  absl::Time limit() const { return asked_at_ + max_hold_; }

  // NoError (exit code 3) unless this very session still answers: only its end, or UNLOCK TABLES in
  // it, releases the lock, and the session never reconnects.
  absl::Status Prove();

  // UNLOCK TABLES. An error means that the session was lost, and the lock with it.
  absl::Status Release();

 private:
  ReadLock(MysqlSession session, absl::Duration max_hold)
      : session_(std::move(session)), max_hold_(max_hold) {}
  static absl::StatusOr<ReadLock> TryOnce(const ReadLockOptions& options);

  // Asks the server for the lock, which is not held after an error. Busy names what is in the way.
  // `mysql` is for a session that ends this one, should it not answer.
  absl::Status Ask(absl::Duration lock_wait, const MysqlOptions& mysql);

  // Sets the time after which the server ends the session when it hears nothing: 20 s, or what is
  // left of the longest hold. Returns until when it is to hear something.
  absl::StatusOr<absl::Time> LimitSilence();

  MysqlSession session_;
  absl::Duration max_hold_;
  absl::Time asked_at_;
  absl::Time granted_at_;
  Position position_;
};

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_QUIESCE_READ_LOCK_H_

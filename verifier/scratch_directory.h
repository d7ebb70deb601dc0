// The directory in which a scratch server works, and the private view of the machine that the
// server gets.

#ifndef MYSQL_BACKUP_VERIFIER_SCRATCH_DIRECTORY_H_
#define MYSQL_BACKUP_VERIFIER_SCRATCH_DIRECTORY_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace mysql_backup {

// Where the scratch directory is seen inside the private view. /tmp is there on every machine, and
// every user reaches it, which is not so for a backup root of mode 0700.
inline constexpr char kScratchInside[] = "/tmp";

// A directory of our own with these in it, all of the server's user:
//   data          the writable view of the data directory (only inside the private view)
//   upper, work   what overlayfs needs
//   tmp           the server's temporary files
//   run           its socket and logs
// Movable; the destructor removes the directory, as does Remove(), which can report.
class ScratchDirectory {
 public:
  // Makes `path`, or takes it over and empties it first: whatever bears the name is left by a run
  // that was killed. The lock on the directory goes with the process. Busy when another process
  // holds it; LeftBehind when it could neither be made ready nor removed; its parent must exist.
  static absl::StatusOr<ScratchDirectory> Make(const std::string& path, uid_t uid, gid_t gid);

  ScratchDirectory(ScratchDirectory&&) = default;
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;
  ~ScratchDirectory();

  const std::string& path() const { return path_; }
  int descriptor() const { return directory_.get(); }  // not owned by the caller

  // Removes it with all that it contains. LeftBehind naming it on failure.
  absl::Status Remove();

 private:
  ScratchDirectory(std::string path, UniqueFd directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}
  absl::Status Empty();
  absl::Status Fill(uid_t uid, gid_t gid);

  std::string path_;
  UniqueFd directory_;  // holds the lock; closed once the directory is removed
};

// Makes a mount namespace for the server, and returns a descriptor of it. In it
//   - the data directory `lower` is seen writable at kScratchInside/data; what is written lands in
//     the scratch directory or, with `in_place`, where it belongs,
//   - all else is read-only: a table whose files lie outside of the data directory by an absolute
//     path cannot make the scratch server write into the live server's files.
// This process stays where it is. The mounts go with the last process in the namespace and the last
// descriptor of it, however these end.
absl::StatusOr<UniqueFd> MakePrivateView(const ScratchDirectory& scratch, const std::string& lower,
                                         bool in_place);

// Puts this process into a private view for as long as the object lives; children that are started
// meanwhile stay in it.
class InPrivateView {
 public:
  static absl::StatusOr<InPrivateView> Enter(const UniqueFd& view);
  InPrivateView(InPrivateView&&) = default;
  InPrivateView& operator=(InPrivateView&&) = delete;
  // Dies where the way back is barred: nothing may go on in the wrong namespace.
  ~InPrivateView();

 private:
  friend absl::StatusOr<UniqueFd> MakePrivateView(const ScratchDirectory&, const std::string&,
                                                  bool);
  explicit InPrivateView(UniqueFd own) : own_(std::move(own)) {}
  UniqueFd own_;
};

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_VERIFIER_SCRATCH_DIRECTORY_H_

// The scratch server's program: how it is started, and what its end says of the backup.

#ifndef MYSQL_BACKUP_VERIFIER_SERVER_PROCESS_H_
#define MYSQL_BACKUP_VERIFIER_SERVER_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/mysql_session.h"
#include "base/subprocess.h"
#include "base/unique_fd.h"
#include "verifier/scratch_directory.h"
#include "verifier/scratch_server.h"

namespace mysql_backup {

// One run of the server program. Its log is complete once it has ended.
struct Run {
  Subprocess process;
  std::string log_path;

  std::string Log() const;
  bool HasEnded() const;
};

// Returns the command line: the program `server` as the options' user with the group `gid`, on the
// paths of the private view, reachable by its socket alone and doing nothing by itself. `name`
// tells the two runs apart, "recovery" and "check"; `more` are options for this run. The
// administrator's options come last, so that they win.
std::vector<std::string> ServerArguments(const ScratchServerOptions& options,
                                         const std::string& server, gid_t gid,
                                         const std::string& name,
                                         const std::vector<std::string>& more);

// Starts the server in the private view `view`, with the arguments above.
absl::StatusOr<Run> StartServer(const ScratchServerOptions& options, const std::string& server,
                                const ScratchDirectory& scratch, const UniqueFd& view,
                                const std::string& name, const std::vector<std::string>& more);

// Waits until the server answers, and returns a session with it. As EndedServer() when it ends
// instead; Cancelled, or DeadlineExceeded after the options' start_timeout.
absl::StatusOr<MysqlSession> WaitForAnswer(const ScratchServerOptions& options, Run& run,
                                           absl::string_view when);

// What it means that the server failed: FailedPrecondition with the remedy where its log blames
// this host, otherwise NoError with its last words. `what` completes "the scratch server ...".
absl::Status ServerFailure(absl::string_view what, const Run& run);

// What it means that the server ended as `ended` tells. The kernel's SIGKILL (out of memory), a
// signal for this process and a deadline say nothing of the backup, and are no NoError.
absl::Status EndedServer(absl::string_view when, const absl::StatusOr<SubprocessResult>& ended,
                         const Run& run);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_VERIFIER_SERVER_PROCESS_H_

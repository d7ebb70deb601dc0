#include "syncer/run_rsync.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/log.h"
#include "base/status.h"
#include "base/subprocess.h"

namespace mysql_backup {
namespace {

constexpr int kErrorLines = 5;

// rsync is three processes, and the two others may outlive the first by a moment, writing into the
// destination. They are our children by then, since BecomeSubreaper() was called.
void EndGroup(pid_t group) {
  int options = WNOHANG;
  while (true) {
    const pid_t pid = waitpid(-group, nullptr, options);
    if (pid < 0 && errno != EINTR) return;  // ECHILD: nobody is left
    if (pid == 0) {
      kill(-group, SIGKILL);
      options = 0;
    }
  }
}

}  // namespace

absl::Status BecomeSubreaper() {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) == 0) return absl::OkStatus();
  return ErrnoError("become a subreaper");
}

absl::Status RunRsync(const RunRsyncOptions& options) {
  const std::string& program = options.argv[0];
  RsyncOutput output(options.may_reuse, options.on_entry);
  SubprocessOptions rsync;
  rsync.argv = options.argv;
  rsync.working_directory = options.source;
  rsync.stdin_fd = options.stdin_fd;
  rsync.stop_fd = options.stop_fd;
  rsync.on_stdout = [&](absl::string_view piece) {
    const absl::optional<int64_t> bytes = output.Add(piece);
    if (bytes.has_value()) options.on_progress(*bytes);
  };
  ASSIGN_OR_RETURN(Subprocess child, Subprocess::Start(std::move(rsync)));
  const pid_t group = child.pid();
  const absl::StatusOr<SubprocessResult> result = child.Wait();
  EndGroup(group);
  RETURN_IF_ERROR(result.status());
  const std::string words = OneLine(LastLines(result->stderr_text, kErrorLines));
  if (result->exit_code != 0) {
    return absl::InternalError(absl::StrCat(
        program, " failed to copy ", options.source_path, ": exit code ", result->exit_code, ": ",
        RsyncExitMeaning(result->exit_code), words.empty() ? "" : "; its words: ", words));
  }
  if (!words.empty()) LOG(WARNING) << program << ": " << words;
  if (output.strange_line().empty()) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat(program, " said of a file it copied what is not understood: '",
                   OneLine(output.strange_line()), "'; install rsync 3.2.3 or later"));
}

}  // namespace mysql_backup

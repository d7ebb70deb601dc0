#include "syncer/sync_tree.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/backup_name.h"
#include "base/directory.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/status.h"
#include "base/subprocess.h"
#include "base/tool.h"
#include "syncer/manifest_writer.h"
#include "syncer/progress.h"

namespace mysql_backup {
namespace {

constexpr int kErrorLines = 5;

std::string LastPart(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

absl::Status CheckNotEmpty(int source, const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(source));
  for (const std::string& name : names) {
    if (name != "lost+found") return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("refused to copy ", path,
                   ": it is empty, which no datadir is; is the snapshot "
                   "mounted, and is the datadir at this place in it?"));
}

// A file of the manifest's name is left out of the copy, which gets one of its own. No server makes
// a directory of that name.
absl::Status CheckNoManifestDirectory(int source, const std::string& path) {
  ASSIGN_OR_RETURN(const Entry entry, LookUp(source, kManifestName));
  if (entry != Entry::kDirectory) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "refused to copy ", path, ": it contains a directory named ", kManifestName,
      ", where the copy gets its manifest; no database has such a name: move it away"));
}

// The path must still lead to the directory that was opened.
absl::Status CheckStillThere(int source, const std::string& path) {
  struct stat held = {};
  struct stat found = {};
  if (fstat(source, &held) != 0 || lstat(path.c_str(), &found) != 0) {
    return Annotate(ErrnoError(absl::StrCat("find ", path, " again after the copy")),
                    "; the copy is void: was the snapshot unmounted?");
  }
  if (held.st_dev != found.st_dev || held.st_ino != found.st_ino) {
    return absl::DataLossError(absl::StrCat(
        path,
        " is not the directory any more that it was before the copy, so the copy "
        "is void: was the snapshot unmounted? See whether it overflowed (lvs), and the "
        "log of dmeventd"));
  }
  return absl::OkStatus();
}

// rsync is three processes, and the two others may outlive the first by a moment, writing into the
// destination. They are our children by then, since SyncTree() is a subreaper.
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

absl::StatusOr<TreeTotals> RunRsync(const SyncTreeOptions& options, int source,
                                    const RsyncOutput::OnEntry& on_entry) {
  RsyncOutput output(on_entry);
  ProgressReporter reporter(options.progress_fd, options.progress_interval);
  SubprocessOptions rsync;
  rsync.argv = RsyncArguments(options.rsync, options.destination);
  rsync.working_directory = source;
  // No deadline: how long a copy takes depends on the data alone. The caller's signal ends it, and
  // the snapshot's and the lock's own limits bound what a stalled one can do.
  rsync.on_stdout = [&](absl::string_view piece) {
    const absl::optional<CopyProgress> progress = output.Add(piece);
    if (progress.has_value()) reporter.Update(*progress);
  };
  ASSIGN_OR_RETURN(Subprocess child, Subprocess::Start(std::move(rsync)));
  const pid_t group = child.pid();
  const absl::StatusOr<SubprocessResult> result = child.Wait();
  EndGroup(group);
  RETURN_IF_ERROR(result.status());
  const std::string words = OneLine(LastLines(result->stderr_text, kErrorLines));
  if (result->exit_code != 0) {
    return absl::InternalError(absl::StrCat(
        options.rsync, " failed to copy ", options.source, ": exit code ", result->exit_code, ": ",
        RsyncExitMeaning(result->exit_code), words.empty() ? "" : "; its words: ", words));
  }
  if (!words.empty()) LOG(WARNING) << options.rsync << ": " << words;
  const absl::optional<TreeTotals> totals = output.totals();
  if (!totals.has_value()) {
    return absl::InternalError(
        absl::StrCat(options.rsync, " did not say what it copied; install rsync 3.2.3 or later"));
  }
  if (!output.strange_line().empty()) {
    return absl::InternalError(
        absl::StrCat(options.rsync, " said of a file it copied what is not understood: '",
                     OneLine(output.strange_line()), "'; install rsync 3.2.3 or later"));
  }
  reporter.Complete();
  return *totals;
}

absl::StatusOr<TreeTotals> Copy(const SyncTreeOptions& options, int source, int parent,
                                const std::string& name) {
  ASSIGN_OR_RETURN(const UniqueFd copy, OpenDirectoryAt(parent, name));
  ASSIGN_OR_RETURN(ManifestWriter manifest,
                   ManifestWriter::Create(copy.get(), options.destination));
  ASSIGN_OR_RETURN(const TreeTotals totals,
                   RunRsync(options, source,
                            [&manifest](ManifestEntry entry) { manifest.Add(std::move(entry)); }));
  RETURN_IF_ERROR(CheckStillThere(source, options.source));
  RETURN_IF_ERROR(manifest.Finish(totals));
  return totals;
}

}  // namespace

absl::Status CheckSyncTreeOptions(const SyncTreeOptions& options) {
  RETURN_IF_ERROR(CheckPathFlag("source", options.source));
  RETURN_IF_ERROR(CheckPathFlag("destination", options.destination));
  RETURN_IF_ERROR(CheckPathFlag("rsync", options.rsync));
  if (!ParsePartialName(LastPart(options.destination)).has_value()) {
    return UsageError(absl::StrCat("--destination='", options.destination,
                                   "' does not end in /.backup_YYYYMMDD_HHMMSS.partial"));
  }
  if (absl::StartsWith(options.destination,
                       absl::StrCat(absl::StripSuffix(options.source, "/"), "/"))) {
    return UsageError(absl::StrCat("--destination='", options.destination,
                                   "' lies within --source='", options.source, "'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<TreeTotals> SyncTree(const SyncTreeOptions& options) {
  ASSIGN_OR_RETURN(const UniqueFd source, OpenDirectory(options.source));
  RETURN_IF_ERROR(CheckNotEmpty(source.get(), options.source));
  RETURN_IF_ERROR(CheckNoManifestDirectory(source.get(), options.source));
  ASSIGN_OR_RETURN(const UniqueFd parent, OpenDirectory(ParentOf(options.destination)));
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return ErrnoError("become a subreaper");
  const std::string name = LastPart(options.destination);
  if (mkdirat(parent.get(), name.c_str(), 0700) != 0) {
    const bool exists = errno == EEXIST;
    return Annotate(ErrnoError(absl::StrCat("make directory ", options.destination)),
                    exists ? "; if an earlier run left it, remove_leftovers removes it" : "");
  }
  absl::StatusOr<TreeTotals> totals = Copy(options, source.get(), parent.get(), name);
  if (totals.ok()) return totals;
  const absl::Status removed = RemoveTreeAt(parent.get(), name, OnInterrupt::kFinish);
  if (removed.ok()) return totals;
  return LeftBehindError(absl::StrCat(totals.status().message(), "; and ", options.destination,
                                      " is left behind: ", removed.message(),
                                      "; remove_leftovers removes it"));
}

}  // namespace mysql_backup

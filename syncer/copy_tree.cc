#include "syncer/copy_tree.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "syncer/progress.h"
#include "syncer/run_rsync.h"

namespace mysql_backup {
namespace {

// Descriptor of an unnamed file with a list in it, read from its beginning.
absl::StatusOr<UniqueFd> FileOf(const Partition::List& list) {
  UniqueFd file(memfd_create("files-from", MFD_CLOEXEC));
  if (!file.ok()) return ErrnoError("make a list of files");
  RETURN_IF_ERROR(WriteAll(file.get(), list, "a list of files"));
  if (lseek(file.get(), 0, SEEK_SET) != 0) return ErrnoError("rewind a list of files");
  return file;
}

// The workers, each with one rsync after the other, and what they share.
class SideBySide {
 public:
  SideBySide(const CopyOptions& options, int jobs, const Tree& source, const Tree& destination,
             Partition partition, const RsyncOutput::OnEntry& on_entry)
      : options_(options),
        jobs_(jobs),
        source_(source),
        destination_(destination),
        on_entry_(on_entry),
        partition_(std::move(partition)),
        reporter_(options.progress_fd, options.progress_interval, partition_.totals().bytes) {}

  absl::Status Run() {
    stop_.reset(eventfd(0, EFD_CLOEXEC));
    if (!stop_.ok()) return ErrnoError("make an eventfd");
    std::vector<std::thread> workers;
    workers.reserve(static_cast<size_t>(jobs_));
    for (int i = 0; i < jobs_; ++i) workers.emplace_back([this] { Work(); });
    for (std::thread& worker : workers) worker.join();
    absl::MutexLock lock(&mutex_);
    RETURN_IF_ERROR(failure_);
    const TreeTotals& expected = partition_.totals();
    if (copied_.files != expected.files || copied_.bytes != expected.bytes) {
      return absl::InternalError(absl::StrCat(
          options_.rsync, " copied less or more than there is: it told of ", copied_.files,
          " files and ", copied_.bytes, " bytes, and ", source_.path, " has ", expected.files,
          " files and ", expected.bytes, " bytes; install rsync 3.2.3 or later"));
    }
    reporter_.Complete();
    return absl::OkStatus();
  }

 private:
  void Work() {
    while (true) {
      absl::StatusOr<absl::optional<Partition::List>> list = NextPart();
      if (list.ok() && !list->has_value()) return;
      const absl::Status status = list.ok() ? CopyPart(**list) : list.status();
      if (status.ok()) continue;
      absl::MutexLock lock(&mutex_);
      // The first failure is the reason of all further ones: they are ended because of it.
      if (failure_.ok()) failure_ = status;
      eventfd_write(stop_.get(), 1);
      return;
    }
  }

  absl::StatusOr<absl::optional<Partition::List>> NextPart() {
    absl::MutexLock lock(&mutex_);
    if (!failure_.ok()) return absl::nullopt;
    return partition_.Next();
  }

  absl::Status CopyPart(const Partition::List& list) {
    ASSIGN_OR_RETURN(const UniqueFd file, FileOf(list));
    int64_t bytes_of_part = 0;
    RunRsyncOptions rsync;
    rsync.argv = FilesArguments(options_.rsync, destination_.path, options_.rate / jobs_);
    rsync.source = source_.directory;
    rsync.source_path = source_.path;
    rsync.stdin_fd = file.get();
    rsync.stop_fd = stop_.get();
    rsync.on_entry = [this](ManifestEntry entry) {
      absl::MutexLock lock(&mutex_);
      if (entry.kind == ManifestEntry::Kind::kFile) ++copied_.files;
      copied_.bytes += static_cast<int64_t>(entry.bytes);
      on_entry_(std::move(entry));
    };
    rsync.on_progress = [this, &bytes_of_part](int64_t bytes) {
      absl::MutexLock lock(&mutex_);
      bytes_ += bytes - std::exchange(bytes_of_part, bytes);
      reporter_.Update(bytes_);
    };
    return RunRsync(rsync);
  }

  const CopyOptions& options_;
  const int jobs_;
  const Tree& source_;
  const Tree& destination_;
  UniqueFd stop_;

  absl::Mutex mutex_;
  const RsyncOutput::OnEntry& on_entry_ ABSL_GUARDED_BY(mutex_);
  Partition partition_ ABSL_GUARDED_BY(mutex_);
  ProgressReporter reporter_ ABSL_GUARDED_BY(mutex_);
  TreeTotals copied_ ABSL_GUARDED_BY(mutex_);  // as rsync tells of them
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // the same, while a file is being copied too
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

int DefaultJobs() {
  return std::clamp(2 * static_cast<int>(std::thread::hardware_concurrency()), 1, 8);
}

absl::StatusOr<TreeTotals> CopyContents(
    const CopyOptions& options, const Tree& source, const Tree& destination,
    const std::function<bool(const std::string& name)>& leave_out,
    const RsyncOutput::OnEntry& on_entry) {
  const int jobs = options.jobs > 0 ? options.jobs : DefaultJobs();
  Partition::Options parts;
  parts.directory = source.directory;
  parts.path = source.path;
  parts.jobs = jobs;
  parts.is_left_out = [&](const TreeEntry& entry) {
    return IsLeftOut(entry.path, S_ISDIR(entry.facts.st_mode)) || leave_out(entry.path);
  };
  const auto make_directory = [&](const std::string& path) -> absl::Status {
    if (mkdirat(destination.directory, path.c_str(), 0700) != 0) {
      return ErrnoError(absl::StrCat("make directory ", destination.path, "/", OneLine(path)));
    }
    on_entry({ManifestEntry::Kind::kDirectory, path, 0, ""});
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(Partition partition, Partition::Create(std::move(parts), make_directory));
  const TreeTotals totals = partition.totals();
  RETURN_IF_ERROR(BecomeSubreaper());
  SideBySide copy(options, jobs, source, destination, std::move(partition), on_entry);
  RETURN_IF_ERROR(copy.Run());
  return totals;
}

absl::Status CopyDirectoryAttributes(const CopyOptions& options, const Tree& source,
                                     const Tree& destination) {
  RETURN_IF_ERROR(BecomeSubreaper());
  RunRsyncOptions rsync;
  rsync.argv = DirectoriesArguments(options.rsync, destination.path);
  rsync.source = source.directory;
  rsync.source_path = source.path;
  rsync.on_entry = [](const ManifestEntry&) {};
  rsync.on_progress = [](int64_t) {};
  return RunRsync(rsync);
}

}  // namespace mysql_backup

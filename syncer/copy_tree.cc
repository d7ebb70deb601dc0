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
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/optional.h"
#include "base/file.h"
#include "base/human_bytes.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "syncer/progress.h"
#include "syncer/rsync.h"
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

// rsync remembers some 40 bytes of each block, and takes none larger than 128 KiB. InnoDB's page is
// the unit in which a database changes.
int64_t BlockBytes(int64_t largest_file) {
  constexpr int64_t kPage = int64_t{16} << 10;
  constexpr int64_t kLargestBlock = int64_t{128} << 10;
  constexpr int64_t kMaxBlocks = int64_t{1} << 20;
  int64_t bytes = kPage;
  while (bytes < kLargestBlock && largest_file / bytes > kMaxBlocks) bytes *= 2;
  return bytes;
}

// The workers, each with one rsync after the other, and what they share.
class SideBySide {
 public:
  SideBySide(const CopyOptions& options, int jobs, const CopyTask& task, Partition partition)
      : options_(options),
        jobs_(jobs),
        task_(task),
        partition_(std::move(partition)),
        reporter_(options.progress_fd, options.progress_interval, partition_.totals().bytes),
        reuse_(task.reuse) {}

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
          " files and ", copied_.bytes, " bytes, and ", task_.source.path, " has ", expected.files,
          " files and ", expected.bytes, " bytes; install rsync 3.2.3 or later"));
    }
    if (reuse_ != Reuse::kNone) {
      LOG(INFO) << reused_.files << " of " << copied_.files << " files and "
                << HumanBytes(static_cast<double>(reused_.bytes)) << " of "
                << HumanBytes(static_cast<double>(copied_.bytes)) << " are unchanged";
    }
    reporter_.Complete();
    return absl::OkStatus();
  }

 private:
  void Work() {
    while (true) {
      absl::StatusOr<absl::optional<Partition::Part>> part = NextPart();
      if (part.ok() && !part->has_value()) return;
      const absl::Status status = part.ok() ? CopyPart(**part) : part.status();
      if (status.ok()) continue;
      absl::MutexLock lock(&mutex_);
      // The first failure is the reason of all further ones: they are ended because of it.
      if (failure_.ok()) failure_ = status;
      eventfd_write(stop_.get(), 1);
      return;
    }
  }

  absl::StatusOr<absl::optional<Partition::Part>> NextPart() {
    absl::MutexLock lock(&mutex_);
    if (!failure_.ok()) return absl::nullopt;
    return partition_.Next();
  }

  absl::Status CopyPart(const Partition::Part& part) {
    FilesOptions files;
    files.rate = options_.rate / jobs_;
    ASSIGN_OR_RETURN(const Reuse reuse, Prepare(part));
    if (reuse == Reuse::kHardlink) files.link_to = task_.previous->path();
    files.in_place = reuse == Reuse::kReflink;
    files.block_bytes = BlockBytes(part.largest_bytes);
    RETURN_IF_ERROR(CopyFiles(part.names, files, reuse));
    files.compare_content = reuse != Reuse::kNone;
    return CopyFiles(part.suspects, files, reuse);
  }

  // Clones what is to be updated. Returns how the part can be copied.
  absl::StatusOr<Reuse> Prepare(const Partition::Part& part) {
    {
      absl::MutexLock lock(&mutex_);
      if (reuse_ != Reuse::kReflink) return reuse_;
    }
    for (const Partition::List* const list : {&part.names, &part.suspects}) {
      for (const absl::string_view name : absl::StrSplit(*list, '\0', absl::SkipEmpty())) {
        RETURN_IF_ERROR(CheckInterrupt());
        const absl::Status status =
            task_.previous->Clone(std::string(name), task_.destination.directory);
        if (status.ok()) continue;
        if (!absl::IsUnimplemented(status)) return status;
        absl::MutexLock lock(&mutex_);
        if (reuse_ != Reuse::kNone) {
          LOG(WARNING) << "no files are shared with " << task_.previous->path() << ": "
                       << status.message() << "; REUSE=reflink needs XFS or btrfs";
        }
        reuse_ = Reuse::kNone;
        return reuse_;
      }
    }
    return Reuse::kReflink;
  }

  absl::Status CopyFiles(const Partition::List& list, const FilesOptions& files, Reuse reuse) {
    if (list.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const UniqueFd file, FileOf(list));
    int64_t bytes_of_list = 0;
    RunRsyncOptions rsync;
    rsync.argv = FilesArguments(options_.rsync, task_.destination.path, files);
    rsync.source = task_.source.directory;
    rsync.source_path = task_.source.path;
    rsync.stdin_fd = file.get();
    rsync.stop_fd = stop_.get();
    rsync.may_reuse = reuse != Reuse::kNone;
    rsync.on_entry = [this](CopiedEntry copied) { AddEntry(std::move(copied)); };
    rsync.on_progress = [this, &bytes_of_list](int64_t bytes) {
      absl::MutexLock lock(&mutex_);
      bytes_ += bytes - std::exchange(bytes_of_list, bytes);
      reporter_.Update(bytes_);
    };
    return RunRsync(rsync);
  }

  void AddEntry(CopiedEntry copied) {
    absl::MutexLock lock(&mutex_);
    ManifestEntry& entry = copied.entry;
    TreeTotals added = {static_cast<int64_t>(entry.bytes),
                        entry.kind == ManifestEntry::Kind::kFile ? 1 : 0};
    copied_ += added;
    if (copied.reused) {
      reused_ += added;
      if (entry.checksum.empty()) {
        entry.checksum = task_.previous->ChecksumOf(entry.path, entry.bytes);
      }
    }
    task_.on_entry(std::move(entry));
  }

  const CopyOptions& options_;
  const int jobs_;
  const CopyTask& task_;
  UniqueFd stop_;

  absl::Mutex mutex_;
  Partition partition_ ABSL_GUARDED_BY(mutex_);
  ProgressReporter reporter_ ABSL_GUARDED_BY(mutex_);
  Reuse reuse_ ABSL_GUARDED_BY(mutex_);
  TreeTotals copied_ ABSL_GUARDED_BY(mutex_);  // as rsync tells of them, what is reused included
  TreeTotals reused_ ABSL_GUARDED_BY(mutex_);
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // that went through an rsync, for the progress
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

int DefaultJobs() {
  return std::clamp(2 * static_cast<int>(std::thread::hardware_concurrency()), 1, 8);
}

absl::StatusOr<TreeTotals> CopyContents(const CopyOptions& options, const CopyTask& task) {
  const int jobs = options.jobs > 0 ? options.jobs : DefaultJobs();
  Partition::Options parts;
  parts.directory = task.source.directory;
  parts.path = task.source.path;
  parts.jobs = jobs;
  parts.is_left_out = [&](const TreeEntry& entry) {
    return IsLeftOut(entry.path, S_ISDIR(entry.facts.st_mode)) || task.leave_out(entry.path);
  };
  parts.is_suspect = [&](const struct stat& facts) {
    return task.reuse != Reuse::kNone && task.previous->MayDifferUnseen(facts);
  };
  const auto make_directory = [&](const std::string& path) -> absl::Status {
    if (mkdirat(task.destination.directory, path.c_str(), 0700) != 0) {
      return ErrnoError(absl::StrCat("make directory ", task.destination.path, "/", OneLine(path)));
    }
    task.on_entry({ManifestEntry::Kind::kDirectory, path, 0, ""});
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(Partition partition, Partition::Create(std::move(parts), make_directory));
  const TreeTotals totals = partition.totals();
  RETURN_IF_ERROR(BecomeSubreaper());
  SideBySide copy(options, jobs, task, std::move(partition));
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
  rsync.on_entry = [](const CopiedEntry&) {};
  rsync.on_progress = [](int64_t) {};
  return RunRsync(rsync);
}

}  // namespace mysql_backup

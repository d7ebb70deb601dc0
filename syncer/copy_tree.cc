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

// A file that has, or had, several names is copied whole: which of them belong together may have
// changed. So is one of which the previous backup's manifest cannot be read.
Basis BasisOf(const TreeEntry& entry, const CopyTask& task) {
  const struct stat& facts = entry.facts;
  if (task.reuse == Reuse::kNone || !S_ISREG(facts.st_mode) || facts.st_nlink > 1) {
    return Basis::kNone;
  }
  const auto before = task.previous->FindFile(entry.path);
  if (!before.ok() || !before->has_value()) return Basis::kNone;
  if (task.reuse == Reuse::kHardlink && task.previous->MayHaveFurtherNames(**before)) {
    return Basis::kNone;
  }
  return task.previous->MayDifferUnseen(facts) ? Basis::kCompared : Basis::kSame;
}

// The workers, each with one rsync after the other, and what they share.
class SideBySide {
 public:
  SideBySide(const CopyOptions& options, int jobs, const CopyTask& task, Partition partition)
      : options_(options),
        jobs_(jobs),
        task_(task),
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
          " files and ", copied_.bytes, " bytes, and ", task_.source.path, " has ", expected.files,
          " files and ", expected.bytes, " bytes; install rsync 3.2.3 or later"));
    }
    if (task_.reuse != Reuse::kNone) {
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
      Fail(status);
      return;
    }
  }

  // The first failure is the reason of all further ones: they are ended because of it.
  void Fail(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (failure_.ok()) failure_ = status;
    eventfd_write(stop_.get(), 1);
  }

  absl::StatusOr<absl::optional<Partition::Part>> NextPart() {
    absl::MutexLock lock(&mutex_);
    if (!failure_.ok()) return absl::nullopt;
    return partition_.Next();
  }

  absl::Status CopyPart(const Partition::Part& part) {
    for (const auto& [basis, list] : part.lists) {
      FilesOptions files;
      files.rate = options_.rate / jobs_;
      if (basis != Basis::kNone) {
        if (task_.reuse == Reuse::kReflink) RETURN_IF_ERROR(Clone(list));
        if (task_.reuse == Reuse::kHardlink) files.link_to = task_.previous->path();
        files.in_place = task_.reuse == Reuse::kReflink;
        files.block_bytes = BlockBytes(part.largest_bytes);
        files.compare_content = basis == Basis::kCompared;
      }
      RETURN_IF_ERROR(CopyFiles(list, files, basis != Basis::kNone));
    }
    return absl::OkStatus();
  }

  // Makes the files that are to be updated in place. One that cannot be cloned is copied whole.
  absl::Status Clone(const Partition::List& list) {
    {
      absl::MutexLock lock(&mutex_);
      if (cannot_clone_) return absl::OkStatus();
    }
    for (const absl::string_view name : absl::StrSplit(list, '\0', absl::SkipEmpty())) {
      RETURN_IF_ERROR(CheckInterrupt());
      absl::Status status = task_.previous->Clone(std::string(name), task_.destination.directory);
      if (status.ok()) continue;
      if (!absl::IsUnimplemented(status)) return status;
      absl::MutexLock lock(&mutex_);
      if (std::exchange(cannot_clone_, true)) return absl::OkStatus();
      LOG(WARNING) << "no blocks are shared: " << status.message()
                   << "; REUSE=reflink needs XFS or btrfs";
      return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  absl::Status CopyFiles(const Partition::List& list, const FilesOptions& files, bool may_reuse) {
    ASSIGN_OR_RETURN(const UniqueFd file, FileOf(list));
    int64_t bytes_of_list = 0;
    RunRsyncOptions rsync;
    rsync.argv = FilesArguments(options_.rsync, task_.destination.path, files);
    rsync.source = task_.source.directory;
    rsync.source_path = task_.source.path;
    rsync.stdin_fd = file.get();
    rsync.stop_fd = stop_.get();
    rsync.may_reuse = may_reuse;
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
      // rsync has not read it. What it has on the disk now is not what is vouched for.
      const absl::Status known = TakeChecksum(&entry);
      if (!known.ok()) {
        Fail(Annotate(known, absl::StrCat("; this copy shares files with ", task_.previous->path(),
                                          ": verify that backup (verify_restore.sh --backup=NAME), "
                                          "and see whether its disk fails (dmesg)")));
      }
    }
    task_.on_entry(std::move(entry));
  }

  absl::Status TakeChecksum(ManifestEntry* entry) const {
    if (!entry->checksum.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const absl::optional<ManifestEntry> before,
                     task_.previous->FindFile(entry->path));
    if (!before.has_value() || before->bytes != entry->bytes) {
      return absl::DataLossError(absl::StrCat(task_.previous->path(), "/", kManifestName,
                                              " has no checksum of ", OneLine(entry->path)));
    }
    entry->checksum = before->checksum;
    return absl::OkStatus();
  }

  const CopyOptions& options_;
  const int jobs_;
  const CopyTask& task_;
  UniqueFd stop_;

  absl::Mutex mutex_;
  Partition partition_ ABSL_GUARDED_BY(mutex_);
  ProgressReporter reporter_ ABSL_GUARDED_BY(mutex_);
  bool cannot_clone_ ABSL_GUARDED_BY(mutex_) = false;
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
  // Several would share the rate, and the last one keep its share when the others are done.
  const int jobs = options.jobs > 0 ? options.jobs : options.rate > 0 ? 1 : DefaultJobs();
  Partition::Options parts;
  parts.directory = task.source.directory;
  parts.path = task.source.path;
  parts.jobs = jobs;
  parts.is_left_out = [&](const TreeEntry& entry) {
    return IsLeftOut(entry.path, S_ISDIR(entry.facts.st_mode)) || task.leave_out(entry.path);
  };
  parts.basis_of = [&](const TreeEntry& entry) { return BasisOf(entry, task); };
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
  RETURN_IF_ERROR(RunRsync(rsync));
  // Whatever it says, one that has done nothing leaves a tree that only root can enter.
  struct stat from = {};
  struct stat to = {};
  if (fstat(source.directory, &from) != 0) return ErrnoError(absl::StrCat("look at ", source.path));
  if (fstat(destination.directory, &to) != 0) {
    return ErrnoError(absl::StrCat("look at ", destination.path));
  }
  if (from.st_mode == to.st_mode && from.st_uid == to.st_uid && from.st_gid == to.st_gid) {
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrCat(
      options.rsync, " ended well, and has not set the owner and mode of ", destination.path,
      "; see whether that program is rsync (--version), then try again"));
}

}  // namespace mysql_backup

#include "syncer/copy_flags.h"

#include <gflags/gflags.h>

#include "base/status.h"
#include "base/tool.h"

DEFINE_string(rsync, "/usr/bin/rsync", "the rsync program");
DEFINE_int32(
    jobs, 0,
    "parallel rsync processes, 1 to 64; 0 is two for each processor, and no more than 8, or "
    "one with a --rate");
DEFINE_string(
    rate, "",
    "at most so much is copied a second, for example 100M, an equal part of it by each job; "
    "empty: no limit");
DEFINE_int32(progress_fd, 2, "descriptor on which a bar is drawn when it is a terminal");
DEFINE_int32(progress_every, 60,
             "seconds between progress lines on stderr when that descriptor is no terminal");

namespace mysql_backup {

absl::StatusOr<CopyOptions> CopyOptionsFromFlags() {
  RETURN_IF_ERROR(CheckPathFlag("rsync", FLAGS_rsync));
  RETURN_IF_ERROR(CheckRangeFlag("jobs", FLAGS_jobs, 0, 64));
  RETURN_IF_ERROR(CheckRangeFlag("progress_fd", FLAGS_progress_fd, 0));
  RETURN_IF_ERROR(CheckRangeFlag("progress_every", FLAGS_progress_every, 1));
  CopyOptions options;
  options.rsync = FLAGS_rsync;
  options.jobs = FLAGS_jobs;
  if (!FLAGS_rate.empty()) {
    ASSIGN_OR_RETURN(const uint64_t rate, SizeFromFlag("rate", FLAGS_rate));
    options.rate = static_cast<int64_t>(rate);
  }
  options.progress_fd = FLAGS_progress_fd;
  options.progress_interval = absl::Seconds(FLAGS_progress_every);
  return options;
}

}  // namespace mysql_backup

// Telling people how far a copy is: a bar on a terminal, now and then a line in a log.

#ifndef MYSQL_BACKUP_SYNCER_PROGRESS_H_
#define MYSQL_BACKUP_SYNCER_PROGRESS_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "absl/time/time.h"

namespace mysql_backup {

struct CopyProgress {
  int64_t bytes = 0;  // so far
  int64_t total = 0;  // of the whole tree
  double rate = 0;    // bytes a second
};

// Each returns the text of one state, below 80 columns:
//   [=========>          ]  45%  1.2 GiB  120.3 MiB/s  0:00:12 left
//   copied 1.2 GiB, 45%, 120.3 MiB/s, 0:00:12 left
std::string ProgressBar(const CopyProgress& progress);
std::string ProgressWords(const CopyProgress& progress);

// Not thread-safe.
class ProgressReporter {
 public:
  // Draws on `fd`, which is not owned, where that is a terminal. Where not, writes a LOG(INFO) line
  // every `interval`, and so none for a copy that is shorter. `total` is the bytes of the tree.
  ProgressReporter(int fd, absl::Duration interval, int64_t total);

  // Takes the bar's line to its end, so that what is written next does not stand in it.
  ~ProgressReporter();
  ProgressReporter(const ProgressReporter&) = delete;
  ProgressReporter& operator=(const ProgressReporter&) = delete;

  // `bytes` have been copied so far.
  void Update(int64_t bytes);

  // Shows the copy as complete, whatever hard links made of its percentage.
  void Complete();

 private:
  void SetRate(absl::Time now);
  void Draw();
  void Write(const std::string& text) const;

  const int fd_;
  const bool is_terminal_;
  const absl::Duration interval_;
  absl::Time next_;
  CopyProgress latest_;
  std::deque<std::pair<absl::Time, int64_t>> samples_;  // of the last seconds, for the rate
  bool drawn_ = false;
};

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_SYNCER_PROGRESS_H_

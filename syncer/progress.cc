#include "syncer/progress.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/human_bytes.h"
#include "base/log.h"

namespace mysql_backup {
namespace {

constexpr int kBarWidth = 30;
constexpr absl::Duration kRedraw = absl::Milliseconds(200);

}  // namespace

std::string ProgressBar(const CopyProgress& progress) {
  const int filled = std::clamp(progress.percent, 0, 100) * kBarWidth / 100;
  std::string bar(static_cast<size_t>(filled), '=');
  if (filled < kBarWidth) bar.push_back('>');
  bar.resize(kBarWidth, ' ');
  return absl::StrFormat("[%s] %3d%%  %s  %s  %s left", bar, progress.percent,
                         HumanBytes(static_cast<double>(progress.bytes)), progress.rate,
                         progress.clock);
}

std::string ProgressWords(const CopyProgress& progress) {
  return absl::StrFormat("copied %s, %d%%, %s, %s left",
                         HumanBytes(static_cast<double>(progress.bytes)), progress.percent,
                         progress.rate, progress.clock);
}

ProgressReporter::ProgressReporter(int fd, absl::Duration interval)
    : fd_(fd),
      is_terminal_(isatty(fd) == 1),
      interval_(is_terminal_ ? kRedraw : interval),
      next_(absl::Now() + interval_) {}

ProgressReporter::~ProgressReporter() {
  if (drawn_) Write("\n");
}

void ProgressReporter::Update(const CopyProgress& progress) {
  latest_ = progress;
  const absl::Time now = absl::Now();
  if (now < next_) return;
  next_ = now + interval_;
  if (is_terminal_) {
    Draw();
  } else {
    LOG(INFO) << ProgressWords(latest_);
  }
}

void ProgressReporter::Complete() {
  latest_.percent = 100;
  latest_.clock = "0:00:00";
  if (is_terminal_) Draw();
}

void ProgressReporter::Draw() {
  Write("\r" + ProgressBar(latest_) + "\x1b[K");
  drawn_ = true;
}

// Not when the terminal takes nothing (Ctrl-S): a server may be locked while this copies.
void ProgressReporter::Write(const std::string& text) const {
  pollfd terminal = {fd_, POLLOUT, 0};
  if (poll(&terminal, 1, 0) != 1 || (terminal.revents & POLLOUT) == 0) return;
  [[maybe_unused]] const ssize_t written = write(fd_, text.data(), text.size());
}

}  // namespace mysql_backup

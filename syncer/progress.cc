#include "syncer/progress.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/human_bytes.h"
#include "base/log.h"
#include "base/steady_clock.h"

namespace mysql_backup {
namespace {

constexpr int kBarWidth = 30;
constexpr absl::Duration kRedraw = absl::Milliseconds(200);

// Over so long the rate is taken: rsync says once a second how far it is.
constexpr absl::Duration kRateWindow = absl::Seconds(10);

// Beyond which nobody believes it.
constexpr double kMaxSecondsLeft = 9999.0 * 3600;

int Percent(const CopyProgress& progress) {
  if (progress.total <= 0) return 100;
  const double part = static_cast<double>(progress.bytes) / static_cast<double>(progress.total);
  return static_cast<int>(std::clamp(part, 0.0, 1.0) * 100);
}

std::string Rate(const CopyProgress& progress) {
  return absl::StrCat(HumanBytes(std::max(progress.rate, 0.0)), "/s");
}

std::string Left(const CopyProgress& progress) {
  const double bytes = static_cast<double>(std::max<int64_t>(progress.total - progress.bytes, 0));
  if (bytes == 0) return "0:00:00";
  if (progress.rate <= 0 || bytes / progress.rate > kMaxSecondsLeft) return "?:??:??";
  const int64_t seconds = std::lround(bytes / progress.rate);
  return absl::StrFormat("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace

std::string ProgressBar(const CopyProgress& progress) {
  const int percent = Percent(progress);
  const int filled = percent * kBarWidth / 100;
  std::string bar(static_cast<size_t>(filled), '=');
  if (filled < kBarWidth) bar.push_back('>');
  bar.resize(kBarWidth, ' ');
  return absl::StrFormat("[%s] %3d%%  %s  %s  %s left", bar, percent,
                         HumanBytes(static_cast<double>(progress.bytes)), Rate(progress),
                         Left(progress));
}

std::string ProgressWords(const CopyProgress& progress) {
  return absl::StrFormat("copied %s, %d%%, %s, %s left",
                         HumanBytes(static_cast<double>(progress.bytes)), Percent(progress),
                         Rate(progress), Left(progress));
}

ProgressReporter::ProgressReporter(int fd, absl::Duration interval, int64_t total)
    : fd_(fd),
      is_terminal_(isatty(fd) == 1),
      interval_(is_terminal_ ? kRedraw : interval),
      next_(SteadyNow() + interval_) {
  latest_.total = total;
  samples_.emplace_back(SteadyNow(), 0);
}

ProgressReporter::~ProgressReporter() {
  if (drawn_) Write("\n");
}

void ProgressReporter::Update(int64_t bytes) {
  const absl::Time now = SteadyNow();
  latest_.bytes = bytes;
  if (now < next_) return;
  next_ = now + interval_;
  SetRate(now);
  if (is_terminal_) {
    Draw();
  } else {
    LOG(INFO) << ProgressWords(latest_);
  }
}

void ProgressReporter::Complete() {
  latest_.bytes = latest_.total;
  SetRate(SteadyNow());
  if (is_terminal_) Draw();
}

void ProgressReporter::SetRate(absl::Time now) {
  while (samples_.size() > 1 && samples_[1].first <= now - kRateWindow) samples_.pop_front();
  const auto& [since, bytes] = samples_.front();
  const double seconds = absl::ToDoubleSeconds(now - since);
  latest_.rate = seconds > 0 ? static_cast<double>(latest_.bytes - bytes) / seconds : 0;
  samples_.emplace_back(now, latest_.bytes);
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

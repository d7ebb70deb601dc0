#include "base/exit_code.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"

namespace mysql_backup {
namespace {

constexpr absl::string_view kPayloadUrl = "mysql_backup/exit_code";

}  // namespace

absl::Status WithExitCode(absl::Status status, ExitCode code) {
  status.SetPayload(kPayloadUrl, absl::Cord(absl::StrCat(static_cast<int>(code))));
  return status;
}

absl::Status UsageError(absl::string_view message) {
  return WithExitCode(absl::InvalidArgumentError(message), ExitCode::kUsage);
}

absl::Status NoError(absl::string_view message) {
  return WithExitCode(absl::DataLossError(message), ExitCode::kNo);
}

absl::Status LeftBehindError(absl::string_view message) {
  return WithExitCode(absl::AbortedError(message), ExitCode::kLeftBehind);
}

absl::Status BusyError(absl::string_view message) {
  return WithExitCode(absl::UnavailableError(message), ExitCode::kBusy);
}

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return ExitCode::kDone;
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl);
  int code = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &code)) {
    return ExitCode::kFailed;
  }
  return static_cast<ExitCode>(code);
}

}  // namespace mysql_backup

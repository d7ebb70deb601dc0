#include "base/status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>

#include "absl/strings/cord.h"
#include "base/exit_code.h"

namespace mysql_backup {
namespace {

TEST(ExitCodeTest, EachErrorCarriesItsCode) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), ExitCode::kDone);
  EXPECT_EQ(ExitCodeOf(UsageError("x")), ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(absl::InternalError("x")), ExitCode::kFailed);
  EXPECT_EQ(ExitCodeOf(NoError("x")), ExitCode::kNo);
  EXPECT_EQ(ExitCodeOf(LeftBehindError("x")), ExitCode::kLeftBehind);
  EXPECT_EQ(ExitCodeOf(BusyError("x")), ExitCode::kBusy);
}

TEST(ExitCodeTest, TheNumbersAreThoseOfTheContract) {
  EXPECT_EQ(static_cast<int>(ExitCode::kDone), 0);
  EXPECT_EQ(static_cast<int>(ExitCode::kUsage), 1);
  EXPECT_EQ(static_cast<int>(ExitCode::kFailed), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::kNo), 3);
  EXPECT_EQ(static_cast<int>(ExitCode::kLeftBehind), 4);
  EXPECT_EQ(static_cast<int>(ExitCode::kBusy), 75);
}

TEST(ExitCodeTest, IsReplacedAndKeepsCodeAndMessage) {
  const absl::Status status =
      WithExitCode(BusyError("cannot unmount /mnt: busy"), ExitCode::kLeftBehind);
  EXPECT_EQ(ExitCodeOf(status), ExitCode::kLeftBehind);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "cannot unmount /mnt: busy");
}

TEST(ExitCodeTest, SuccessStaysSuccess) {
  EXPECT_EQ(ExitCodeOf(WithExitCode(absl::OkStatus(), ExitCode::kBusy)), ExitCode::kDone);
}

TEST(ErrnoErrorTest, SaysWhatAndWhy) {
  const absl::Status status = ErrnoError("open /etc/x", ENOENT);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "cannot open /etc/x: No such file or directory");
  errno = EACCES;
  EXPECT_EQ(ErrnoError("open /etc/x").code(), absl::StatusCode::kPermissionDenied);
}

TEST(AnnotateTest, KeepsCodeAndPayloads) {
  absl::Status status = NoError("overflowed");
  status.SetPayload("another", absl::Cord("7"));
  const absl::Status annotated = Annotate(status, " (vg/snapshot); make it larger");
  EXPECT_EQ(annotated.message(), "overflowed (vg/snapshot); make it larger");
  EXPECT_EQ(annotated.code(), status.code());
  EXPECT_EQ(ExitCodeOf(annotated), ExitCode::kNo);
  EXPECT_EQ(annotated.GetPayload("another"), absl::Cord("7"));
  EXPECT_TRUE(Annotate(absl::OkStatus(), "x").ok());
}

absl::StatusOr<std::unique_ptr<int>> Number(bool good) {
  if (!good) return BusyError("no number");
  return std::make_unique<int>(3);
}

absl::StatusOr<int> TwoNumbers(bool first, bool second) {
  ASSIGN_OR_RETURN(const std::unique_ptr<int> a, Number(first));
  ASSIGN_OR_RETURN(const std::unique_ptr<int> b, Number(second));
  return *a + *b;
}

absl::Status Return(const absl::Status& status, int* reached) {
  RETURN_IF_ERROR(status);
  ++*reached;
  return absl::OkStatus();
}

TEST(MacrosTest, HandTheErrorOnWithItsPayloads) {
  EXPECT_EQ(*TwoNumbers(true, true), 6);
  EXPECT_EQ(ExitCodeOf(TwoNumbers(true, false).status()), ExitCode::kBusy);
  EXPECT_EQ(ExitCodeOf(TwoNumbers(false, true).status()), ExitCode::kBusy);
  int reached = 0;
  EXPECT_EQ(ExitCodeOf(Return(NoError("x"), &reached)), ExitCode::kNo);
  EXPECT_EQ(reached, 0);
  EXPECT_TRUE(Return(absl::OkStatus(), &reached).ok());
  EXPECT_EQ(reached, 1);
}

}  // namespace
}  // namespace mysql_backup

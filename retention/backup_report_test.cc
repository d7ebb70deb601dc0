#include "retention/backup_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"

namespace mysql_backup {
namespace {

using ::testing::HasSubstr;

// One bad block under one attribute does not hide the backups.
TEST(BackupReport, TellsOfAVerdictThatCannotBeRead) {
  BackupFacts good;
  good.name = "backup_20261126_020000";
  good.manifest_state = ManifestState::kWhole;
  BackupFacts odd = good;
  odd.name = "backup_20261127_020000";
  odd.verdict = absl::InternalError("read the verdict: Input/output error");
  const absl::Time now = absl::FromCivil(absl::CivilDay(2026, 11, 28), absl::UTCTimeZone());
  const std::string table = BackupTable({good, odd}, now, absl::UTCTimeZone());
  EXPECT_THAT(table, HasSubstr(good.name));
  EXPECT_THAT(table, HasSubstr("UNKNOWN: read the verdict: Input/output error"));
  EXPECT_THAT(BackupLines(odd, now, absl::UTCTimeZone()), HasSubstr("verified: UNKNOWN: read"));
  EXPECT_THAT(BackupJson(odd, "/backups", now, absl::UTCTimeZone()),
              HasSubstr(R"("verdict": "unknown")"));
}

}  // namespace
}  // namespace mysql_backup

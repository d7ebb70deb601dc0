#include "syncer/check_room.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "base/exit_code.h"

namespace mysql_backup {
namespace {

constexpr uint64_t kMiB = 1 << 20;

TEST(CheckRoomTest, CountsBytesAndInodesWithReserve) {
  struct Case {
    Room room;
    uint64_t bytes;
    uint64_t files;
    const char* refusal;  // nullptr: it fits
  };
  const std::vector<Case> cases = {
      {{16 * kMiB, 1000, 4096, true}, 0, 0, nullptr},
      {{16 * kMiB - 1, 1000, 4096, true}, 0, 0, "16.0 MiB needed"},
      {{117 * kMiB, 1000, 4096, true}, 100 * kMiB, 0, nullptr},
      {{117 * kMiB - 1, 1000, 4096, true}, 100 * kMiB, 0, "117.0 MiB needed"},
      // Each file may waste most of its last block.
      {{117 * kMiB, 100000, 4096, true}, 100 * kMiB, 1, "missing"},
      {{117 * kMiB + 4137, 100000, 4096, true}, 100 * kMiB, 1, nullptr},
      {{1000 * kMiB, 2010, 4096, true}, 0, 1000, nullptr},
      {{1000 * kMiB, 2009, 4096, true}, 0, 1000, "2010 needed with reserve, 2009 free"},
      {{1000 * kMiB, 0, 4096, true}, 0, 0, "not enough inodes in /backups: "},
      {{1000 * kMiB, 0, 4096, false}, 0, 1000, nullptr},
      {{UINT64_MAX, UINT64_MAX, 4096, true}, INT64_MAX, 1000, nullptr},
      {{UINT64_MAX, UINT64_MAX, 4096, true}, 0, INT64_MAX, "not enough room in /backups: "},
  };
  for (const Case& c : cases) {
    const absl::Status status = CheckRoom(c.room, c.bytes, c.files, "/backups");
    if (c.refusal == nullptr) {
      EXPECT_TRUE(status.ok()) << status;
    } else {
      EXPECT_EQ(ExitCodeOf(status), ExitCode::kNo) << c.refusal;
      EXPECT_TRUE(absl::StrContains(status.message(), c.refusal)) << status;
    }
  }
}

TEST(CheckRoomTest, FindsTheFilesystemOfARootThatIsNotThereYet) {
  const absl::StatusOr<Room> there = FindRoom(testing::TempDir());
  const absl::StatusOr<Room> not_yet = FindRoom(testing::TempDir() + "/not/yet");
  ASSERT_TRUE(there.ok() && not_yet.ok());
  EXPECT_EQ(there->block_bytes, not_yet->block_bytes);
  EXPECT_GT(not_yet->bytes, 0);
  EXPECT_TRUE(FindRoom("/no_such_directory").ok());
  EXPECT_FALSE(FindRoom("/dev/null/below").ok());
}

}  // namespace
}  // namespace mysql_backup

// The parts of snapshot/ that run nothing.

#include "snapshot/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/exit_code.h"
#include "snapshot/lvm.h"
#include "snapshot/snapshot_flags.h"
#include "snapshot/stale_devices.h"
#include "snapshot/taken.h"

namespace mysql_backup {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kReport[] =
    "  lv_mysql_data||owi-aos---||1258291200||/dev/vg_mysql/lv_mysql_data|254|0||\n"
    "  mysql_snapshot|lv_mysql_data|swi-aos---|mysql_lvm_backup,weekly|1073741824|0.55|"
    "/dev/vg_mysql/mysql_snapshot|254|3||\n"
    "  old|lv_mysql_data|swi---s---||4194304||/dev/vg_mysql/old|-1|-1||\n";

TEST(ParseLvs, ReadsEveryField) {
  const auto volumes = ParseLvs(kReport);
  ASSERT_TRUE(volumes.ok()) << volumes.status();
  ASSERT_EQ(volumes->size(), 3U);
  const LogicalVolume& origin = (*volumes)[0];
  EXPECT_EQ(origin.name, "lv_mysql_data");
  EXPECT_EQ(origin.origin, "");
  EXPECT_EQ(origin.size_bytes, 1258291200U);
  const LogicalVolume& snapshot = (*volumes)[1];
  EXPECT_TRUE(snapshot.IsSnapshotOf("lv_mysql_data"));
  EXPECT_TRUE(snapshot.IsOurs());
  EXPECT_THAT(snapshot.tags, ElementsAre("mysql_lvm_backup", "weekly"));
  EXPECT_EQ(snapshot.data_percent, 0.55);
  EXPECT_EQ(origin.data_percent, absl::nullopt);
  EXPECT_EQ(snapshot.path, "/dev/vg_mysql/mysql_snapshot");
  EXPECT_EQ(snapshot.device, makedev(254, 3));
  EXPECT_FALSE((*volumes)[2].IsOurs());
  EXPECT_EQ((*volumes)[2].device, 0U) << "it is not active";
}

TEST(ParseLvs, KnowsThinVolumes) {
  const auto volumes = ParseLvs(
      "  lv_mysql_data||Vwi-aotz--||838860800|42.00|/dev/vg/lv_mysql_data|254|5|pool|\n"
      "  pool||twi-aotz--||1258291200|28.01||254|4||11.52\n");
  ASSERT_TRUE(volumes.ok()) << volumes.status();
  EXPECT_TRUE((*volumes)[0].IsThin());
  EXPECT_EQ((*volumes)[0].pool, "pool");
  EXPECT_EQ((*volumes)[0].metadata_percent, absl::nullopt);
  EXPECT_FALSE((*volumes)[1].IsThin());
  EXPECT_EQ((*volumes)[1].data_percent, 28.01);
  EXPECT_EQ((*volumes)[1].metadata_percent, 11.52);
  EXPECT_FALSE(ParseLvs("pool||twi-aotz--||12|1||254|4||half").ok());
}

TEST(ParseLvs, TakesOnlyAPercentageForOne) {
  for (const std::string percent : {"-1", "nan", "-inf", "inf", "100.01"}) {
    const auto volumes = ParseLvs("s|lv|swi-aos---||12|" + percent + "|/dev/vg/s|254|0||");
    ASSERT_TRUE(volumes.ok()) << volumes.status();
    EXPECT_EQ((*volumes)[0].data_percent, absl::nullopt) << percent;
    EXPECT_FALSE((*volumes)[0].IsValidSnapshot());
  }
}

TEST(ParseLvs, RefusesWhatItDoesNotKnow) {
  for (const std::string report :
       {"garbage", "a|b|c", "lv||owi-aos---||12MB||/dev/vg/lv|254|0||",
        "lv||owi-aos---||12|half|/dev/vg/lv|254|0||", "lv||owi||12||/dev/vg/lv|254|0||",
        "lv||owi-aos--||12||/dev/vg/lv|254|0||", "||owi-aos---||12||/dev/vg/lv|254|0||",
        "lv||owi-aos---||12||/dev/vg/lv|254|0|||more"}) {
    EXPECT_EQ(ParseLvs(report).status().code(), absl::StatusCode::kInvalidArgument) << report;
  }
  EXPECT_THAT(*ParseLvs(""), IsEmpty());
  EXPECT_THAT(*ParseLvs("\n  \n"), IsEmpty());
}

TEST(LogicalVolume, IsAValidOrALostSnapshotOrNeitherIsKnown) {
  const struct {
    const char* attributes;
    absl::optional<double> percent;
    bool valid;
    bool lost;
  } kCases[] = {
      {"swi-aos---", 0.0, true, false},
      {"swi-aos---", 99.99, true, false},
      {"swi-aos---", 100.0, false, true},
      {"swi-Ios---", 50.0, false, true},
      {"swi-Ios---", absl::nullopt, false, true},
      {"swi-Sos---", 50.0, false, true},
      {"swi-I-s---", 100.0, false, true},
      {"swi-Xos---", 10.0, false, false},
      {"swi---s---", 10.0, false, false},
      {"swi-sos---", 10.0, false, false},  // suspended, as it is for a moment while extended
      {"Vwi-aotz--", 10.0, false, false},  // a thin one is judged by its pool as well
      {"swi-aos--", 10.0, false, false},
      {"swi-aos---", -1.0, false, false},
      {"swi-aos---", -std::numeric_limits<double>::infinity(), false, false},
      {"swi-aos---", std::numeric_limits<double>::quiet_NaN(), false, false},
      {"swi-aos---", absl::nullopt, false, false},
      {"", 0.0, false, false},
  };
  for (const auto& c : kCases) {
    LogicalVolume volume;
    volume.attributes = c.attributes;
    volume.data_percent = c.percent;
    EXPECT_EQ(volume.IsValidSnapshot(), c.valid) << c.attributes;
    EXPECT_EQ(volume.IsLostSnapshot(), c.lost) << c.attributes;
  }
}

TEST(LogicalVolume, IsAValidOrALostThinSnapshotOrNeitherIsKnown) {
  const struct {
    const char* attributes;
    bool valid;
    bool lost;
  } kCases[] = {
      {"Vwi-aotz--", true, false},  {"Vri-a-tz--", true, false},  {"Vwi-aotzF-", false, true},
      {"Vwi-aotzX-", false, false}, {"Vwi---tz-k", false, false}, {"Vwi-sotz--", false, false},
      {"swi-aos---", false, false}, {"", false, false},
  };
  for (const auto& c : kCases) {
    LogicalVolume volume;
    volume.attributes = c.attributes;
    EXPECT_EQ(volume.IsValidThinSnapshot(), c.valid) << c.attributes;
    EXPECT_EQ(volume.IsLostThinSnapshot(), c.lost) << c.attributes;
  }
}

LogicalVolume Pool(const char* attributes, absl::optional<double> data,
                   absl::optional<double> metadata) {
  LogicalVolume pool;
  pool.name = "pool";
  pool.attributes = attributes;
  pool.size_bytes = 1000 << 20;
  pool.data_percent = data;
  pool.metadata_percent = metadata;
  return pool;
}

TEST(LogicalVolume, IsAValidOrALostPoolOrNeitherIsKnown) {
  const struct {
    LogicalVolume pool;
    bool valid;
    bool lost;
  } kCases[] = {
      {Pool("twi-aotz--", 99.9, 99.9), true, false},
      {Pool("twi-aotz--", 100.0, 10.0), false, true},
      {Pool("twi-aotz--", 10.0, 100.0), false, true},
      {Pool("twi-aotzD-", 99.9, 10.0), false, true},
      {Pool("twi-aotzM-", 10.0, 10.0), false, true},
      {Pool("twi-aotzF-", absl::nullopt, absl::nullopt), false, true},
      {Pool("twi-aotzX-", 10.0, 10.0), false, false},
      {Pool("twi---tz--", 10.0, 10.0), false, false},
      {Pool("Vwi-aotz--", 10.0, 10.0), false, false},
      {Pool("twi-aotz--", absl::nullopt, 10.0), false, false},
      {Pool("twi-aotz--", 10.0, absl::nullopt), false, false},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(c.pool.IsValidPool(), c.valid) << c.pool.attributes;
    EXPECT_EQ(c.pool.IsLostPool(), c.lost) << c.pool.attributes;
  }
}

SnapshotOptions Options() {
  SnapshotOptions options;
  options.vg = "vg";
  options.origin = "data";
  options.name = "snap";
  return options;
}

LogicalVolume Volume(const std::string& name, const std::string& origin, bool ours) {
  LogicalVolume volume;
  volume.name = name;
  volume.origin = origin;
  if (ours) volume.tags.emplace_back(kTag);
  return volume;
}

TEST(FindRemovable, TakesOnlyWhatIsProvablyOurs) {
  const auto removable = FindRemovable(
      {Volume("data", "", false), Volume("snap", "data", false), Volume("renamed", "data", true),
       Volume("theirs", "data", false), Volume("other", "", true), Volume("ours", "other", true)},
      Options());
  ASSERT_TRUE(removable.ok()) << removable.status();
  std::vector<std::string> names;
  for (const LogicalVolume& volume : *removable) names.push_back(volume.name);
  EXPECT_THAT(names, ElementsAre("snap", "renamed"));
}

TEST(FindRemovable, TakesASnapshotThatIsHalfMade) {
  const auto removable =
      FindRemovable({Volume("data", "", false), Volume("snap", "", true)}, Options());
  ASSERT_TRUE(removable.ok()) << removable.status();
  ASSERT_EQ(removable->size(), 1U);
  EXPECT_EQ(removable->front().name, "snap");
}

TEST(FindRemovable, RefusesAForeignVolumeOfTheName) {
  for (const LogicalVolume& foreign :
       {Volume("snap", "", false), Volume("snap", "other", false), Volume("snap", "other", true)}) {
    const auto removable = FindRemovable({Volume("data", "", false), foreign}, Options());
    EXPECT_EQ(removable.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(removable.status().message()), HasSubstr("left untouched"));
  }
}

TEST(FindRemovable, NeedsTheOrigin) {
  EXPECT_EQ(FindRemovable({Volume("snap", "data", true)}, Options()).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(FindValidSnapshot, LooksAtThePoolOfAThinOne) {
  const auto verdict = [](const char* attributes, const LogicalVolume& pool) {
    LogicalVolume snapshot = Volume("snap", "data", true);
    snapshot.attributes = attributes;
    snapshot.pool = "pool";
    const auto found = FindValidSnapshot({snapshot, pool}, Options());
    if (found.ok()) {
      EXPECT_EQ(found->space.name, "pool");
    } else {
      EXPECT_EQ(ExitCodeOf(found.status()), ExitCode::kNo);
    }
    return found.status().code();
  };
  const LogicalVolume good = Pool("twi-aotz--", 50.0, 50.0);
  EXPECT_EQ(verdict("Vwi-aotz--", good), absl::StatusCode::kOk);
  EXPECT_EQ(verdict("Vwi---tz-k", good), absl::StatusCode::kUnknown);
  EXPECT_EQ(verdict("Vwi-aotzF-", good), absl::StatusCode::kDataLoss);
  EXPECT_EQ(verdict("Vwi-aotz--", Pool("twi-aotzD-", 100.0, 50.0)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(verdict("Vwi-aotz--", Pool("twi-aotzX-", 50.0, 50.0)), absl::StatusCode::kUnknown);
  EXPECT_EQ(verdict("Vwi-aotz--", Volume("other", "", false)), absl::StatusCode::kUnknown);
}

TEST(CheckPoolRoom, CountsDataAndMetadata) {
  constexpr uint64_t kMiB = 1 << 20;
  const auto fits = [](double data, double metadata, uint64_t size, uint64_t origin) {
    return CheckPoolRoom(Pool("twi-aotz--", data, metadata), size * kMiB, origin * kMiB, "vg").ok();
  };
  EXPECT_TRUE(fits(50, 10, 500, 10000));
  EXPECT_FALSE(fits(50.2, 10, 500, 10000));
  EXPECT_TRUE(fits(90, 10, 500, 100)) << "no more can be written than the origin holds";
  EXPECT_TRUE(fits(0, 79.99, 1, 10000));
  EXPECT_FALSE(fits(0, 80, 1, 10000));
  EXPECT_FALSE(CheckPoolRoom(Pool("twi-aotzX-", 0.0, 0.0), 0, 0, "vg").ok());
  EXPECT_THAT(
      std::string(
          CheckPoolRoom(Pool("twi-aotz--", 90.0, 10.0), 500 * kMiB, 10000 * kMiB, "vg").message()),
      HasSubstr("vg/pool has 100 MiB free"));
}

TEST(ParsePoolDevice, TellsThinOnesOnly) {
  EXPECT_EQ(ParsePoolDevice("1 dependencies\t: (vg-pool-tpool)\n").value(), "vg-pool-tpool");
  EXPECT_EQ(ParsePoolDevice("1 dependencies\t: (vda2)\n").value(), "");
  EXPECT_EQ(ParsePoolDevice("1 dependencies\t: (vg-odd--tpool)\n").value(), "");
  EXPECT_EQ(ParsePoolDevice("2 dependencies\t: (vg-pool-tpool) (vda2)\n").value(), "");
  EXPECT_EQ(ParsePoolDevice("0 dependencies\t:\n").value(), "");
  for (const char* const wrong :
       {"", "Device does not exist.\n", "1 dependencies\t: )vg-pool-tpool(\n",
        "1 dependencies\t: (vg-pool-tp", "1 dependencies\t:\n", "2 dependencies\t: (vda2)\n"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParsePoolDevice(wrong).status())) << wrong;
  }
}

TEST(DeviceName, DoublesHyphens) {
  EXPECT_EQ(DeviceName("vg_mysql", "data"), "vg_mysql-data");
  EXPECT_EQ(DeviceName("vg-a", "lv--b"), "vg--a-lv----b");
}

TEST(ParseDeviceNames, TakesThoseOfLvm) {
  const auto names =
      ParseDeviceNames("vg-data|LVM-abc\nluks|CRYPT-LUKS2-1\nvg-snap-cow|LVM-x-cow\n");
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_THAT(*names, ElementsAre("vg-data", "vg-snap-cow"));
  EXPECT_TRUE(ParseDeviceNames("No devices found\n")->empty());
  EXPECT_TRUE(ParseDeviceNames("")->empty());
  EXPECT_FALSE(ParseDeviceNames("vg-data\n").ok());
  EXPECT_FALSE(ParseDeviceNames("|LVM-abc\n").ok());
}

TEST(ParseDeviceStates, TellsWhatIsWrong) {
  const auto states = ParseDeviceStates("a|Active|Live\nb|Active|Both\nc|Suspended|Live\n");
  ASSERT_TRUE(states.ok()) << states.status();
  std::string seen;
  for (const DeviceState& state : *states) {
    absl::StrAppend(&seen, state.name, state.suspended, state.second_table);
  }
  EXPECT_EQ(seen, "a00b01c10");
  EXPECT_TRUE(ParseDeviceStates("No devices found\n")->empty());
  EXPECT_TRUE(ParseDeviceStates("")->empty());
  EXPECT_FALSE(ParseDeviceStates("a|Active\n").ok());
  EXPECT_FALSE(ParseDeviceStates("|Active|Live\n").ok());
  EXPECT_FALSE(ParseDeviceStates("a|Suspended|Bo").ok()) << "its second table would come to life";
  EXPECT_FALSE(ParseDeviceStates("a|Suspend|Live\n").ok());
}

TEST(IsTaken, NeedsTheTablesOfBoth) {
  SnapshotOptions options;
  options.vg = "vg-1";
  options.origin = "lv";
  options.name = "snap";
  const std::string other = "vg--1-other: 0 9 snapshot 254:7 254:8 P 8\n";
  const std::string real = "vg--1-lv-real: 0 9 linear 253:2 2048\n";
  const std::string linear = "vg--1-lv: 0 9 linear 253:2 2048\n";
  const std::string origin = "vg--1-lv: 0 9 snapshot-origin 254:1\n";
  const std::string snapshot = "vg--1-snap: 0 9 snapshot 254:1 254:2 P 8\n";
  EXPECT_TRUE(IsTaken(other + real + origin + snapshot, options));
  EXPECT_FALSE(IsTaken("", options));
  EXPECT_FALSE(IsTaken("No devices found\n", options));
  EXPECT_FALSE(IsTaken(other + real + origin, options));
  EXPECT_FALSE(IsTaken(real + linear + snapshot, options)) << "it would not see what is written";
  EXPECT_FALSE(IsTaken(origin + "vg--1-snap: \n", options)) << "it has no table yet";
  EXPECT_FALSE(IsTaken(origin + "vg--1-snap: 0 9 linear 253:2 2048\n", options));
  EXPECT_FALSE(IsTaken(origin + "vg--1-snap: 0 9 snapshot 254:7 254:2 P 8\n", options))
      << "of another volume";
  EXPECT_TRUE(IsTaken("vg--1-lv: 0 9 thin 254:4 1\nvg--1-snap: 0 9 thin 254:4 2\n", options));
  EXPECT_FALSE(IsTaken("vg--1-lv: 0 9 thin 254:4 1\n", options));
}

TEST(FindSleeping, GoesFromTheBottomUp) {
  const std::vector<DeviceState> devices = {{"origin", true, false},
                                            {"other", true, true},
                                            {"origin-real", false, true},
                                            {"pool", false, false}};
  std::vector<std::string> names;
  for (const DeviceState& device : FindSleeping(devices, {"pool", "origin-real", "origin"})) {
    names.push_back(device.name);
  }
  EXPECT_THAT(names, ElementsAre("origin-real", "origin"));
}

TEST(FindStaleDevices, KnowsWhatIsNobodys) {
  const std::vector<std::string> devices = {"vg-data",          "vg-data-real", "vg-snap",
                                            "vg-snap-cow",      "vg-other-cow", "vg-theirs",
                                            "vg-snap-cow-real", "vg-snap2"};
  EXPECT_THAT(FindStaleDevices(devices, {Volume("data", "", false)}, Options()),
              ElementsAre("vg-snap", "vg-snap-cow", "vg-data-real"));
  // Somebody's snapshot of the origin needs the hidden layer.
  EXPECT_THAT(FindStaleDevices(
                  devices, {Volume("data", "", false), Volume("theirs", "data", false)}, Options()),
              ElementsAre("vg-snap", "vg-snap-cow"));
  // Whatever bears the snapshot's name in the metadata, its devices are no leftovers.
  EXPECT_THAT(
      FindStaleDevices(devices, {Volume("data", "", false), Volume("snap", "", false)}, Options()),
      ElementsAre("vg-data-real"));
  EXPECT_TRUE(FindStaleDevices({"vg-data"}, {Volume("data", "", false)}, Options()).empty());
}

TEST(CowBytes, AreWholeExtentsAndNoMoreThanTheOriginCanFill) {
  constexpr uint64_t kMiB = 1 << 20;
  const auto mebibytes = [](uint64_t size, uint64_t origin) {
    return 1.0 * CowBytes(size, origin * kMiB, 4 * kMiB) / kMiB;
  };
  EXPECT_EQ(mebibytes(1024 * kMiB, 10000), 1024);
  EXPECT_EQ(mebibytes(1, 10000), 4);
  EXPECT_EQ(mebibytes(5 * kMiB, 10000), 8);
  EXPECT_EQ(mebibytes(1024 * kMiB, 100), 108) << "104.5 MiB are 27 extents";
}

TEST(CheckRoom, TellsWhatIsFreeAndWhatIsNeeded) {
  constexpr uint64_t kMiB = 1 << 20;
  EXPECT_TRUE(CheckRoom({1024 * kMiB, 4 * kMiB}, 1024 * kMiB, "vg").ok());
  EXPECT_FALSE(CheckRoom({1020 * kMiB, 4 * kMiB}, 1024 * kMiB, "vg").ok());
  const absl::Status status = CheckRoom({0, 4 * kMiB}, 1024 * kMiB, "vg");
  EXPECT_THAT(std::string(status.message()), HasSubstr("volume group vg has 0 MiB free"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("1024 MiB"));
}

TEST(SnapshotFlags, AreChecked) {
  EXPECT_TRUE(SnapshotOptionsFromFlags({"vg", "lv", "snap", "/usr/sbin/lvm"}).ok());
  for (const SnapshotFlags& flags :
       {SnapshotFlags{"", "lv", "snap", "/l"}, SnapshotFlags{"vg", "-lv", "snap", "/l"},
        SnapshotFlags{"vg", "lv", "a b", "/l"}, SnapshotFlags{"vg", "lv", "lv", "/l"},
        SnapshotFlags{"vg", "lv", "snap", "lvm"}}) {
    EXPECT_EQ(ExitCodeOf(SnapshotOptionsFromFlags(flags).status()), ExitCode::kUsage);
  }
}

}  // namespace
}  // namespace mysql_backup

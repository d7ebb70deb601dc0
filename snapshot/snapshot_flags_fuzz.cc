// The values of the snapshot tools' flags: they become arguments of lvcreate and lvremove.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/tool.h"
#include "fuzz/fuzz_one.h"
#include "snapshot/snapshot_flags.h"

namespace mysql_backup {
namespace {

// Names the flag, and is the caller's fault.
void CheckUsage(const absl::Status& status) {
  CHECK(absl::StrContains(status.message(), "--")) << status;
  CHECK(ExitCodeOf(status) == ExitCode::kUsage) << status;
}

// An argument of a command: no option, no path, nothing empty.
void CheckArgument(const std::string& name) {
  CHECK(!name.empty());
  CHECK_NE(name[0], '-');
  CHECK_EQ(name.find_first_of("/ \t\n"), std::string::npos);
}

}  // namespace

// Input: the values of --vg, --lv, --snapshot, --lvm and --size, a line each.
void FuzzOne(absl::string_view input) {
  std::vector<std::string> values = absl::StrSplit(input, absl::MaxSplits('\n', 4));
  values.resize(5);
  const auto options = SnapshotOptionsFromFlags({values[0], values[1], values[2], values[3]});
  if (options.ok()) {
    CHECK(options->vg == values[0] && options->origin == values[1] && options->name == values[2] &&
          options->lvm == values[3]);
    CHECK_NE(options->origin, options->name);
    for (const std::string& name : {options->vg, options->origin, options->name}) {
      CheckArgument(name);
    }
    CHECK_EQ(options->lvm[0], '/');
  } else {
    CheckUsage(options.status());
  }

  const auto size = SizeFromFlag("size", values[4]);
  if (size.ok()) {
    CHECK_EQ(*size % 1024, 0U);
    CHECK_GE(*size, uint64_t{4} << 20);
  } else {
    CheckUsage(size.status());
  }
}

}  // namespace mysql_backup

#include "snapshot/snapshot_flags.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/status.h"
#include "base/tool.h"
#include "base/value.h"

namespace mysql_backup {

absl::StatusOr<SnapshotOptions> SnapshotOptionsFromFlags(const SnapshotFlags& flags) {
  const std::pair<const char*, const std::string&> names[] = {
      {"vg", flags.vg}, {"lv", flags.lv}, {"snapshot", flags.snapshot}};
  for (const auto& [flag, name] : names) {
    const absl::Status status =
        absl::string_view(flag) == "vg" ? CheckGroupName(name) : CheckVolumeName(name);
    if (!status.ok()) {
      return UsageError(absl::StrCat("--", flag, "='", OneLine(name), "': ", status.message()));
    }
  }
  if (flags.snapshot == flags.lv) {
    return UsageError(absl::StrCat("--snapshot and --lv are both '", flags.lv,
                                   "': a snapshot needs a name of its own"));
  }
  RETURN_IF_ERROR(CheckPathFlag("lvm", flags.lvm));
  SnapshotOptions options;
  options.lvm = flags.lvm;
  options.vg = flags.vg;
  options.origin = flags.lv;
  options.name = flags.snapshot;
  return options;
}

}  // namespace mysql_backup

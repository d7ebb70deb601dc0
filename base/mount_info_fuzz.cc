// The kernel's list of mounts: what is unmounted goes by it.

#include <sys/sysmacros.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/mount_info.h"
#include "fuzz/fuzz_one.h"

namespace mysql_backup {
namespace {

// As the kernel does it.
std::string Escape(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (absl::string_view(" \t\n\\#").find(c) != absl::string_view::npos) {
      absl::StrAppendFormat(&escaped, "\\%03o", static_cast<unsigned char>(c));
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

std::string Format(const Mount& mount) {
  return absl::StrCat(mount.id, " 1 ", major(mount.device), ":", minor(mount.device), " ",
                      Escape(mount.root), " ", Escape(mount.mount_point), " ",
                      absl::StrJoin(mount.options, ","), " shared:1 - ", Escape(mount.type), " ",
                      Escape(mount.source), " rw\n");
}

}  // namespace

void FuzzOne(absl::string_view input) {
  const auto mounts = ParseMountInfo(input);
  if (!mounts.ok()) {
    CHECK_NE(std::string(mounts.status().message()).find("not a line of mountinfo"),
             std::string::npos);
    return;
  }
  const std::vector<absl::string_view> lines = absl::StrSplit(input, '\n', absl::SkipEmpty());
  CHECK_EQ(mounts->size(), lines.size());
  std::string text;
  for (const Mount& mount : *mounts) text += Format(mount);
  const auto again = ParseMountInfo(text);
  CHECK(again.ok()) << again.status();
  CHECK_EQ(again->size(), mounts->size());
  for (size_t i = 0; i < mounts->size(); ++i) {
    const Mount& mount = (*mounts)[i];
    const Mount& other = (*again)[i];
    CHECK(mount.id == other.id && mount.device == other.device && mount.root == other.root &&
          mount.mount_point == other.mount_point && mount.options == other.options &&
          mount.type == other.type && mount.source == other.source)
        << text;
    for (const std::string& option : mount.options) CHECK(HasOption(mount, option));
    CHECK(!HasOption(mount, "no,option"));
  }
}

}  // namespace mysql_backup

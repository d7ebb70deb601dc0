// The server's own words for where its files are.

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fuzz/fuzz_one.h"
#include "quiesce/server_paths.h"

namespace mysql_backup {

void FuzzOne(absl::string_view input) {
  const std::vector<std::string> names = DataFileNames(input);
  for (const std::string& name : names) {
    CHECK(!name.empty());
    CHECK_EQ(name.find_first_of(":;"), std::string::npos);
    CHECK(absl::StrContains(input, name));
    const std::string path = AbsoluteServerPath("/var/lib/mysql", name);
    CHECK_EQ(path[0], '/');
    CHECK(absl::EndsWith(path, name));
    CHECK_EQ(AbsoluteServerPath("/elsewhere", path), path);
    CHECK_EQ(AbsoluteServerPath("/var/lib/mysql/", name), path);
  }
  CHECK(DataFileNames(absl::StrJoin(names, ":12M;")) == names);
  const std::vector<std::string> more = DataFileNames(absl::StrCat(input, ";/x/last:1G"));
  CHECK_EQ(more.size(), names.size() + 1);
  CHECK_EQ(more.back(), "/x/last");
}

}  // namespace mysql_backup

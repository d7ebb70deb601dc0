#include "retention/removal_report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/exit_code.h"
#include "base/tool.h"

namespace mysql_backup {

absl::Status ReportRemoved(const std::vector<std::string>& removed, const absl::Status& status) {
  std::string lines;
  for (const std::string& name : removed) absl::StrAppend(&lines, name, "\n");
  const absl::Status written = WriteStdout(lines);
  if (written.ok()) return status;
  return LeftBehindError(absl::StrCat(written.message(),
                                      ", though these were removed: ", absl::StrJoin(removed, " "),
                                      status.ok() ? "" : "; and ", status.message()));
}

}  // namespace mysql_backup

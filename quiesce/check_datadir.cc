#include "quiesce/check_datadir.h"

#include <climits>
#include <cstdlib>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/log.h"
#include "base/mount_info.h"
#include "base/status.h"
#include "quiesce/server_paths.h"

namespace mysql_backup {
namespace {

absl::StatusOr<std::string> RealDirectory(const std::string& path) {
  char resolved[PATH_MAX];
  if (realpath(path.c_str(), resolved) == nullptr) {
    return Annotate(ErrnoError(absl::StrCat("resolve the data directory ", OneLine(path))),
                    "; check DATADIR");
  }
  return std::string(resolved);
}

}  // namespace

absl::StatusOr<std::string> PathInFilesystem(const std::string& directory, dev_t device) {
  ASSIGN_OR_RETURN(const std::vector<Mount> mounts, ReadMountInfo("/proc/self/mountinfo"));
  const Mount* closest = nullptr;
  for (const Mount& mount : mounts) {
    absl::string_view rest = directory;
    if (mount.device != device || !absl::ConsumePrefix(&rest, mount.mount_point)) continue;
    if (mount.mount_point != "/" && !rest.empty() && rest[0] != '/') continue;
    // Of equally long ones the later was mounted over the earlier.
    if (closest == nullptr || mount.mount_point.size() >= closest->mount_point.size()) {
      closest = &mount;
    }
  }
  if (closest == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("no mount of the volume leads to ", directory));
  }
  absl::string_view below_mount = directory;
  absl::ConsumePrefix(&below_mount, closest->mount_point);
  const std::string path = absl::StrCat(closest->root, "/", below_mount);
  absl::string_view relative = path;
  while (absl::ConsumePrefix(&relative, "/")) {
  }
  while (absl::ConsumeSuffix(&relative, "/")) {
  }
  return std::string(relative);
}

absl::StatusOr<DatadirReport> CheckDatadir(const CheckDatadirOptions& options) {
  ASSIGN_OR_RETURN(const dev_t device, BlockDeviceNumber(options.device));
  ASSIGN_OR_RETURN(const std::string datadir, RealDirectory(options.datadir));
  ASSIGN_OR_RETURN(MysqlSession session, MysqlSession::Connect(options.mysql));
  ASSIGN_OR_RETURN(const std::vector<ServerPath> paths, ReadServerPaths(session));
  ASSIGN_OR_RETURN(const std::string servers_own, RealDirectory(paths.front().path));
  if (servers_own != datadir) {
    return absl::FailedPreconditionError(
        absl::StrCat("the server keeps its data in ", servers_own, ", but DATADIR leads to ",
                     datadir, ": set DATADIR, or SOCKET if this is another server's"));
  }
  DatadirReport report;
  // First, since it tells plainly when the directory is on another volume altogether.
  ASSIGN_OR_RETURN(report.survey, SurveyDatadir(datadir, device));
  for (const ServerPath& path : paths) {
    RETURN_IF_ERROR(CheckInside(path.variable, path.path, datadir, device));
  }
  ASSIGN_OR_RETURN(report.subdirectory, PathInFilesystem(datadir, device));
  return report;
}

}  // namespace mysql_backup

#include "quiesce/survey.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/directory.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

constexpr uint64_t kStatBlock = 512;  // the unit of st_blocks, whatever the filesystem's is

absl::Status Outside(absl::string_view what, absl::string_view where) {
  return absl::FailedPreconditionError(
      absl::StrCat(what, " lies at ", OneLine(where),
                   ", which a snapshot of this volume would not contain: the copy could not be "
                   "restored. Move it into the data directory; until then no backup is made"));
}

absl::StatusOr<std::string> RealPath(const std::string& path) {
  char resolved[PATH_MAX];
  if (realpath(path.c_str(), resolved) == nullptr) {
    return ErrnoError(absl::StrCat("resolve ", OneLine(path)));
  }
  return std::string(resolved);
}

bool IsBelow(absl::string_view path, absl::string_view directory) {
  return path == directory || (absl::ConsumePrefix(&path, directory) &&
                               (directory == "/" || absl::StartsWith(path, "/")));
}

class Walk {
 public:
  Walk(std::string datadir, dev_t device) : datadir_(std::move(datadir)), device_(device) {}

  absl::Status Visit(int directory, const std::string& path) {
    RETURN_IF_ERROR(CheckInterrupt());
    ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory));
    for (const std::string& name : names) {
      RETURN_IF_ERROR(VisitEntry(directory, name, absl::StrCat(path, "/", name)));
    }
    return absl::OkStatus();
  }

  const Survey& survey() const { return survey_; }

 private:
  absl::Status VisitEntry(int directory, const std::string& name, const std::string& path) {
    struct stat status = {};
    if (fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      // A live server creates and removes files all the time.
      return errno == ENOENT ? absl::OkStatus() : ErrnoError(absl::StrCat("stat ", OneLine(path)));
    }
    ++survey_.files;
    survey_.bytes += static_cast<uint64_t>(status.st_blocks) * kStatBlock;
    if (S_ISLNK(status.st_mode)) {
      return CheckInside(absl::StrCat("what the link ", OneLine(path), " leads to"), path, datadir_,
                         device_);
    }
    if (status.st_dev != device_) {
      return Outside("part of the data", absl::StrCat(path, ", another filesystem mounted there"));
    }
    if (S_ISREG(status.st_mode) && absl::EndsWith(name, ".isl")) {
      return Outside("a table with DATA DIRECTORY",
                     absl::StrCat("the place that the link file ", path, " names"));
    }
    if (!S_ISDIR(status.st_mode)) return absl::OkStatus();
    auto child = OpenDirectoryAt(directory, name);
    if (absl::IsNotFound(child.status())) return absl::OkStatus();
    if (!child.ok()) return child.status();
    return Visit(child->get(), path);
  }

  const std::string datadir_;
  const dev_t device_;
  Survey survey_;
};

}  // namespace

absl::Status CheckInside(const std::string& what, const std::string& path,
                         const std::string& datadir, dev_t device) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    return ErrnoError(absl::StrCat("find ", what, " at ", OneLine(path)));
  }
  ASSIGN_OR_RETURN(const std::string real, RealPath(path));
  ASSIGN_OR_RETURN(const std::string real_datadir, RealPath(datadir));
  if (status.st_dev != device || !IsBelow(real, real_datadir)) return Outside(what, real);
  return absl::OkStatus();
}

absl::StatusOr<Survey> SurveyDatadir(const std::string& datadir, dev_t device) {
  ASSIGN_OR_RETURN(const std::string real, RealPath(datadir));
  ASSIGN_OR_RETURN(const UniqueFd directory, OpenDirectory(real));
  struct stat status = {};
  if (fstat(directory.get(), &status) != 0) return ErrnoError(absl::StrCat("stat ", datadir));
  if (status.st_dev != device) {
    return absl::FailedPreconditionError(
        absl::StrCat("the data directory ", datadir,
                     " is not on the volume that is to be snapshotted: check VG, LV and DATADIR, "
                     "and what is mounted there (findmnt --target ",
                     datadir, ")"));
  }
  Walk walk(real, device);
  RETURN_IF_ERROR(walk.Visit(directory.get(), real));
  return walk.survey();
}

absl::StatusOr<dev_t> BlockDeviceNumber(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    return Annotate(ErrnoError(absl::StrCat("find the volume ", path)),
                    "; check VG and LV, and that the volume is active (lvs)");
  }
  if (!S_ISBLK(status.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a block device"));
  }
  return status.st_rdev;
}

}  // namespace mysql_backup

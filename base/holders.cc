#include "base/holders.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/directory.h"
#include "base/log.h"
#include "base/mount_info.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

std::vector<std::string> Names(const std::string& directory) {
  absl::StatusOr<UniqueFd> fd = OpenDirectory(directory);
  if (!fd.ok()) return {};
  return ListDirectory(fd->get()).value_or(std::vector<std::string>());
}

std::vector<std::string> Processes() {
  std::vector<std::string> pids;
  for (std::string& name : Names("/proc")) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(name[0]))) pids.push_back(std::move(name));
  }
  return pids;
}

// Whether what `link` (one of the magic links of /proc) leads to is on the device, or is it.
bool IsOn(const std::string& link, dev_t device) {
  struct statx status = {};
  // Never asks a server on the network, which may be gone for good.
  if (statx(AT_FDCWD, link.c_str(), AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &status) !=
      0) {
    return false;
  }
  return makedev(status.stx_dev_major, status.stx_dev_minor) == device ||
         (S_ISBLK(status.stx_mode) &&
          makedev(status.stx_rdev_major, status.stx_rdev_minor) == device);
}

// Memory mappings outlive the descriptors that they were made from.
bool MapsFileOn(const std::string& process, dev_t device) {
  const std::string wanted = absl::StrFormat("%02x:%02x", major(device), minor(device));
  std::ifstream maps(absl::StrCat(process, "/maps"));
  std::string line;
  while (std::getline(maps, line)) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(' ', 4));
    if (fields.size() > 3 && fields[3] == wanted) return true;
  }
  return false;
}

bool Uses(const std::string& process, dev_t device) {
  for (const char* name : {"cwd", "root", "exe"}) {
    if (IsOn(absl::StrCat(process, "/", name), device)) return true;
  }
  const std::string descriptors = absl::StrCat(process, "/fd");
  for (const std::string& name : Names(descriptors)) {
    if (IsOn(absl::StrCat(descriptors, "/", name), device)) return true;
  }
  return MapsFileOn(process, device);
}

// A namespace's identity is the inode of its magic link.
ino_t MountNamespace(const std::string& process) {
  struct stat status = {};
  return stat(absl::StrCat(process, "/ns/mnt").c_str(), &status) == 0 ? status.st_ino : 0;
}

std::string Describe(const std::string& pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/comm"));
  std::string command;
  std::getline(file, command);
  return absl::StrCat("process ", pid, " (", OneLine(command), ")");
}

}  // namespace

std::vector<std::string> FindHolders(dev_t device) {
  std::vector<std::string> holders;
  const ino_t own_namespace = MountNamespace("/proc/self");
  std::set<ino_t> seen_namespaces;
  const auto add_mounts = [&](const std::string& process, const std::string& where) {
    const ino_t mount_namespace = MountNamespace(process);
    if (mount_namespace == 0 || !seen_namespaces.insert(mount_namespace).second) return;
    const absl::StatusOr<std::vector<Mount>> mounts =
        ReadMountInfo(absl::StrCat(process, "/mountinfo"));
    if (!mounts.ok()) return;
    for (const Mount& mount : *mounts) {
      if (mount.device != device) continue;
      holders.push_back(absl::StrCat(
          "mount ", OneLine(mount.mount_point),
          mount_namespace == own_namespace ? "" : " in the mount namespace of ", where));
    }
  };
  add_mounts("/proc/self", "");
  for (const std::string& pid : Processes()) {
    const std::string process = absl::StrCat("/proc/", pid);
    if (Uses(process, device)) holders.push_back(Describe(pid));
    add_mounts(process, Describe(pid));
  }
  for (const std::string& name :
       Names(absl::StrCat("/sys/dev/block/", major(device), ":", minor(device), "/holders"))) {
    holders.push_back(absl::StrCat("block device ", name));
  }
  return holders;
}

std::vector<std::string> FindProcessesIn(dev_t device, ino_t directory) {
  std::vector<std::string> processes;
  for (const std::string& pid : Processes()) {
    struct stat status = {};
    if (stat(absl::StrCat("/proc/", pid, "/cwd").c_str(), &status) != 0) continue;
    if (status.st_dev == device && status.st_ino == directory) processes.push_back(Describe(pid));
  }
  return processes;
}

}  // namespace mysql_backup

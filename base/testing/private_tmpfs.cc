#include "base/testing/private_tmpfs.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace mysql_backup {
namespace {

void Need(bool done, const char* what) {
  if (done) return;
  perror(what);
  fputs("this test must run as root\n", stderr);
  abort();
}

}  // namespace

PrivateTmpfs::PrivateTmpfs() {
  const char* const parent = getenv("TEST_TMPDIR");
  path_ = std::string(parent == nullptr ? "/tmp" : parent) + "/private_tmpfs.XXXXXX";
  Need(mkdtemp(path_.data()) != nullptr, "mkdtemp");
  Need(unshare(CLONE_NEWNS) == 0, "unshare");
  Need(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make mounts private");
  Need(mount("tmpfs", path_.c_str(), "tmpfs", 0, "mode=0700,size=512m") == 0, "mount tmpfs");
}

PrivateTmpfs::~PrivateTmpfs() {
  umount2(path_.c_str(), MNT_DETACH);
  rmdir(path_.c_str());
}

}  // namespace mysql_backup

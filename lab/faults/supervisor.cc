#include "lab/faults/supervisor.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/dm-ioctl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "lab/faults/point.h"

namespace mysql_backup {
namespace {

sock_filter Load(size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset));
}

// Notifies of the calls of PointCalls(); of ioctl only those of the device-mapper. Calls of another
// architecture's numbering are let pass.
std::vector<sock_filter> Program() {
  const sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_filter notify = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
  std::vector<sock_filter> program = {
      Load(offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
      allow,
      Load(offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4),
      Load(offsetof(seccomp_data, args[1])),  // the low half on a little-endian machine
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, _IOC_TYPEMASK << _IOC_TYPESHIFT),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DM_IOCTL << _IOC_TYPESHIFT, 0, 2),
      notify,
      Load(offsetof(seccomp_data, nr)),  // of a call that is no ioctl
  };
  for (const PointCall& call : PointCalls()) {
    if (call.number == SYS_ioctl) continue;
    program.push_back(
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call.number), 0, 1));
    program.push_back(notify);
  }
  program.push_back(allow);
  return program;
}

const PointCall* FindCall(int number) {
  for (const PointCall& call : PointCalls()) {
    if (call.number == number) return &call;
  }
  return nullptr;
}

// Empty where the process has gone.
std::string ExecutableOf(pid_t pid) {
  char path[PATH_MAX];
  const ssize_t size = readlink(absl::StrCat("/proc/", pid, "/exe").c_str(), path, sizeof(path));
  return size < 0 ? "" : std::string(path, static_cast<size_t>(size));
}

std::string BaseName(absl::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

// The value of a field in /proc/PID/status; empty where the process has gone.
std::string StatusField(pid_t pid, absl::string_view field) {
  std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
  std::string line;
  while (std::getline(status, line)) {
    absl::string_view rest = line;
    if (absl::ConsumePrefix(&rest, field) && absl::ConsumePrefix(&rest, ":")) {
      return std::string(absl::StripAsciiWhitespace(rest));
    }
  }
  return "";
}

pid_t ParentOf(pid_t pid) {
  pid_t parent = 0;
  return absl::SimpleAtoi(StatusField(pid, "PPid"), &parent) ? parent : 0;
}

// Whether SIGKILL is on its way to a process, or has done its work.
bool IsDying(pid_t pid) {
  uint64_t pending = 0;
  if (!absl::SimpleHexAtoi(StatusField(pid, "SigPnd"), &pending)) return true;
  return (pending >> (SIGKILL - 1) & 1) != 0;
}

// What another process has at an address of its own; short where it has no more.
std::string ReadMemory(pid_t pid, uint64_t address, size_t size) {
  std::string text(size, '\0');
  const iovec local = {text.data(), text.size()};
  // An address of another process, never followed here. NOLINTNEXTLINE(performance-no-int-to-ptr)
  const iovec remote = {reinterpret_cast<void*>(address), size};
  const ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return text;
}

std::string ReadPath(pid_t pid, uint64_t address) {
  // Up to the end of the page first: what follows it may not be there.
  const size_t to_page_end = 4096 - address % 4096;
  std::string text = ReadMemory(pid, address, to_page_end);
  if (text.find('\0') == std::string::npos) {
    text += ReadMemory(pid, address + to_page_end, 4096);
  }
  return text.substr(0, text.find('\0'));
}

class Observer {
 public:
  Observer(pid_t script, std::string tools) : script_(script), tools_(std::move(tools)) {}

  // Empty point: the call is none.
  HeldCall Describe(const seccomp_notif& notification) {
    HeldCall held;
    held.caller = static_cast<pid_t>(notification.pid);
    const PointCall* call = FindCall(notification.data.nr);
    if (call == nullptr) return held;
    std::string name(call->name);
    if (call->number == SYS_ioctl) {
      dm_ioctl request = {};
      const std::string memory =
          ReadMemory(held.caller, notification.data.args[2], offsetof(dm_ioctl, name));
      std::memcpy(&request, memory.data(), memory.size());
      name = DmCall(static_cast<uint32_t>(notification.data.args[1]), request.flags);
      if (name.empty()) return held;
    }
    if (call->number == SYS_connect) {
      held.path =
          ReadPath(held.caller, notification.data.args[1] + offsetof(sockaddr_un, sun_path));
      // The C library asks the name service's cache, which is about nothing here.
      if (absl::StrContains(held.path, "nscd")) return held;
    }
    if (call->path_argument >= 0) {
      held.path = ReadPath(held.caller, notification.data.args[call->path_argument]);
    }
    if (call->number == SYS_execve) absl::StrAppend(&name, ":", BaseName(held.path));
    if (script_name_.empty()) script_name_ = BaseName(held.path);  // the run's first exec
    held.tool = ToolOf(held.caller);
    const std::string tool = held.tool == 0 ? script_name_ : BaseName(ExecutableOf(held.tool));
    std::string program = BaseName(ExecutableOf(held.caller));
    // The script's process runs its shell, and so do those that have only been forked from it.
    if (held.tool == 0 && (program == BaseName(ExecutableOf(script_)) || held.caller == script_)) {
      program = tool;
    }
    held.point = names_.Next(tool, program, name);
    return held;
  }

 private:
  // A child of the tool's that has not become a program of its own yet is not the tool.
  pid_t ToolOf(pid_t pid) const {
    for (; pid > 1 && pid != script_; pid = ParentOf(pid)) {
      const std::string executable = ExecutableOf(pid);
      if (!absl::StartsWith(executable, absl::StrCat(tools_, "/"))) continue;
      while (ExecutableOf(ParentOf(pid)) == executable) pid = ParentOf(pid);
      return pid;
    }
    return 0;
  }

  const pid_t script_;
  const std::string tools_;
  std::string script_name_;  // backup_mysql.sh
  PointNames names_;
};

}  // namespace

absl::StatusOr<UniqueFd> InstallPointFilter() {
  std::vector<sock_filter> instructions = Program();
  const sock_fprog program = {static_cast<unsigned short>(instructions.size()),
                              instructions.data()};
  UniqueFd fd(static_cast<int>(syscall(
      SYS_seccomp, SECCOMP_SET_MODE_FILTER,
      SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program)));
  if (!fd.ok()) {
    return Annotate(ErrnoError("install a seccomp filter"), "; root and Linux 5.19 are needed");
  }
  return fd;
}

absl::Status Supervise(const UniqueFd& notifications, pid_t script, const std::string& tools,
                       const std::function<int(const HeldCall&)>& at_point) {
  Observer observer(script, tools);
  while (true) {
    pollfd fd = {notifications.get(), POLLIN, 0};
    if (poll(&fd, 1, -1) < 0) {
      if (errno == EINTR) continue;
      return ErrnoError("wait for a point");
    }
    if ((fd.revents & POLLIN) == 0) return absl::OkStatus();  // nobody is left
    seccomp_notif notification = {};
    if (ioctl(notifications.get(), SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0) {
      if (errno == EINTR || errno == ENOENT) continue;  // the caller has died meanwhile
      return ErrnoError("receive a point");
    }
    const HeldCall held = observer.Describe(notification);
    const int error_number = held.point.empty() ? 0 : at_point(held);
    // An answer could come first, and the call would still be made.
    if (IsDying(held.caller)) continue;
    seccomp_notif_resp response = {};
    response.id = notification.id;
    response.error = -error_number;
    if (error_number == 0) response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    // ENOENT: the caller was killed meanwhile.
    if (ioctl(notifications.get(), SECCOMP_IOCTL_NOTIF_SEND, &response) != 0 && errno != ENOENT) {
      return ErrnoError("answer at a point");
    }
  }
}

}  // namespace mysql_backup

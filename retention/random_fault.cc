#include "retention/random_fault.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/exit_code.h"
#include "base/interrupt.h"
#include "base/testing/call_hook.h"

namespace mysql_backup {
namespace {

constexpr int kCrashed = 99;

// Those that a local disk gives, and those that a network share or a FUSE filesystem gives.
const std::vector<int>& Errors() {
  static const std::vector<int> kErrors = {EIO,    EACCES, EPERM,     EROFS,  EBUSY,
                                           ENOSPC, EMFILE, ENOMEM,    ESTALE, ENOLCK,
                                           EINTR,  EDQUOT, EHOSTDOWN, EUCLEAN};
  return kErrors;
}

RemovalResult ResultOf(const Removal& removal) {
  RemovalResult result;
  const absl::Status status = removal(&result.removed);
  result.exit_code = static_cast<int>(ExitCodeOf(status));
  result.message = std::string(status.message());
  return result;
}

// Counts the calls and makes the fault come with the one that it is for.
class FaultHook {
 public:
  FaultHook(const Fault& fault, RemovalResult* result) : fault_(fault), result_(*result) {}

  int operator()(const Call& call) {
    if (call.made) return 0;
    // Directories that are empty by now may go; nothing may be taken out of one any more.
    if (result_.fault_came && fault_.kind == Fault::kSignal && call.function == "unlinkat" &&
        (call.flags & AT_REMOVEDIR) == 0) {
      ++result_.removals_after_signal;
    }
    const size_t number = calls_++;
    if (number != fault_.at && !(fault_.forever && number > fault_.at)) return 0;
    result_.fault_came = true;
    if (fault_.kind == Fault::kCrash) _exit(kCrashed);
    if (fault_.kind == Fault::kSignal) raise(SIGTERM);
    if (fault_.error != 0 && call.function == "fstatat") result_.looked_in_vain = true;
    // A manifest that the disk has lost is a damaged one, which there are enough of.
    const bool lost = fault_.error == EIO || fault_.error == EUCLEAN;
    if (lost && absl::string_view(call.name) == "backup.manifest") return EACCES;
    return fault_.error;
  }

 private:
  const Fault& fault_;
  RemovalResult& result_;
  size_t calls_ = 0;
};

RemovalResult RunWithError(const Fault& fault, const Removal& removal) {
  RemovalResult seen;
  RemovalResult result;
  {
    const ScopedCallHook hook(FaultHook(fault, &seen));
    result = ResultOf(removal);
  }
  result.fault_came = seen.fault_came;
  result.looked_in_vain = seen.looked_in_vain;
  result.removals_after_signal = seen.removals_after_signal;
  return result;
}

// In a process of its own, since a signal that was caught stays so. What the child saw comes back
// as text.
RemovalResult RunInChild(const Fault& fault, const Removal& removal) {
  int channel[2];
  if (pipe2(channel, O_CLOEXEC) != 0) abort();
  const pid_t pid = fork();
  if (pid < 0) abort();
  if (pid == 0) {
    CatchInterrupts();
    const RemovalResult result = RunWithError(fault, removal);
    const std::string text = absl::StrCat(result.exit_code, "\t", result.removals_after_signal,
                                          "\t", result.fault_came ? 1 : 0, "\t",
                                          absl::StrJoin(result.removed, " "), "\t", result.message);
    _exit(write(channel[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(channel[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t size = 0; (size = read(channel[0], buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(size));
  }
  close(channel[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  RemovalResult result;
  result.crashed = WIFEXITED(status) && WEXITSTATUS(status) == kCrashed;
  result.fault_came = result.crashed;
  if (result.crashed) return result;
  const std::vector<std::string> fields = absl::StrSplit(text, absl::MaxSplits('\t', 4));
  if (status != 0 || fields.size() != 5 || !absl::SimpleAtoi(fields[0], &result.exit_code) ||
      !absl::SimpleAtoi(fields[1], &result.removals_after_signal)) {
    fprintf(stderr, "the child of a trial ended with %d: '%s'\n", status, text.c_str());
    abort();
  }
  result.fault_came = fields[2] == "1";
  result.removed = absl::StrSplit(fields[3], ' ', absl::SkipEmpty());
  result.message = fields[4];
  return result;
}

// Returns whether the filesystem and this process's rights allow it.
bool SetImmutable(const std::string& path, bool immutable) {
  const int file = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  int flags = immutable ? FS_IMMUTABLE_FL : 0;
  const bool done = file >= 0 && ioctl(file, FS_IOC_SETFLAGS, &flags) == 0;
  if (file >= 0) close(file);
  return done;
}

// Switches root's right to ignore permissions in this thread.
void IgnorePermissions(bool ignore) {
  constexpr uint32_t kRights =
      (1U << CAP_DAC_OVERRIDE) | (1U << CAP_DAC_READ_SEARCH) | (1U << CAP_FOWNER);
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct rights[2] = {};
  if (syscall(SYS_capget, &header, rights) != 0) abort();
  if (ignore) {
    rights[0].effective |= kRights & rights[0].permitted;
  } else {
    rights[0].effective &= ~kRights;
  }
  if (syscall(SYS_capset, &header, rights) != 0) abort();
}

}  // namespace

const char* FaultName(Fault::Kind kind) {
  switch (kind) {
    case Fault::kNone:
      return "none";
    case Fault::kSignal:
      return "signal";
    case Fault::kCrash:
      return "crash";
    case Fault::kError:
      return "error";
    case Fault::kMount:
      return "mount";
    case Fault::kImmutable:
      return "immutable";
    case Fault::kPermission:
      return "permission";
  }
  return "";
}

Fault RandomFault(Trial& trial, const RandomRoot& root) {
  Fault fault;
  const size_t choice = trial.Below(100);
  fault.at = trial.Below(trial.Percent(50) ? 12 : 80);
  if (choice < 6) {
    fault.kind = Fault::kSignal;
  } else if (choice < 12) {
    fault.kind = Fault::kCrash;
  } else if (choice < 32) {
    fault.kind = Fault::kError;
    fault.error = trial.Pick(Errors());
    fault.forever = trial.Percent(30);
  } else if (choice < 35 && !root.inner_directories.empty()) {
    fault.path = trial.Pick(root.inner_directories);
    // One over a backup would hide what was found of it.
    const std::string name = fault.path.substr(fault.path.rfind('/'));
    const bool hides = !root.model.bad.empty() && absl::EndsWith(fault.path, "/root" + name);
    if (!hides) fault.kind = Fault::kMount;
  } else if (choice < 39 && !root.inner_files.empty()) {
    fault.kind = Fault::kImmutable;
    fault.path = trial.Pick(trial.Percent(50) ? root.inner_files : root.inner_directories);
  } else if (choice < 43) {
    fault.kind = Fault::kPermission;
  }
  return fault;
}

RemovalResult RunWithFault(const Fault& fault, const std::string& outside, const Removal& removal) {
  RemovalResult result;
  switch (fault.kind) {
    case Fault::kNone:
      return ResultOf(removal);
    case Fault::kSignal:
    case Fault::kCrash:
      return RunInChild(fault, removal);
    case Fault::kError:
      return RunWithError(fault, removal);
    case Fault::kMount: {
      if (mount(outside.c_str(), fault.path.c_str(), nullptr, MS_BIND, nullptr) != 0) abort();
      // By descriptor, since the removal may rename what is above it.
      const int top = open(fault.path.c_str(), O_PATH | O_CLOEXEC);
      result = ResultOf(removal);
      if (umount2(absl::StrCat("/proc/self/fd/", top).c_str(), MNT_DETACH) != 0) abort();
      close(top);
      result.fault_came = true;
      return result;
    }
    case Fault::kImmutable: {
      const int file = open(fault.path.c_str(), O_PATH | O_CLOEXEC);
      result.fault_came = SetImmutable(fault.path, true);
      const bool came = result.fault_came;
      result = ResultOf(removal);
      result.fault_came = came;
      if (came) {
        int flags = 0;
        const int again =
            open(absl::StrCat("/proc/self/fd/", file).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (ioctl(again, FS_IOC_SETFLAGS, &flags) != 0) abort();
        close(again);
      }
      close(file);
      return result;
    }
    case Fault::kPermission:
      IgnorePermissions(false);
      result = ResultOf(removal);
      IgnorePermissions(true);
      result.fault_came = true;
      return result;
  }
  return result;
}

}  // namespace mysql_backup

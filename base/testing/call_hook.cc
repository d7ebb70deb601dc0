// Optimised builds define the functions below inline, as checks of their arguments.
#undef _FORTIFY_SOURCE

#include "base/testing/call_hook.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <utility>

namespace mysql_backup {
namespace {

thread_local CallHook* hook = nullptr;

int AskHook(const Call& call) {
  if (hook == nullptr) return 0;
  CallHook* const asked = std::exchange(hook, nullptr);
  const int answer = (*asked)(call);
  hook = asked;
  return answer;
}

template <typename... Arguments>
int Make(Call call, int64_t number, Arguments... arguments) {
  int result = -1;
  int error = AskHook(call);
  if (error == 0) {
    result = static_cast<int>(syscall(number, arguments...));
    error = result < 0 ? errno : 0;
    call.made = true;
    call.error = error;
    AskHook(call);
  }
  if (result < 0) errno = error;
  return result;
}

}  // namespace

ScopedCallHook::ScopedCallHook(CallHook hook_in) { hook = new CallHook(std::move(hook_in)); }
ScopedCallHook::~ScopedCallHook() { delete std::exchange(hook, nullptr); }

}  // namespace mysql_backup

// These take the place of the C library's own, since the linker finds them first.
extern "C" {

int openat(int directory, const char* name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return mysql_backup::Make({"openat", directory, name, "", flags, false, 0}, SYS_openat, directory,
                            name, flags, mode);
}

int fstatat(int directory, const char* name, struct stat* status, int flags) noexcept {
  return mysql_backup::Make({"fstatat", directory, name, "", flags, false, 0}, SYS_newfstatat,
                            directory, name, status, flags);
}

int flock(int file, int operation) noexcept {
  return mysql_backup::Make({"flock", file, "", "", operation, false, 0}, SYS_flock, file,
                            operation);
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned int flags) noexcept {
  return mysql_backup::Make(
      {"renameat2", from_directory, from, to, static_cast<int>(flags), false, 0}, SYS_renameat2,
      from_directory, from, to_directory, to, flags);
}

int fsync(int file) {
  return mysql_backup::Make({"fsync", file, "", "", 0, false, 0}, SYS_fsync, file);
}

int syncfs(int file) noexcept {
  return mysql_backup::Make({"syncfs", file, "", "", 0, false, 0}, SYS_syncfs, file);
}

int unlinkat(int directory, const char* name, int flags) noexcept {
  return mysql_backup::Make({"unlinkat", directory, name, "", flags, false, 0}, SYS_unlinkat,
                            directory, name, flags);
}

}  // extern "C"

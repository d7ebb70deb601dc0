// Stands between the code under test and the system calls by which it looks at directories and
// changes them, so that a test can make the nth of them fail, or do something just then: send a
// signal, die, swap an entry. Linking this library is what puts it there; the product has no seam
// for it and needs none.

#ifndef MYSQL_BACKUP_BASE_TESTING_CALL_HOOK_H_
#define MYSQL_BACKUP_BASE_TESTING_CALL_HOOK_H_

#include <functional>

#include "absl/strings/string_view.h"

namespace mysql_backup {

// One of openat, fstatat, flock, renameat2, fsync, syncfs and unlinkat, just before it is made or
// just after.
struct Call {
  absl::string_view function;
  int directory;     // the first argument
  const char* name;  // what in it is looked at, opened, removed or renamed; "" for none
  const char* to;    // the new name, for renameat2; otherwise ""
  int flags;         // 0 where there are none
  bool made;         // false just before, true just after
  int error;         // once made: errno, or 0
};

// Returns the errno with which the call is to fail instead of being made, or 0. What it returns for
// a call that has been made does not matter.
using CallHook = std::function<int(const Call&)>;

// Has `hook` called for the calls of this thread as long as this object lives; for none that the
// hook makes itself. One at a time.
class ScopedCallHook {
 public:
  explicit ScopedCallHook(CallHook hook);
  ~ScopedCallHook();
  ScopedCallHook(const ScopedCallHook&) = delete;
  ScopedCallHook& operator=(const ScopedCallHook&) = delete;
};

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_TESTING_CALL_HOOK_H_

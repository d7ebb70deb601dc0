// The part of libunwind that Debian's glog calls, answered by the unwinder of libgcc, which every
// C++ program holds already.
//
// Debian's libunwind.a cannot be linked into our tools: it is not position-independent, and it
// defines _Unwind_Resume a second time beside libgcc_eh.a. Linking libunwind.so instead would make
// a tool depend on a package that a database host does not have.
//
// <libunwind.h> gives the functions their real, architecture-dependent symbol names.

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <unwind.h>

#include <cstddef>
#include <cstring>

namespace {

// Kept in the caller's opaque cursor. Addresses only: no other register is ever asked for.
struct Frames {
  static constexpr size_t kMax = 64;
  size_t count;
  size_t current;
  unw_word_t addresses[kMax];
};
static_assert(sizeof(Frames) <= sizeof(unw_cursor_t));

// Neither allocates nor locks: it may run in the handler of a fatal signal.
_Unwind_Reason_Code AddFrame(struct _Unwind_Context* context, void* argument) {
  auto* frames = static_cast<Frames*>(argument);
  if (frames->count == Frames::kMax) return _URC_END_OF_STACK;
  frames->addresses[frames->count++] = _Unwind_GetIP(context);
  return _URC_NO_REASON;
}

}  // namespace

extern "C" {

// x86-64 reaches this by a symbol, other architectures by code inlined from the header.
#ifdef __x86_64__
int unw_getcontext(unw_context_t*) { return 0; }
#endif

// Walks the stack of the calling thread as it is now; the context is not looked at. Always
// succeeds.
int unw_init_local(unw_cursor_t* cursor, unw_context_t*) {
  Frames frames = {};
  _Unwind_Backtrace(&AddFrame, &frames);
  // The walk begins at this very function; the caller expects to find itself first.
  frames.current = 1;
  std::memcpy(cursor, &frames, sizeof(frames));
  return 0;
}

// Returns a positive number when there is one more frame, 0 after the last one.
int unw_step(unw_cursor_t* cursor) {
  auto* frames = reinterpret_cast<Frames*>(cursor);
  return ++frames->current < frames->count ? 1 : 0;
}

// Gives the code address of the current frame; fails for any other register.
int unw_get_reg(unw_cursor_t* cursor, unw_regnum_t number, unw_word_t* value) {
  const auto* frames = reinterpret_cast<const Frames*>(cursor);
  if (number != UNW_REG_IP) return -UNW_EBADREG;
  if (frames->current >= frames->count) return -UNW_ENOINFO;
  *value = frames->addresses[frames->current];
  return 0;
}

}  // extern "C"

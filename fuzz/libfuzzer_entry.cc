// What libFuzzer, which brings main(), calls.

#include <cstddef>
#include <cstdint>

#include "fuzz/fuzz_one.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mysql_backup::FuzzOne(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}

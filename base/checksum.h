// XXH128, the 128-bit form of XXH3: what rsync computes of every file anyway, and `xxh128sum` too.
// It finds damage; it does not hold against somebody who wants to deceive.

#ifndef MYSQL_BACKUP_BASE_CHECKSUM_H_
#define MYSQL_BACKUP_BASE_CHECKSUM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct XXH3_state_s;

namespace mysql_backup {

inline constexpr size_t kChecksumDigits = 32;

// The checksum of what comes in pieces. Movable, not thread-safe.
class Checksum {
 public:
  Checksum();

  void Add(absl::string_view piece);

  // Returns that of all so far, as 32 lower-case hexadecimal digits.
  std::string Digits() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

// Returns the checksum of `text`.
std::string ChecksumOf(absl::string_view text);

// A number that stands for `text`, of another kind for each `seed`: who does not know that cannot
// make two texts that have the same.
absl::uint128 SeededHash(absl::string_view text, uint64_t seed);

// Whether `text` has the form of a checksum.
bool IsChecksum(absl::string_view text);

// Reads the file open at `fd` from its beginning to its end and returns its checksum. The pages are
// not kept in the page cache, where they would push out those of a server. `path` is for errors;
// Cancelled after a signal.
absl::StatusOr<std::string> ChecksumOfFile(int fd, const std::string& path);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_CHECKSUM_H_

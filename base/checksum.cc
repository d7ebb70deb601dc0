#include "base/checksum.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;

}  // namespace

void Checksum::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

Checksum::Checksum() : state_(XXH3_createState()) {
  CHECK(state_ != nullptr) << "no memory for a checksum";
  XXH3_128bits_reset(state_.get());
}

void Checksum::Add(absl::string_view piece) {
  XXH3_128bits_update(state_.get(), piece.data(), piece.size());
}

std::string Checksum::Digits() const {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, XXH3_128bits_digest(state_.get()));
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.digest), sizeof bytes.digest));
}

std::string ChecksumOf(absl::string_view text) {
  Checksum checksum;
  checksum.Add(text);
  return checksum.Digits();
}

absl::uint128 SeededHash(absl::string_view text, uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), seed);
  return absl::MakeUint128(hash.high64, hash.low64);
}

bool IsChecksum(absl::string_view text) {
  return text.size() == kChecksumDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return ('0' <= c && c <= '9') || ('a' <= c && c <= 'f');
         });
}

absl::StatusOr<std::string> ChecksumOfFile(int fd, const std::string& path) {
  Checksum checksum;
  std::vector<char> piece(kPieceBytes);
  posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  off_t offset = 0;
  while (true) {
    RETURN_IF_ERROR(CheckInterrupt());
    const ssize_t size = pread(fd, piece.data(), piece.size(), offset);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return ErrnoError(absl::StrCat("read ", path));
    if (size == 0) return checksum.Digits();
    checksum.Add(absl::string_view(piece.data(), static_cast<size_t>(size)));
    posix_fadvise(fd, offset, size, POSIX_FADV_DONTNEED);
    offset += size;
  }
}

}  // namespace mysql_backup

// Manifests: what one says is read back as it was written, and nothing else is taken for one.

#include <string>

#include "absl/strings/str_cat.h"
#include "base/manifest.h"
#include "base/manifest_parser.h"
#include "base/percent.h"
#include "fuzz/fuzz_one.h"

namespace mysql_backup {
namespace {

bool IsWhole(absl::string_view text) {
  ManifestParser parser;
  parser.Add(text);
  return parser.Finish().ok();
}

void CheckManifest(absl::string_view lines) {
  IsWhole(lines);
  const std::string begun = absl::StrCat(kManifestHead, lines);
  size_t entries = 0;
  ManifestParser parser([&](const ManifestEntry& entry, uint64_t offset) {
    ++entries;
    const std::string line = FormatEntry(entry);
    CHECK_EQ(begun.substr(offset, line.size()), line);
  });
  // In which pieces it comes does not matter.
  const size_t middle = begun.size() / 2;
  parser.Add(absl::string_view(begun).substr(0, middle));
  parser.Add(absl::string_view(begun).substr(middle));
  CHECK_EQ(parser.entries(), entries);
  const auto rest = parser.Complete("");
  if (!rest.ok()) return;
  const std::string whole = begun + *rest;
  CHECK(IsWhole(whole));
  // Damage in what chance has made is found as well.
  for (const size_t at : {size_t{0}, whole.size() / 2, whole.size() - 1}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    CHECK(!IsWhole(damaged));
  }
}

}  // namespace

void FuzzOne(absl::string_view input) {
  const auto entry = ParseEntry(input);
  if (entry.has_value()) CHECK_EQ(FormatEntry(*entry), absl::StrCat(input, "\n"));
  ParseRecord(input);

  CHECK_EQ(PercentDecode(PercentEncode(input)).value(), input);
  const auto text = PercentDecode(input);
  if (text.has_value()) CHECK_EQ(PercentEncode(*text), input);

  // No input has a right checksum by chance.
  CheckManifest(input);
}

}  // namespace mysql_backup

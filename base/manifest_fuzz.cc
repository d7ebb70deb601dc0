// Manifests: what one says is read back as it was written, and nothing else is taken for one.

#include <string>

#include "absl/strings/str_cat.h"
#include "base/manifest.h"
#include "base/percent.h"
#include "fuzz/fuzz_one.h"

namespace mysql_backup {

void FuzzOne(absl::string_view input) {
  const auto entry = ParseEntry(input);
  if (entry.has_value()) CHECK_EQ(FormatEntry(*entry), absl::StrCat(input, "\n"));
  ParseRecord(input);

  CHECK_EQ(PercentDecode(PercentEncode(input)).value(), input);
  const auto text = PercentDecode(input);
  if (text.has_value()) CHECK_EQ(PercentEncode(*text), input);

  // No input has a right checksum by chance.
  ParseManifest(input).IgnoreError();
  const std::string begun = absl::StrCat(kManifestHead, input);
  const auto rest = FinishManifest(begun, "");
  if (!rest.ok()) return;
  const std::string whole = begun + *rest;
  CHECK(ParseManifest(whole).ok());
  // Damage in what chance has made is found as well.
  for (const size_t at : {size_t{0}, whole.size() / 2, whole.size() - 1}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    CHECK(!ParseManifest(damaged).ok());
  }
}

}  // namespace mysql_backup

// What rsync says of its progress and of what it has copied.

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "fuzz/fuzz_one.h"
#include "syncer/rsync.h"

namespace mysql_backup {
namespace {

void CheckLastLines(absl::string_view input) {
  for (int count = 1; count < 4; ++count) {
    const absl::string_view lines = LastLines(input, count);
    CHECK_LE(std::count(lines.begin(), lines.end(), '\n'), count - 1);
    CHECK(absl::StrContains(input, lines));
    CHECK_EQ(lines.empty(), input.find_first_not_of('\n') == absl::string_view::npos);
  }
}

}  // namespace

// Input: the first byte says where the output is cut, the rest is the output.
void FuzzOne(absl::string_view input) {
  if (input.empty()) return;
  const size_t step = static_cast<unsigned char>(input[0]) % 16 + 1;
  input.remove_prefix(1);

  // Where the pipe cuts the output makes no difference.
  std::string entries;
  RsyncOutput whole(
      true, [&entries](const CopiedEntry& copied) { entries += FormatEntry(copied.entry); });
  const auto newest = whole.Add(input);
  std::string entries_of_pieces;
  RsyncOutput pieces(true, [&entries_of_pieces](const CopiedEntry& copied) {
    entries_of_pieces += FormatEntry(copied.entry);
  });
  absl::optional<int64_t> newest_of_pieces;
  for (size_t i = 0; i < input.size(); i += step) {
    const auto progress = pieces.Add(input.substr(i, step));
    if (progress.has_value()) newest_of_pieces = progress;
  }
  CHECK_EQ(entries_of_pieces, entries);
  CHECK_EQ(pieces.strange_line(), whole.strange_line());
  CHECK(newest_of_pieces == newest);
  if (newest.has_value()) CHECK_GE(*newest, 0);
  CheckLastLines(input);
}

}  // namespace mysql_backup

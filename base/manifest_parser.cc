#include "base/manifest_parser.h"

#include <algorithm>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"
#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace mysql_backup {
namespace {

constexpr size_t kShownBytes = 200;  // of a line that is wrong

uint64_t RandomSeed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

ManifestParser::ManifestParser(OnEntry on_entry)
    : on_entry_(std::move(on_entry)), seed_(RandomSeed()) {}

void ManifestParser::Add(absl::string_view piece) {
  for (size_t size = piece.find('\n'); size != absl::string_view::npos; size = piece.find('\n')) {
    const absl::string_view end = piece.substr(0, size);
    piece.remove_prefix(size + 1);
    if (rest_.empty()) {
      AddLine(end);
      continue;
    }
    absl::StrAppend(&rest_, end);
    AddLine(rest_);
    rest_.clear();
  }
  absl::StrAppend(&rest_, piece);
}

void ManifestParser::AddLine(absl::string_view line) {
  const uint64_t offset = offset_;
  offset_ += line.size() + 1;
  if (++lines_ == 1) {
    if (line != absl::StripSuffix(kManifestHead, "\n")) SetWrong(line, "is not a manifest's first");
  } else if (ended_) {
    SetWrong(line, "follows the last line");
  } else if (absl::optional<ManifestEntry> entry = ParseEntry(line); entry.has_value()) {
    if (!records_.empty()) SetWrong(line, "is an entry after the records");
    paths_.push_back(SeededHash(entry->path, seed_));
    on_entry_(*std::move(entry), offset);
  } else if (absl::optional<ManifestRecord> record = ParseRecord(line); !record.has_value()) {
    SetWrong(line, "is neither an entry nor a record");
  } else if (record->word == "end") {
    ended_ = true;
    fits_ = line == LastLine();
    return;
  } else {
    records_.push_back(*std::move(record));
  }
  checksum_.Add(line);
  checksum_.Add("\n");
}

void ManifestParser::SetWrong(absl::string_view line, absl::string_view why) {
  if (!wrong_.empty()) return;
  wrong_ =
      absl::StrCat("line ", lines_, " ", why, ": '", OneLine(line.substr(0, kShownBytes)), "'");
}

void ManifestParser::EndInput() {
  if (lines_ == 0 && rest_.empty()) wrong_ = "it is empty";
  if (!rest_.empty()) {
    ++lines_;
    SetWrong(rest_, ended_ ? "follows the last line" : "is cut short");
  }
  std::sort(paths_.begin(), paths_.end());
  if (wrong_.empty() && std::adjacent_find(paths_.begin(), paths_.end()) != paths_.end()) {
    wrong_ =
        "two of its entries have the same path: see `cut -d ' ' -f 4 backup.manifest | sort | uniq "
        "-d`";
  }
}

std::string ManifestParser::LastLine() const {
  return absl::StrCat("end entries=", entries(), " xxh128=", checksum_.Digits());
}

absl::StatusOr<std::vector<ManifestRecord>> ManifestParser::Finish() {
  EndInput();
  if (wrong_.empty() && !ended_) {
    wrong_ = "it has no last line: it was cut short, or never completed";
  }
  if (wrong_.empty() && !fits_) {
    wrong_ = "the checksum or the number of entries in its last line is not that of the others";
  }
  if (!wrong_.empty()) return absl::DataLossError(wrong_);
  return std::move(records_);
}

absl::StatusOr<std::string> ManifestParser::Complete(absl::string_view records) {
  // What has come ends here: no record goes on with a line that was cut short.
  if (!rest_.empty()) {
    ++lines_;
    SetWrong(rest_, "is cut short");
    rest_.clear();
  }
  if (wrong_.empty() && !ended_) Add(records);
  EndInput();
  if (wrong_.empty() && ended_) wrong_ = "it has a last line already";
  if (!wrong_.empty()) return absl::InvalidArgumentError(wrong_);
  return absl::StrCat(records, LastLine(), "\n");
}

absl::Status FeedManifest(int manifest, const std::string& path, ManifestParser* parser) {
  return ReadPieces(manifest, absl::StrCat(path, "/", kManifestName),
                    [parser](absl::string_view piece) { parser->Add(piece); });
}

absl::StatusOr<std::vector<ManifestRecord>> ScanManifest(int manifest, const std::string& path,
                                                         ManifestParser::OnEntry on_entry) {
  ManifestParser parser(std::move(on_entry));
  RETURN_IF_ERROR(FeedManifest(manifest, path, &parser));
  auto records = parser.Finish();
  if (records.ok()) return records;
  return absl::DataLossError(
      absl::StrCat(path, "/", kManifestName, " is damaged: ", records.status().message()));
}

}  // namespace mysql_backup

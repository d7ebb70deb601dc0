#include "syncer/rsync.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/checksum.h"
#include "base/value.h"

namespace mysql_backup {
namespace {

// No line that is read here comes near it, not even with the longest path, each byte of it escaped;
// a program that is not rsync may send anything.
constexpr size_t kMaxLine = size_t{64} << 10;

constexpr size_t kItemSize = 11;  // of %i: ">f+++++++++"
constexpr char kTop[] = ".";      // the name of the directory that is copied

// "1023.99GB/s" and "9999:59:59", beyond which rsync writes question marks.
constexpr size_t kMaxRate = 11;
constexpr size_t kMaxClock = 10;

// Reads the number at the beginning of `text`, 0 when there is none, and takes it away.
int64_t ConsumeNumber(absl::string_view* text) {
  const size_t size = static_cast<size_t>(
      std::find_if_not(text->begin(), text->end(),
                       [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }) -
      text->begin());
  int64_t number = 0;
  if (!absl::SimpleAtoi(text->substr(0, size), &number)) number = 0;
  text->remove_prefix(size);
  return number;
}

// Whether a word can be shown as it is: no longer than `size`, and nothing that would move the
// cursor of a terminal.
bool IsShowable(absl::string_view word, size_t size) {
  return word.size() <= size && std::all_of(word.begin(), word.end(), [](char c) {
           return absl::ascii_isgraph(static_cast<unsigned char>(c));
         });
}

// rsync writes what is no printable ASCII as "\#012", and a backslash before "#" as well.
std::string Unescape(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const absl::string_view code = text.substr(i, 5);
    if (code.size() == 5 && absl::StartsWith(code, "\\#") &&
        std::all_of(code.begin() + 2, code.end(), [](char c) { return '0' <= c && c <= '7'; })) {
      plain.push_back(
          static_cast<char>((code[2] - '0') * 64 + (code[3] - '0') * 8 + (code[4] - '0')));
      i += 4;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

}  // namespace

std::vector<std::string> RsyncArguments(const std::string& rsync, const std::string& destination) {
  return {
      rsync,
      // Owners, modes, times, links; hard links, ACLs and extended attributes as well.
      "-aHAX",
      "--numeric-ids",
      // Without it, the time of a directory or link made within the same second is let pass.
      "--modify-window=-1",
      // Page-compressed tables are full of holes; a copy without them could fill the disk.
      "--sparse",
      // The destination is empty: there is nothing to compare with.
      "--whole-file",
      "--one-file-system",
      // Sockets, fifos and devices are no data.
      "--no-devices",
      "--no-specials",
      // A restored server must not find the process id or the socket lock of one long gone.
      "--exclude=/*.pid",
      "--exclude=/*.sock.lock",
      "--exclude=/lost+found/",
      // That of the backup which a datadir was once restored from is not this one's.
      absl::StrCat("--exclude=/", kManifestName),
      // All that has to be copied is known before the first byte is, so percentages are true.
      "--no-inc-recursive",
      "--info=progress2,nonreg0",
      // What was done, the checksum that was computed on the way, length, and name.
      "--checksum-choice=xxh128",
      absl::StrCat("--out-format=", kEntryMark, "%i %C %l %n"),
      "--stats",
      "--no-human-readable",
      "--outbuf=L",
      "./",
      absl::StrCat(destination, "/"),
  };
}

absl::optional<CopyProgress> ParseProgress(absl::string_view line) {
  //      8000000  16%    1.24GB/s    0:00:00 (xfr#1, to-chk=5/8)
  const std::vector<absl::string_view> fields =
      absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (fields.size() < 4) return absl::nullopt;
  absl::string_view percent = fields[1];
  CopyProgress progress;
  if (!absl::SimpleAtoi(fields[0], &progress.bytes) || progress.bytes < 0 ||
      !absl::ConsumeSuffix(&percent, "%") || !absl::SimpleAtoi(percent, &progress.percent) ||
      progress.percent < 0 || progress.percent > 100 || !absl::EndsWith(fields[2], "/s") ||
      !IsShowable(fields[2], kMaxRate) || !IsShowable(fields[3], kMaxClock)) {
    return absl::nullopt;
  }
  progress.rate = std::string(fields[2]);
  progress.clock = std::string(fields[3]);
  return progress;
}

absl::optional<ManifestEntry> ParseCopiedEntry(absl::string_view line) {
  if (line.size() < kItemSize + kChecksumDigits + 2) return absl::nullopt;
  const absl::string_view item = line.substr(0, kItemSize);
  // Blanks where rsync has computed none.
  const absl::string_view checksum =
      absl::StripAsciiWhitespace(line.substr(kItemSize + 1, kChecksumDigits));
  line.remove_prefix(kItemSize + kChecksumDigits + 2);
  const size_t digits = line.find(' ');
  const absl::optional<int64_t> bytes = ParseDigits(line.substr(0, digits));
  if (!bytes.has_value() || digits == absl::string_view::npos) return absl::nullopt;
  line.remove_prefix(digits + 1);

  ManifestEntry entry;
  entry.bytes = static_cast<uint64_t>(*bytes);
  entry.checksum = std::string(checksum);
  bool has_checksum = false;
  switch (item[1]) {
    case 'd':
      if (!absl::ConsumeSuffix(&line, "/")) return absl::nullopt;
      entry.kind = ManifestEntry::Kind::kDirectory;
      entry.bytes = 0;
      break;
    case 'f':
      has_checksum = item[0] != 'h';
      entry.kind = ManifestEntry::Kind::kFile;
      break;
    case 'L':
      entry.kind = ManifestEntry::Kind::kLink;
      break;
    default:
      return absl::nullopt;
  }
  if (has_checksum ? !IsChecksum(checksum) : !checksum.empty()) return absl::nullopt;
  entry.path = Unescape(line);
  return entry;
}

void RsyncOutput::AddLine(absl::string_view line, absl::optional<CopyProgress>* newest) {
  if (absl::ConsumePrefix(&line, kEntryMark)) {
    absl::optional<ManifestEntry> entry = ParseCopiedEntry(line);
    if (entry.has_value()) {
      if (entry->path != kTop) on_entry_(*std::move(entry));
    } else if (strange_line_.empty()) {
      strange_line_ = std::string(line);
    }
  } else if (absl::ConsumePrefix(&line, "Total file size: ")) {
    bytes_ = ConsumeNumber(&line);
  } else if (absl::ConsumePrefix(&line, "Number of files: ")) {
    // "8 (reg: 6, dir: 2)": a kind of which there is none is left out.
    const size_t regular = line.find("reg: ");
    absl::string_view count = regular == absl::string_view::npos ? "0" : line.substr(regular + 5);
    files_ = ConsumeNumber(&count);
  } else if (absl::optional<CopyProgress> progress = ParseProgress(line); progress.has_value()) {
    *newest = std::move(progress);
  }
}

absl::optional<CopyProgress> RsyncOutput::Add(absl::string_view piece) {
  absl::optional<CopyProgress> newest;
  for (const char c : piece) {
    if (c != '\r' && c != '\n') {
      if (line_.size() < kMaxLine) line_.push_back(c);
      continue;
    }
    AddLine(line_, &newest);
    line_.clear();
  }
  return newest;
}

absl::optional<TreeTotals> RsyncOutput::totals() const {
  if (!bytes_.has_value() || !files_.has_value()) return absl::nullopt;
  return TreeTotals{*bytes_, *files_};
}

std::string RsyncExitMeaning(int exit_code) {
  switch (exit_code) {
    case 1:
    case 4:
      return "it does not know an option that is needed; install rsync 3.2.3 or later";
    case 3:
      return "it could not enter the source or the destination";
    case 11:
      return "reading or writing failed; is the destination full or read-only, or its disk broken?";
    case 12:
      return "one of its processes died; did the kernel run out of memory?";
    case 14:
      return "its processes could not talk to each other; are there processes and descriptors "
             "left?";
    case 20:
      return "it was told to stop";
    case 22:
      return "it ran out of memory";
    case 23:
      return "some files could not be copied; is the snapshot broken, or can the destination not "
             "hold their owners, ACLs or attributes?";
    case 24:
      return "files vanished while they were copied, which a snapshot's files never do; is the "
             "source really a mounted snapshot?";
    case 30:
      return "it waited too long for data";
    default:
      return "see EXIT VALUES in rsync(1)";
  }
}

absl::string_view LastLines(absl::string_view text, int count) {
  while (absl::ConsumeSuffix(&text, "\n")) {
  }
  size_t begin = text.size();
  while (begin > 0 && (text[begin - 1] != '\n' || --count > 0)) --begin;
  return text.substr(begin);
}

}  // namespace mysql_backup

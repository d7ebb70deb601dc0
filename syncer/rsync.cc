#include "syncer/rsync.h"

#include <fnmatch.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
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
constexpr absl::string_view kFurtherName = "hf+++++++++";
constexpr char kTop[] = ".";  // the name of the directory that is copied

// What is left out at the top: patterns of fnmatch(3), as rsync's --exclude has them too; one with
// a slash at its end is for directories alone.
constexpr const char* kLeftOut[] = {
    // A restored server must not find the process id or the socket lock of one long gone.
    "*.pid",
    "*.sock.lock",
    "lost+found/",
    // That of the backup which a datadir was once restored from is not this one's.
    kManifestName,
};

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

// What both kinds of run have in common.
std::vector<std::string> CommonArguments(const std::string& rsync) {
  return {
      rsync,
      // Owners, modes, times, links; hard links, ACLs and extended attributes as well.
      "-aHAX",
      "--numeric-ids",
      // Without it, the time of a directory or link made within the same second is let pass.
      "--modify-window=-1",
      // Page-compressed tables are full of holes; a copy without them could fill the disk.
      "--sparse",
      "--one-file-system",
      "--info=progress2,nonreg0",
      // What was done, the checksum that was computed on the way, length, and name.
      "--checksum-choice=xxh128",
      absl::StrCat("--out-format=", kEntryMark, "%i %C %l %n"),
      "--no-human-readable",
      "--outbuf=L",
  };
}

}  // namespace

bool IsLeftOut(const std::string& name, bool is_directory) {
  return std::any_of(std::begin(kLeftOut), std::end(kLeftOut), [&](absl::string_view pattern) {
    if (absl::ConsumeSuffix(&pattern, "/") && !is_directory) return false;
    return fnmatch(std::string(pattern).c_str(), name.c_str(), 0) == 0;
  });
}

std::vector<std::string> FilesArguments(const std::string& rsync, const std::string& destination,
                                        const FilesOptions& options) {
  std::vector<std::string> arguments = CommonArguments(rsync);
  arguments.insert(arguments.end(), {"--files-from=-", "--from0", "--no-implied-dirs"});
  // It counts in KiB, and takes 0 for any.
  if (options.rate > 0) {
    arguments.push_back(absl::StrCat("--bwlimit=", std::max<int64_t>(1, options.rate >> 10)));
  }
  if (options.in_place) {
    arguments.insert(arguments.end(), {"--inplace", "--no-whole-file",
                                       absl::StrCat("--block-size=", options.block_bytes)});
    if (options.compare_content) arguments.emplace_back("--ignore-times");
  } else {
    arguments.emplace_back("--whole-file");
    if (options.compare_content) arguments.emplace_back("--checksum");
  }
  if (!options.link_to.empty()) arguments.push_back(absl::StrCat("--link-dest=", options.link_to));
  // Tells of reused files, too.
  if (options.in_place || !options.link_to.empty()) arguments.emplace_back("--info=name2");
  arguments.insert(arguments.end(), {"./", absl::StrCat(destination, "/")});
  return arguments;
}

std::vector<std::string> DirectoriesArguments(const std::string& rsync,
                                              const std::string& destination) {
  std::vector<std::string> arguments = CommonArguments(rsync);
  for (const char* const pattern : kLeftOut) {
    arguments.push_back(absl::StrCat("--exclude=/", pattern));
  }
  arguments.insert(arguments.end(),
                   {"--include=*/", "--exclude=*", "./", absl::StrCat(destination, "/")});
  return arguments;
}

absl::optional<int64_t> ParseProgress(absl::string_view line) {
  //      8000000  16%    1.24GB/s    0:00:00 (xfr#1, to-chk=5/8)
  const std::vector<absl::string_view> fields =
      absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (fields.size() < 4 || !absl::EndsWith(fields[1], "%") || !absl::EndsWith(fields[2], "/s")) {
    return absl::nullopt;
  }
  return ParseDigits(fields[0]);
}

absl::optional<CopiedEntry> ParseCopiedEntry(absl::string_view line) {
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

  CopiedEntry copied;
  ManifestEntry& entry = copied.entry;
  entry.bytes = static_cast<uint64_t>(*bytes);
  entry.checksum = std::string(checksum);
  bool may_have_checksum = false;
  switch (item[1]) {
    case 'd':
      if (!absl::ConsumeSuffix(&line, "/")) return absl::nullopt;
      entry.kind = ManifestEntry::Kind::kDirectory;
      entry.bytes = 0;
      break;
    case 'f':
      // Received, or a further name ("hf+++++++++") of one that was; all else was there already.
      copied.reused = item[0] != '>' && item != kFurtherName;
      may_have_checksum = item != kFurtherName;
      entry.kind = ManifestEntry::Kind::kFile;
      if (item[0] == '>' && checksum.empty()) return absl::nullopt;
      break;
    case 'L':
      entry.kind = ManifestEntry::Kind::kLink;
      break;
    default:
      return absl::nullopt;
  }
  if (!checksum.empty() && !(may_have_checksum && IsChecksum(checksum))) return absl::nullopt;
  entry.path = Unescape(line);
  return copied;
}

void RsyncOutput::AddLine(absl::string_view line, absl::optional<int64_t>* newest) {
  if (absl::ConsumePrefix(&line, kEntryMark)) {
    absl::optional<CopiedEntry> copied = ParseCopiedEntry(line);
    if (copied.has_value() && (may_reuse_ || !copied->reused)) {
      if (copied->entry.path != kTop) on_entry_(*std::move(copied));
    } else if (strange_line_.empty()) {
      strange_line_ = std::string(line);
    }
  } else if (const absl::optional<int64_t> progress = ParseProgress(line); progress.has_value()) {
    *newest = progress;
  }
}

absl::optional<int64_t> RsyncOutput::Add(absl::string_view piece) {
  absl::optional<int64_t> newest;
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

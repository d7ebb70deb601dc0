#include "lab/log_writes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace mysql_backup {
namespace {

constexpr uint64_t kMagic = 0x6a736677736872;
constexpr uint64_t kVersion = 1;
constexpr size_t kHeadSize = 32;  // of the log, and of an entry
constexpr uint64_t kMaxSector = 65536;

enum Flag : uint64_t { kFlush = 1, kFua = 2, kDiscard = 4, kMark = 8 };

uint64_t LittleEndian(absl::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}

uint64_t Number(absl::string_view head, size_t index) {
  return LittleEndian(head.substr(index * 8, 8));
}

absl::StatusOr<std::string> ReadAt(int file, uint64_t offset, uint64_t size) {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t count = pread(file, &bytes[done], size - done, static_cast<off_t>(offset + done));
    if (count < 0) return ErrnoError("read the log");
    if (count == 0) return absl::DataLossError(absl::StrCat("the log ends before byte ", offset));
    done += static_cast<size_t>(count);
  }
  return bytes;
}

absl::Status WriteAt(int file, absl::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t count = pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0) return ErrnoError("write the image");
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  return absl::OkStatus();
}

// Cuts what follows a text in its sector; the kernel's own may count the byte that ends it.
void EndText(std::string* text) {
  text->erase(std::min(text->size(), text->find_first_of(std::string("\0\n", 2))));
}

// Turns a write of one sector into the mark that it is, if it is one.
absl::Status ReadWrittenMark(int file, uint64_t sector, LogEntry* entry) {
  ASSIGN_OR_RETURN(const std::string data, ReadAt(file, entry->data, sector));
  if (!absl::StartsWith(data, kMarkPrefix)) return absl::OkStatus();
  entry->mark = true;
  entry->fua = false;
  entry->size = 0;
  entry->text = data.substr(kMarkPrefix.size());
  EndText(&entry->text);
  return absl::OkStatus();
}

// What made everything before it durable, or is durable itself, or was told to us.
bool IsBoundary(const LogEntry& entry) { return entry.flush || entry.fua || entry.mark; }

// Whether something of what the cut leaves in the air was asked to be written.
bool AnythingInFlight(const std::vector<LogEntry>& entries, size_t end) {
  for (size_t i = DurableEnd(entries, end); i < end; ++i) {
    if (entries[i].size > 0 && !entries[i].fua) return true;
  }
  return false;
}

// Takes away random ones until `count` are left.
void Thin(std::vector<PowerCut>* cuts, size_t count, std::mt19937_64* random) {
  while (cuts->size() > count) {
    (*cuts)[(*random)() % cuts->size()] = cuts->back();
    cuts->pop_back();
  }
}

}  // namespace

absl::StatusOr<WriteLog> WriteLog::Open(const std::string& path) {
  WriteLog log;
  log.file.reset(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!log.file.ok()) return ErrnoError(absl::StrCat("open ", path));
  ASSIGN_OR_RETURN(const std::string super, ReadAt(log.file.get(), 0, kHeadSize));
  const uint64_t count = Number(super, 2);
  const uint64_t sector = LittleEndian(absl::string_view(super).substr(24, 4));
  if (Number(super, 0) != kMagic || Number(super, 1) != kVersion || sector < 512 ||
      sector > kMaxSector || (sector & (sector - 1)) != 0) {
    return absl::DataLossError(absl::StrCat(path, " is no log of dm-log-writes, version 1"));
  }
  struct stat status = {};
  if (fstat(log.file.get(), &status) != 0) return ErrnoError(absl::StrCat("stat ", path));
  const uint64_t size = static_cast<uint64_t>(status.st_size);
  uint64_t offset = sector;
  for (uint64_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(const std::string head, ReadAt(log.file.get(), offset, kHeadSize));
    const uint64_t flags = Number(head, 2);
    LogEntry entry;
    entry.offset = Number(head, 0) * sector;
    entry.size = Number(head, 1) * sector;
    entry.data = offset + sector;
    entry.flush = (flags & kFlush) != 0;
    entry.fua = (flags & kFua) != 0;
    entry.discard = (flags & kDiscard) != 0;
    entry.mark = (flags & kMark) != 0;
    const uint64_t stored = entry.discard || entry.mark ? 0 : entry.size;
    const uint64_t text = entry.mark ? Number(head, 3) : 0;
    if (Number(head, 1) > UINT64_MAX / kMaxSector || stored > size - std::min(size, entry.data) ||
        text > sector - kHeadSize) {
      return absl::DataLossError(absl::StrCat(path, ": entry ", i, " does not fit into the log"));
    }
    if (entry.mark) {
      entry.size = 0;
      ASSIGN_OR_RETURN(entry.text, ReadAt(log.file.get(), offset + kHeadSize, text));
      EndText(&entry.text);
    } else if (stored == sector) {
      RETURN_IF_ERROR(ReadWrittenMark(log.file.get(), sector, &entry));
    }
    offset = entry.data + stored;
    log.entries.push_back(std::move(entry));
  }
  return log;
}

std::string KindOf(const LogEntry& entry) {
  if (entry.mark) return "mark";
  if (entry.size == 0 && entry.flush) return "flush";
  return absl::StrCat(entry.flush ? "flush+" : "", entry.discard ? "discard" : "write",
                      entry.fua ? "+fua" : "");
}

size_t DurableEnd(const std::vector<LogEntry>& entries, size_t end) {
  while (end > 0 && !entries[end - 1].flush) --end;
  // The flush's own data, if it has any, is not covered by it.
  return end == 0 ? 0 : end - 1;
}

std::vector<Piece> PiecesOf(const std::vector<LogEntry>& entries, size_t begin,
                            const PowerCut& cut) {
  // Few, half, or nearly all of them: what a lost write alone does, a stray one alone does not.
  constexpr std::array<uint64_t, 5> kSixteenths = {1, 4, 8, 12, 15};
  std::mt19937_64 random(cut.seed.value_or(0));
  const uint64_t sixteenths = !cut.seed.has_value() ? 16
                              : *cut.seed == 0      ? 0
                                                    : kSixteenths[random() % kSixteenths.size()];
  const size_t durable = DurableEnd(entries, cut.end);
  std::vector<Piece> pieces;
  for (size_t i = begin; i < cut.end; ++i) {
    const LogEntry& entry = entries[i];
    const bool certain = i < durable || entry.fua;
    for (uint64_t done = 0; done < entry.size;) {
      const uint64_t offset = entry.offset + done;
      const uint64_t size = std::min(entry.size - done, kPieceSize - offset % kPieceSize);
      if (certain || random() % 16 < sixteenths) {
        Piece piece{offset, size, absl::nullopt};
        if (!entry.discard) piece.data = entry.data + done;
        pieces.push_back(piece);
      }
      done += size;
    }
  }
  return pieces;
}

absl::Status ApplyPieces(const WriteLog& log, const std::vector<Piece>& pieces, int image) {
  struct stat status = {};
  if (fstat(image, &status) != 0) return ErrnoError("stat the image");
  for (const Piece& piece : pieces) {
    if (piece.offset + piece.size > static_cast<uint64_t>(status.st_size)) {
      return absl::OutOfRangeError(absl::StrCat("the image has ", status.st_size,
                                                " bytes, and byte ", piece.offset,
                                                " of the disk was written"));
    }
    if (piece.data.has_value()) {
      ASSIGN_OR_RETURN(const std::string bytes, ReadAt(log.file.get(), *piece.data, piece.size));
      RETURN_IF_ERROR(WriteAt(image, bytes, piece.offset));
    } else if (fallocate(image, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                         static_cast<off_t>(piece.offset), static_cast<off_t>(piece.size)) != 0) {
      return ErrnoError("punch a hole into the image");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PowerCut>> PlanCuts(const std::vector<LogEntry>& entries,
                                               const PlanOptions& options) {
  const auto made = std::find_if(entries.begin(), entries.end(), [&](const LogEntry& entry) {
    return entry.mark && entry.text == options.begin_mark;
  });
  if (made == entries.end()) {
    return absl::NotFoundError(absl::StrCat("no mark '", options.begin_mark, "' is in the log"));
  }
  std::mt19937_64 random(options.seed);
  std::vector<PowerCut> at_marks;
  std::vector<PowerCut> others;
  size_t last = static_cast<size_t>(made - entries.begin()) + 1;
  for (size_t end = last + 1; end <= entries.size(); ++end) {
    const LogEntry& entry = entries[end - 1];
    if (!IsBoundary(entry) && end != entries.size()) continue;
    std::vector<PowerCut>* cuts = entry.mark ? &at_marks : &others;
    cuts->push_back({end, absl::nullopt});
    // A flush leaves nothing in flight: what it covers was, before it.
    const size_t before = entry.flush ? end - 1 : end;
    // Behind a mark, a flush at once is that mark's own moment.
    if (before == last || !AnythingInFlight(entries, before)) continue;
    if (!options.no_cache) cuts->push_back({before, 0});
    for (size_t i = 0; i < options.subsets; ++i) {
      PowerCut cut{last + 1 + random() % (before - last), absl::nullopt};
      if (!options.no_cache) cut.seed = random() | 1;
      others.push_back(cut);
    }
    if (entry.flush || entry.mark) last = before;
  }
  if (options.states > 0) {
    Thin(&others, options.states - std::min(options.states, at_marks.size()), &random);
  }
  others.insert(others.end(), at_marks.begin(), at_marks.end());
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  return others;
}

}  // namespace mysql_backup

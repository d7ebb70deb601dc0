// Whole files: reading and writing all of it, whatever interrupts.

#ifndef MYSQL_BACKUP_BASE_FILE_H_
#define MYSQL_BACKUP_BASE_FILE_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mysql_backup {

// Hands on what there is from the descriptor's place to its end, in pieces. `path` is for errors:
// "cannot read PATH: <reason>".
absl::Status ReadPieces(int fd, absl::string_view path,
                        const std::function<void(absl::string_view piece)>& on_piece);

// Returns what there is from the descriptor's place to its end. `path` is for errors: "cannot read
// PATH: <reason>".
absl::StatusOr<std::string> ReadToEnd(int fd, absl::string_view path);

// Returns the content of a file.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// Writes all of `text`. `path` is for errors: "cannot write PATH: <reason>".
absl::Status WriteAll(int fd, absl::string_view text, absl::string_view path);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_FILE_H_

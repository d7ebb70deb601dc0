// What every main() of this repository does: flags, --help, logging, signals, and the exit code.

#ifndef MYSQL_BACKUP_BASE_TOOL_H_
#define MYSQL_BACKUP_BASE_TOOL_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace mysql_backup {

// The contract of a tool, as --help prints it. The flags are added from their definitions.
struct ToolHelp {
  absl::string_view name;
  absl::string_view purpose;     // one sentence
  absl::string_view arguments;   // what must be given: flags without a useful default, and the rest
  absl::string_view stdin_use;   // "" for a tool that does not read it
  absl::string_view stdout_use;  // the grammar of what it prints
  // The exit codes beyond 0 (done) and 1 (wrong usage), one a line; without a first line for 2 that
  // is "failed; nothing is left behind".
  absl::string_view exit_codes;
};

// Runs a tool and returns what main() returns. Unknown flags and bad flag values end it with exit
// code 1; --help prints the contract on stdout, --version the name and version, and returns 0.
// `real_main` gets the arguments that are not flags; a non-OK Status is logged as an error and
// turned into its exit code.
int ToolMain(int argc, char** argv, const ToolHelp& help,
             absl::FunctionRef<absl::Status(const std::vector<std::string>& arguments)> real_main);

// UsageError when there is any argument: for the tools that take flags only.
absl::Status NoArguments(const std::vector<std::string>& arguments);

// UsageError "--<flag> ..." unless the value is an absolute path without control characters, and
// without "." or ".." parts, that names something below "/".
absl::Status CheckPathFlag(absl::string_view flag, absl::string_view value);

// UsageError "--<flag>=<value> is not ..." unless low <= value <= high. A flag that must be given
// has a default beyond them, and "is needed" without one.
absl::Status CheckRangeFlag(absl::string_view flag, int64_t value, int64_t low,
                            int64_t high = std::numeric_limits<int64_t>::max());

// Bytes in the value of a flag such as --size; UsageError for what ParseSize() refuses.
absl::StatusOr<uint64_t> SizeFromFlag(absl::string_view flag, absl::string_view size);

// Writes `text` to stdout, the whole of it, or returns the system's reason.
absl::Status WriteStdout(absl::string_view text);

// Returns all of stdin, or an error; ResourceExhausted beyond 64 MiB.
absl::StatusOr<std::string> ReadStdin();

// PermissionDenied naming the tool's need unless the effective user is root.
absl::Status RequireRoot(absl::string_view why);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_TOOL_H_

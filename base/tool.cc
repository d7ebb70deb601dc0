#include "base/tool.h"

#include <gflags/gflags.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/exit_code.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/status.h"
#include "base/value.h"
#include "base/version.h"

DECLARE_bool(help);
DECLARE_bool(version);

DEFINE_string(reason_file, "", "file to append the reason of a failure to, for the caller's log");

// gflags calls it instead of exit(3) on a wrong flag. It is exported, but no header declares it.
namespace GFLAGS_NAMESPACE {
extern void (*gflags_exitfunc)(int);
}

namespace mysql_backup {
namespace {

constexpr size_t kMaxStdin = size_t{64} << 20;

[[noreturn]] void ExitOnWrongFlag(int /*gflags_code*/) {
  std::fprintf(stderr, "See `%s --help`.\n", gflags::ProgramInvocationShortName());
  std::exit(static_cast<int>(ExitCode::kUsage));
}

// A tool's own flags are those of its *_main.cc, of what it shares with another tool (*_flags.cc),
// and of this file; glog and gflags bring dozens more.
bool IsOwnFlag(const gflags::CommandLineFlagInfo& flag) {
  return absl::EndsWith(flag.filename, "_main.cc") || absl::EndsWith(flag.filename, "_flags.cc") ||
         absl::EndsWith(flag.filename, "base/tool.cc");
}

// Appends `words` at the end of the last line of `text`, in lines of at most 100 columns where they
// can be broken; each new one begins with `indent` spaces.
void AppendWrapped(std::string* text, absl::string_view words, size_t indent) {
  constexpr size_t kColumns = 100;
  size_t column = text->size() - (text->rfind('\n') + 1);
  absl::string_view separator;
  for (const absl::string_view word : absl::StrSplit(words, ' ')) {
    if (!separator.empty() && column + 1 + word.size() > kColumns) {
      absl::StrAppend(text, "\n", std::string(indent, ' '));
      column = indent;
      separator = "";
    }
    absl::StrAppend(text, separator, word);
    column += separator.size() + word.size();
    separator = " ";
  }
}

// Nothing for what is off, or for a value that no user could give, which stands for "not given".
std::string Default(const gflags::CommandLineFlagInfo& flag) {
  const std::string& value = flag.default_value;
  if (value.empty() || value == "false" || absl::StartsWith(value, "-")) return "";
  return absl::StrCat(" (default: ", value, ")");
}

absl::string_view ValueWord(const gflags::CommandLineFlagInfo& flag) {
  if (flag.type == "bool") return "";
  return flag.type == "string" ? "=TEXT" : "=N";
}

std::string HelpText(const ToolHelp& help) {
  std::string text = absl::StrCat(help.name, ": ");
  AppendWrapped(&text, help.purpose, 2);
  absl::StrAppend(&text, "\n\nUsage: ", help.name, " [FLAGS]", help.arguments.empty() ? "" : " ",
                  help.arguments, "\n\nFlags:\n");
  std::vector<gflags::CommandLineFlagInfo> flags;
  gflags::GetAllFlags(&flags);
  for (const gflags::CommandLineFlagInfo& flag : flags) {
    if (!IsOwnFlag(flag)) continue;
    absl::StrAppend(&text, "  --", flag.name, ValueWord(flag), "\n      ");
    AppendWrapped(&text, absl::StrCat(flag.description, Default(flag)), 6);
    text += "\n";
  }
  text +=
      "  --help\n      print this and exit\n  --version\n      print the version and exit\n"
      "\nStdin: ";
  AppendWrapped(&text, help.stdin_use.empty() ? "not read" : help.stdin_use, 2);
  text += "\nStdout: ";
  AppendWrapped(&text, help.stdout_use.empty() ? "nothing" : help.stdout_use, 2);
  text +=
      "\nStderr: one line an event: time, level, tool, message\n\nExit codes:\n"
      "  0   done\n"
      "  1   wrong usage\n";
  if (!absl::StartsWith(help.exit_codes, "2 ")) text += "  2   failed; nothing is left behind\n";
  for (const absl::string_view line : absl::StrSplit(help.exit_codes, '\n', absl::SkipEmpty())) {
    text += "  ";
    AppendWrapped(&text, line, 6);
    text += "\n";
  }
  return text;
}

absl::Status NeededError(absl::string_view flag) {
  return UsageError(absl::StrCat("--", flag, " is needed; see --help"));
}

// Best effort: the exit code has said already that something failed.
void Report(const std::string& reason) {
  LOG(ERROR) << reason;
  if (FLAGS_reason_file.empty()) return;
  std::ofstream(FLAGS_reason_file, std::ios::app) << reason << "\n";
}

}  // namespace

int ToolMain(int argc, char** argv, const ToolHelp& help,
             absl::FunctionRef<absl::Status(const std::vector<std::string>&)> real_main) {
  InitLogging(std::string(help.name));
  GFLAGS_NAMESPACE::gflags_exitfunc = &ExitOnWrongFlag;
  gflags::ParseCommandLineNonHelpFlags(&argc, &argv, /*remove_flags=*/true);
  if (FLAGS_help) {
    const absl::Status written = WriteStdout(HelpText(help));
    return static_cast<int>(ExitCodeOf(written));
  }
  if (FLAGS_version) {
    return static_cast<int>(ExitCodeOf(WriteStdout(absl::StrCat(help.name, " ", kVersion, "\n"))));
  }
  CatchInterrupts();
  const absl::Status status = real_main(std::vector<std::string>(argv + 1, argv + argc));
  if (!status.ok()) Report(OneLine(status.message()));
  return static_cast<int>(ExitCodeOf(status));
}

absl::Status NoArguments(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return absl::OkStatus();
  return UsageError(absl::StrCat("unexpected argument '", arguments.front(),
                                 "': everything is given as --flag=value; see --help"));
}

absl::Status CheckPathFlag(absl::string_view flag, absl::string_view value) {
  if (value.empty()) return NeededError(flag);
  absl::Status status = CheckPath(value);
  if (status.ok()) return status;
  return UsageError(absl::StrCat("--", flag, "='", value, "' ", status.message()));
}

absl::Status CheckRangeFlag(absl::string_view flag, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  gflags::CommandLineFlagInfo given;
  if (gflags::GetCommandLineFlagInfo(std::string(flag).c_str(), &given) && given.is_default) {
    return NeededError(flag);
  }
  const std::string range = high == std::numeric_limits<int64_t>::max()
                                ? absl::StrCat(low, " or more")
                                : absl::StrCat("from ", low, " to ", high);
  return UsageError(absl::StrCat("--", flag, "=", value, " is not ", range));
}

absl::StatusOr<uint64_t> SizeFromFlag(absl::string_view flag, absl::string_view size) {
  auto bytes = ParseSize(size);
  if (bytes.ok()) return bytes;
  return UsageError(absl::StrCat("--", flag, "='", OneLine(size), "' ", bytes.status().message()));
}

absl::Status WriteStdout(absl::string_view text) {
  return WriteAll(STDOUT_FILENO, text, "to standard output");
}

absl::StatusOr<std::string> ReadStdin() {
  std::string text;
  char buffer[16 << 10];
  while (true) {
    const ssize_t size = read(STDIN_FILENO, buffer, sizeof(buffer));
    if (size == 0) return text;
    if (size < 0) {
      if (errno != EINTR) return ErrnoError("read standard input");
      RETURN_IF_ERROR(CheckInterrupt());
      continue;
    }
    text.append(buffer, static_cast<size_t>(size));
    if (text.size() > kMaxStdin) {
      return absl::ResourceExhaustedError("standard input is longer than 64 MiB");
    }
  }
}

absl::Status RequireRoot(absl::string_view why) {
  if (geteuid() == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat("not running as root: ", why, "; use sudo"));
}

}  // namespace mysql_backup

#include "base/log.h"

#include <ctime>
#include <iomanip>
#include <ostream>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace mysql_backup {
namespace {

// glog keeps a pointer to it for as long as the process lives.
std::string* ToolName() {
  static auto* name = new std::string();
  return name;
}

void WritePrefix(std::ostream& stream, const google::LogMessageInfo& info, void*) {
  // absl's own idea of "now" rather than glog's broken-down time, for its RFC 3339 offset.
  stream << absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez", absl::Now(), absl::LocalTimeZone()) << ' '
         << info.severity << ' ' << *ToolName() << ':';
}

}  // namespace

void InitLogging(const std::string& tool_name) {
  *ToolName() = tool_name;
  FLAGS_logtostderr = true;
  google::InitGoogleLogging(ToolName()->c_str(), &WritePrefix);
}

std::string OneLine(absl::string_view text) {
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n', absl::SkipWhitespace());
  return absl::StrJoin(lines, "; ", [](std::string* out, absl::string_view line) {
    for (const char c : absl::StripAsciiWhitespace(line)) {
      if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
        out->append(absl::CEscape(absl::string_view(&c, 1)));
      } else {
        out->push_back(c);
      }
    }
  });
}

}  // namespace mysql_backup

// One value of the configuration: its one spelling is stable, and means what was written.

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/value.h"
#include "config/value.h"
#include "fuzz/fuzz_one.h"

namespace mysql_backup {
namespace {

using Value = absl::StatusOr<std::string>;

Value OneToSixty(absl::string_view text) { return NumberValue(text, 1, 60); }

}  // namespace

void FuzzOne(absl::string_view input) {
  for (Value (*parse)(absl::string_view) :
       {&GroupNameValue, &VolumeNameValue, &SizeValue, &PathValue, &OneToSixty, &LockScopeValue,
        &PriorityValue, &ReuseValue}) {
    const Value value = parse(input);
    if (!value.ok()) {
      CHECK(!value.status().message().empty());
      continue;
    }
    const Value again = parse(*value);
    CHECK(again.ok()) << *value << ": " << again.status();
    CHECK_EQ(*again, *value);
  }

  const Value size = SizeValue(input);
  CHECK_EQ(size.ok(), ParseSize(input).ok());
  if (size.ok()) CHECK_EQ(*ParseSize(*size), *ParseSize(input));

  const Value number = OneToSixty(input);
  if (number.ok()) {
    CHECK(*number->c_str() >= '1' && *number->c_str() <= '9');
    CHECK_EQ(std::stoi(*number), *ParseDigits(input));
  }

  const Value path = PathValue(input);
  if (path.ok()) {
    CHECK_EQ(path->find("//"), std::string::npos);
    CHECK_NE(path->back(), '/');
    CHECK(IsAtOrBelow(*path, *path));
    CHECK(IsAtOrBelow(absl::StrCat(*path, "/x"), *path));
    CHECK(!IsAtOrBelow(absl::StrCat(*path, "x"), *path));
    CHECK(!IsAtOrBelow(*path, absl::StrCat(*path, "/x")));
  }
}

}  // namespace mysql_backup

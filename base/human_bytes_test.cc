#include "base/human_bytes.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace mysql_backup {
namespace {

TEST(HumanBytesTest, PicksTheUnit) {
  const std::vector<std::pair<double, std::string>> cases = {
      {0, "0 B"},
      {1, "1 B"},
      {1023, "1023 B"},
      {1024, "1.0 KiB"},
      {1536, "1.5 KiB"},
      {1048575, "1.0 MiB"},
      {1048576, "1.0 MiB"},
      {5.25 * 1073741824, "5.2 GiB"},
      {1099511627776.0, "1.0 TiB"},
      {1024.0 * 1099511627776, "1.0 PiB"},
      {9223372036854775807.0, "8.0 EiB"},
      {1e25, "8673617.4 EiB"},
  };
  for (const auto& [bytes, text] : cases) EXPECT_EQ(HumanBytes(bytes), text);
}

}  // namespace
}  // namespace mysql_backup

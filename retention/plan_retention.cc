#include "retention/plan_retention.h"

#include <algorithm>

namespace mysql_backup {

std::vector<std::string> PlanRetention(const std::vector<std::string>& names, size_t keep) {
  const size_t kept = std::min(keep, names.size());
  return {names.begin(), names.end() - static_cast<std::ptrdiff_t>(kept)};
}

}  // namespace mysql_backup

// Which backups have to go.

#ifndef MYSQL_BACKUP_RETENTION_PLAN_RETENTION_H_
#define MYSQL_BACKUP_RETENTION_PLAN_RETENTION_H_

#include <cstddef>
#include <string>
#include <vector>

namespace mysql_backup {

// Returns all names but the newest `keep`, oldest first. `names` are ascending, `keep` is 1 or
// more: the newest backup is never in the plan.
std::vector<std::string> PlanRetention(const std::vector<std::string>& names, size_t keep);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_RETENTION_PLAN_RETENTION_H_

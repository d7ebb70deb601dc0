// The version of the product, in manifests and for --version.

#ifndef MYSQL_BACKUP_BASE_VERSION_H_
#define MYSQL_BACKUP_BASE_VERSION_H_

namespace mysql_backup {

inline constexpr char kVersion[] = "0.4.0";

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_VERSION_H_

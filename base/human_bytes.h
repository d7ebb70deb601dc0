// Sizes for people.

#ifndef MYSQL_BACKUP_BASE_HUMAN_BYTES_H_
#define MYSQL_BACKUP_BASE_HUMAN_BYTES_H_

#include <string>

namespace mysql_backup {

// Returns a number of bytes in the largest binary unit of which there is at least one, with one
// decimal: "0 B", "1023 B", "1.5 GiB".
std::string HumanBytes(double bytes);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_HUMAN_BYTES_H_

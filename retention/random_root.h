// Random backup roots: what may lie in one after years of crashes, mistakes and malice.

#ifndef MYSQL_BACKUP_RETENTION_RANDOM_ROOT_H_
#define MYSQL_BACKUP_RETENTION_RANDOM_ROOT_H_

#include <string>
#include <vector>

#include "base/testing/trials.h"
#include "retention/retention_model.h"

namespace mysql_backup {

struct RandomRoot {
  ModelRoot model;
  // Directories inside of the root's directories, by absolute path, where a test may put obstacles.
  std::vector<std::string> inner_directories;
  std::vector<std::string> inner_files;
};

// Returns a name of the exact form. Few times are likely, so that names meet, and the edges of the
// calendar are among them.
std::string RandomBackupName(Trial& trial);

// Returns something that resembles `name` and mostly is no backup's name.
std::string NearMiss(Trial& trial, std::string name);

// Fills the fresh directory `top` with "root", a backup root, and with "outside", which the root's
// links point to and which holds the same names.
RandomRoot MakeRandomRoot(Trial& trial, const std::string& top);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_RETENTION_RANDOM_ROOT_H_

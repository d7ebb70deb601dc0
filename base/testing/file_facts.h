// What can be told of the files in a directory tree, to compare before and after.

#ifndef MYSQL_BACKUP_BASE_TESTING_FILE_FACTS_H_
#define MYSQL_BACKUP_BASE_TESTING_FILE_FACTS_H_

#include <cstdint>
#include <map>
#include <string>

namespace mysql_backup {

// Not the number of links and not the change time: removing one of several hard links to a file
// changes both of what remains.
struct FileFacts {
  uint64_t inode;
  uint32_t mode;
  uint32_t owner;
  int64_t size;      // 0 for a directory: it depends on the filesystem's mood
  int64_t modified;  // nanoseconds
  std::string content;

  bool operator==(const FileFacts& other) const;
  bool operator!=(const FileFacts& other) const { return !(*this == other); }
  // As ==, but a directory may have been changed.
  bool SameFile(const FileFacts& other) const;
};

using TreeFacts = std::map<std::string, FileFacts>;

// Returns the facts of everything below the directory at `path`, by relative path, and "" for the
// directory itself. Follows no links. Aborts when something cannot be read.
TreeFacts FactsOf(const std::string& path);

// Returns in words, one a line, how the two differ, at most ten lines; "" when they do not.
std::string Difference(const TreeFacts& expected, const TreeFacts& found);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_TESTING_FILE_FACTS_H_

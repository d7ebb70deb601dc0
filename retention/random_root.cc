#include "retention/random_root.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace mysql_backup {
namespace {

// What the test itself needs must work, or the trial would prove nothing.
void Must(int result, const std::string& path) {
  if (result >= 0) return;
  perror(path.c_str());
  abort();
}

void WriteFile(const std::string& path, const std::string& content) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  Must(file, path);
  Must(static_cast<int>(write(file, content.data(), content.size())), path);
  close(file);
}

void MakeDirectory(const std::string& path) { Must(mkdir(path.c_str(), 0700), path); }

void MakeOutside(const std::string& outside) {
  MakeDirectory(outside);
  WriteFile(outside + "/precious", "rows");
  WriteFile(outside + "/linked", "the other name of a file in the root");
  MakeDirectory(outside + "/shop");
  WriteFile(outside + "/shop/orders.ibd", "rows");
  MakeDirectory(outside + "/backup_20261121_020000");
  WriteFile(outside + "/backup_20261121_020000/orders.ibd", "rows");
}

std::string LinkTarget(Trial& trial, const std::string& top) {
  return trial.Pick<std::string>({top + "/outside", top + "/outside/precious",
                                  top + "/outside/backup_20261121_020000", top + "/root", "..",
                                  "../../outside", "../outside", "/", ".", "nowhere", "shop"});
}

std::string InnerName(Trial& trial, size_t i) {
  return absl::StrCat(
      trial.Pick<std::string>({"orders", "new\nline", "\xff\xfe", "-rf", "*", " ", "...", "shop",
                               ".backup_20261121_020000.deleting", "backup_20261121_020000"}),
      i == 0 ? "" : absl::StrCat(i));
}

// Fills `directory`, at most `depth` levels deep.
void Fill(Trial& trial, const std::string& top, const std::string& directory, int depth,
          RandomRoot* made) {
  const size_t entries = trial.Below(5);
  for (size_t i = 0; i < entries; ++i) {
    const std::string path = absl::StrCat(directory, "/", InnerName(trial, i));
    switch (trial.Below(8)) {
      case 0:
      case 1:
      case 2:
        WriteFile(path, absl::StrCat("rows ", i));
        made->inner_files.push_back(path);
        break;
      case 3:
        Must(symlink(LinkTarget(trial, top).c_str(), path.c_str()), path);
        break;
      case 4:
        Must(link((top + "/outside/linked").c_str(), path.c_str()), path);
        break;
      case 5:
        Must(mkfifo(path.c_str(), 0600), path);
        break;
      default:
        if (depth == 0) break;
        MakeDirectory(path);
        made->inner_directories.push_back(path);
        Fill(trial, top, path, depth - 1, made);
        if (trial.Percent(15)) Must(chmod(path.c_str(), trial.Percent(50) ? 0500 : 0), path);
    }
  }
}

// What a verification has found, as it is kept with a backup.
void KeepVerdict(Trial& trial, const std::string& name, const std::string& directory,
                 ModelRoot* model) {
  const size_t choice = trial.Below(8);
  if (choice > 3) return;
  const std::string manifest = directory + "/backup.manifest";
  if (choice == 0) {
    WriteFile(manifest, "mysql-backup-manifest 1\ncut short");
    model->bad.insert(name);
    trial.Describe("its manifest is damaged");
    return;
  }
  WriteFile(manifest, "mysql-backup-manifest 1\nend entries=0 xxh128=5eed\n");
  const std::string word = choice == 1 ? "bad" : "good";
  const std::string verdict =
      absl::StrCat("verified verdict=", word, " time=2026-11-26T03:00:00Z seconds=1 manifest=5eed");
  // A tmpfs has no such attributes before Linux 6.6: then nothing is known of it.
  if (setxattr(directory.c_str(), "user.mysql_backup.verified", verdict.data(), verdict.size(),
               0) != 0) {
    return;
  }
  (choice == 1 ? model->bad : model->good).insert(name);
  trial.Describe(absl::StrCat("it was found to be ", word));
}

// By descriptor: deeper than a path may be long.
void MakeDeep(const std::string& directory, size_t levels) {
  int parent = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  Must(parent, directory);
  for (size_t i = 0; i < levels; ++i) {
    Must(mkdirat(parent, "deep", 0700), directory);
    const int child = openat(parent, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    Must(child, directory);
    close(parent);
    parent = child;
  }
  close(parent);
}

std::string RootEntryName(Trial& trial) {
  std::string name = RandomBackupName(trial);
  const size_t choice = trial.Below(100);
  if (choice < 50) return name;
  if (choice < 60) return absl::StrCat(".", name, ".deleting");
  if (choice < 70) return absl::StrCat(".", name, ".partial");
  if (choice < 74) return ".verify";
  if (choice < 78) return trial.Pick<std::string>({"lost+found", ".verify2", "verify", "-rf", " "});
  std::string miss = NearMiss(trial, name);
  if (choice < 90) return miss;
  return absl::StrCat(".", miss, trial.Percent(50) ? ".deleting" : ".partial");
}

bool CanBeAName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

}  // namespace

std::string RandomBackupName(Trial& trial) {
  static const std::vector<std::string> kDays = {
      "20261121", "20261121", "20261121", "20261122", "20261123", "20261231", "20270101",
      "20280229", "20000229", "19700101", "00000101", "00010203", "99991231"};
  static const std::vector<std::string> kTimes = {"000000", "020000", "020000", "020001", "235959"};
  const std::string day = trial.Pick(kDays);  // one after the other: compilers differ otherwise
  return absl::StrCat("backup_", day, "_", trial.Pick(kTimes));
}

std::string NearMiss(Trial& trial, std::string name) {
  switch (trial.Below(6)) {
    case 0:  // a day or a time that no calendar has
      return trial.Pick<std::string>(
          {"backup_20260230_020000", "backup_20260229_020000", "backup_21000229_020000",
           "backup_20261301_020000", "backup_20260001_020000", "backup_20261100_020000",
           "backup_20261131_020000", "backup_20261121_240000", "backup_20261121_026000",
           "backup_20261121_235960", "backup_00000000_000000", "backup_99999999_999999"});
    case 1:
      name.resize(trial.Below(name.size()));
      return name.substr(std::min(name.size(), trial.Below(3)));
    case 2:
      return absl::StrCat(name, trial.Pick<std::string>({"\n", " ", "0", "\xff", ".old", "~", "\r",
                                                         ".partial", ".deleting", "\nend 1"}));
    case 3:
      return absl::StrCat(trial.Pick<std::string>({"\n", " ", ".", "x", "\xc2\xa0"}), name);
    case 4:
      return absl::StrFormat("BACKUP_%s", name.substr(7));
    default: {
      // Any character by any other: now and then that is a backup's name again.
      static const std::string kCharacters(
          "0123456789_-+ .\n\xff\xb2"
          "aB");
      name[trial.Below(name.size())] = kCharacters[trial.Below(kCharacters.size())];
      return name;
    }
  }
}

RandomRoot MakeRandomRoot(Trial& trial, const std::string& top) {
  RandomRoot made;
  const std::string root = top + "/root";
  MakeDirectory(root);
  MakeOutside(top + "/outside");
  const size_t entries = trial.Below(12);
  for (size_t i = 0; i < entries; ++i) {
    const std::string name = RootEntryName(trial);
    const std::string path = absl::StrCat(root, "/", name);
    if (!CanBeAName(name) || made.model.entries.count(name) > 0) continue;
    const size_t kind = trial.Below(100);
    made.model.entries[name] = kind < 75;
    trial.Describe(
        absl::StrCat(kind < 75 ? "directory '" : "no directory '", absl::CHexEscape(name), "'"));
    if (kind < 75) {
      MakeDirectory(path);
      made.inner_directories.push_back(path);
      Fill(trial, top, path, 3, &made);
      KeepVerdict(trial, name, path, &made.model);
      if (trial.Below(2000) == 0) {
        MakeDeep(path, 1500);
      } else if (trial.Percent(1)) {
        MakeDeep(path, 100);
      }
      if (trial.Percent(5)) Must(chmod(path.c_str(), 0500), path);
    } else if (kind < 85) {
      Must(symlink(LinkTarget(trial, top).c_str(), path.c_str()), path);
    } else if (kind < 90) {
      Must(symlink(RandomBackupName(trial).c_str(), path.c_str()), path);
    } else if (kind < 96) {
      WriteFile(path, name);
    } else {
      Must(mkfifo(path.c_str(), 0600), path);
    }
  }
  return made;
}

}  // namespace mysql_backup

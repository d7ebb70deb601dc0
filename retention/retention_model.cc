#include "retention/retention_model.h"

namespace mysql_backup {
namespace {

int Number(const std::string& name, size_t begin, size_t size) {
  int number = 0;
  for (const char digit : name.substr(begin, size)) number = 10 * number + (digit - '0');
  return number;
}

int DaysIn(int year, int month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

bool IsHiddenName(const std::string& name, const std::string& suffix) {
  return name.size() == 1 + 22 + suffix.size() && name[0] == '.' && name.substr(23) == suffix &&
         ModelIsBackupName(name.substr(1, 22));
}

}  // namespace

bool ModelRoot::IsDirectory(const std::string& name) const {
  return entries.count(name) > 0 && entries.at(name);
}

bool ModelRoot::IsOther(const std::string& name) const {
  return entries.count(name) > 0 && !entries.at(name);
}

bool ModelIsBackupName(const std::string& name) {
  const std::string form = "backup_dddddddd_dddddd";
  if (name.size() != form.size()) return false;
  for (size_t i = 0; i < form.size(); ++i) {
    const bool is_digit = name[i] >= '0' && name[i] <= '9';
    const bool wants_digit = form[i] == 'd';
    if (wants_digit ? !is_digit : name[i] != form[i]) return false;
  }
  const int month = Number(name, 11, 2);
  const int day = Number(name, 13, 2);
  return month >= 1 && month <= 12 && day >= 1 && day <= DaysIn(Number(name, 7, 4), month) &&
         Number(name, 16, 2) < 24 && Number(name, 18, 2) < 60 && Number(name, 20, 2) < 60;
}

std::string ModelDeletingName(const std::string& name) { return "." + name + ".deleting"; }

std::vector<std::string> ModelPublished(const ModelRoot& root) {
  std::vector<std::string> published;
  for (const auto& [name, is_directory] : root.entries) {
    if (is_directory && ModelIsBackupName(name)) published.push_back(name);
  }
  return published;
}

std::vector<std::string> ModelPlan(std::vector<std::string> published, size_t keep) {
  for (; keep > 0 && !published.empty(); --keep) published.pop_back();
  return published;
}

absl::optional<std::vector<std::string>> ModelList(const std::string& text) {
  std::vector<std::string> lines;
  std::string line;
  for (const char c : text) {
    if (c != '\n') {
      line += c;
      continue;
    }
    lines.push_back(line);
    line.clear();
  }
  if (!line.empty() || lines.empty()) return absl::nullopt;
  const std::string trailer = lines.back();
  lines.pop_back();
  if (trailer != "end " + std::to_string(lines.size())) return absl::nullopt;
  std::string last;
  for (const std::string& name : lines) {
    if (!ModelIsBackupName(name) || name <= last) return absl::nullopt;
    last = name;
  }
  return lines;
}

ModelOutcome ModelExpire(const ModelRoot& root, const std::vector<std::string>& names) {
  ModelOutcome outcome;
  const std::set<std::string> listed(names.begin(), names.end());
  size_t published = 0;
  size_t kept = 0;
  size_t kept_good = 0;
  size_t kept_bad = 0;
  std::string newest_good;
  std::string newest_unknown;
  for (const std::string& name : ModelPublished(root)) {
    ++published;
    if (listed.count(name) == 0) {
      ++kept;
      kept_good += root.good.count(name);
      kept_bad += root.bad.count(name);
    } else if (root.good.count(name) > 0) {
      newest_good = name;
    } else if (root.bad.count(name) == 0) {
      newest_unknown = name;
    }
  }
  outcome.refused = published > 0 && kept == 0;
  if (outcome.refused) return outcome;
  std::string stays;
  if (kept_good == 0 && kept_bad > 0) stays = newest_good;
  if (stays.empty() && kept_bad > 0 && kept_bad == kept) stays = newest_unknown;
  for (const std::string& name : names) {
    const std::string deleting = ModelDeletingName(name);
    if (root.IsOther(name)) {
      outcome.left.push_back(name);
      continue;
    }
    if (root.IsDirectory(deleting)) outcome.gone.insert(deleting);
    if (name == stays || root.locked.count(name) > 0) continue;
    if (root.IsDirectory(name) && root.IsOther(deleting)) {
      outcome.left.push_back(name);
      continue;
    }
    if (root.IsDirectory(name)) outcome.gone.insert(name);
    if (root.IsDirectory(name) || root.IsDirectory(deleting)) outcome.reported.push_back(name);
  }
  return outcome;
}

ModelOutcome ModelRemoveLeftovers(const ModelRoot& root) {
  ModelOutcome outcome;
  for (const auto& [name, is_directory] : root.entries) {
    const bool leftover =
        name == ".verify" || IsHiddenName(name, ".partial") || IsHiddenName(name, ".deleting");
    if (!leftover || !is_directory || root.locked.count(name) > 0) continue;
    outcome.gone.insert(name);
    outcome.reported.push_back(name);
  }
  return outcome;
}

}  // namespace mysql_backup

// Many random trials of one property, each of which can be repeated alone.
//
// The environment says how many and which; a test's own default is small:
//   TRIALS=N   how many (bazel test --test_env=TRIALS=100000 ...)
//   SEED=N     another N is another set of trials (default 1)
//   TRIAL=N    only this one of them
// A trial that fails prints the command that repeats it. At the end there is one line:
//   <suite> trials=N survived=N seed=N <notes>

#ifndef MYSQL_BACKUP_BASE_TESTING_TRIALS_H_
#define MYSQL_BACKUP_BASE_TESTING_TRIALS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace mysql_backup {

// One trial: its source of chance, and what was seen to be wrong. Chance depends on the seed and
// the trial's number alone, on every machine: the distributions of the C++ library would not
// promise that.
class Trial {
 public:
  Trial(uint64_t seed, uint64_t number);

  // Returns a number from 0 to `limit` - 1.
  size_t Below(size_t limit) { return static_cast<size_t>(random_() % limit); }
  bool Percent(size_t chance) { return Below(100) < chance; }
  template <typename T>
  const T& Pick(const std::vector<T>& choices) {
    return choices[Below(choices.size())];
  }

  // Notes that the trial failed unless `good`; returns `good`.
  bool Expect(bool good, absl::string_view otherwise);

  // Text that is shown when the trial fails.
  void Describe(absl::string_view text);

  // Counts something for the last line: `name`=N.
  void Count(const std::string& name, uint64_t more = 1) { counts_[name] += more; }

  bool failed() const { return failed_; }
  const std::string& report() const { return report_; }
  const std::map<std::string, uint64_t>& counts() const { return counts_; }

 private:
  std::mt19937_64 random_;
  bool failed_ = false;
  std::string report_;
  std::map<std::string, uint64_t> counts_;
};

// Runs the trials as the environment wants it and fails the current test for each that failed;
// stops after five. Returns the sums of what was counted.
std::map<std::string, uint64_t> RunTrials(const std::string& suite, uint64_t default_trials,
                                          const std::function<void(Trial&)>& run);

}  // namespace mysql_backup

#endif  // MYSQL_BACKUP_BASE_TESTING_TRIALS_H_

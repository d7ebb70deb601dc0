#include "base/testing/trials.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace mysql_backup {
namespace {

constexpr int kFailuresShown = 5;

uint64_t FromEnvironment(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  uint64_t value = otherwise;
  if (text != nullptr && !absl::SimpleAtoi(text, &value)) {
    ADD_FAILURE() << variable << "='" << text << "' is not a number";
  }
  return value;
}

std::string RepeatCommand(uint64_t seed, uint64_t number) {
  const testing::TestInfo* const info = testing::UnitTest::GetInstance()->current_test_info();
  const char* const target = std::getenv("TEST_TARGET");
  return absl::StrCat("bazel test --test_env=SEED=", seed, " --test_env=TRIAL=", number,
                      " --test_filter=", info->test_suite_name(), ".", info->name(), " ",
                      target == nullptr ? "//..." : target);
}

}  // namespace

Trial::Trial(uint64_t seed, uint64_t number) {
  std::seed_seq sequence{seed & 0xffffffff, seed >> 32, number & 0xffffffff, number >> 32};
  random_.seed(sequence);
}

bool Trial::Expect(bool good, absl::string_view otherwise) {
  if (good) return true;
  failed_ = true;
  absl::StrAppend(&report_, "WRONG: ", otherwise, "\n");
  return false;
}

void Trial::Describe(absl::string_view text) { absl::StrAppend(&report_, text, "\n"); }

std::map<std::string, uint64_t> RunTrials(const std::string& suite, uint64_t default_trials,
                                          const std::function<void(Trial&)>& run) {
  const uint64_t seed = FromEnvironment("SEED", 1);
  const bool only_one = std::getenv("TRIAL") != nullptr;
  const uint64_t first = FromEnvironment("TRIAL", 0);
  const uint64_t trials = only_one ? 1 : FromEnvironment("TRIALS", default_trials);
  std::map<std::string, uint64_t> counts;
  uint64_t done = 0;
  uint64_t survived = 0;
  for (; done < trials && done - survived < kFailuresShown; ++done) {
    Trial trial(seed, first + done);
    run(trial);
    for (const auto& [name, count] : trial.counts()) counts[name] += count;
    if (!trial.failed()) {
      ++survived;
      continue;
    }
    ADD_FAILURE() << suite << " trial " << first + done << " of seed " << seed << ":\n"
                  << trial.report() << "repeat it: " << RepeatCommand(seed, first + done);
  }
  std::cout << suite << " trials=" << done << " survived=" << survived << " seed=" << seed;
  for (const auto& [name, count] : counts) std::cout << " " << name << "=" << count;
  std::cout << std::endl;
  EXPECT_GT(done, 0) << "TRIALS=0 proves nothing";
  return counts;
}

}  // namespace mysql_backup

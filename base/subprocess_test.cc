#include "base/subprocess.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/interrupt.h"

namespace mysql_backup {
namespace {

// Long enough never to pass by itself: what waits for it was not ended as it should be.
constexpr absl::string_view kForEver = "1000";

SubprocessOptions Shell(absl::string_view script) {
  SubprocessOptions options;
  options.argv = {"/bin/sh", "-c", std::string(script)};
  return options;
}

std::string StdoutOf(SubprocessOptions options) {
  absl::StatusOr<SubprocessResult> result = RunSubprocessOk(std::move(options));
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? result->stdout_text : "";
}

// Whether the process is gone or only waits for its parent to look at it.
bool IsDead(const std::string& pid) {
  std::FILE* file = std::fopen(absl::StrCat("/proc/", pid, "/stat").c_str(), "r");
  if (file == nullptr) return true;
  char state = '?';
  if (std::fscanf(file, "%*d %*s %c", &state) != 1) state = 'Z';
  std::fclose(file);
  return state == 'Z';
}

// Waits for something that another process does; the test's own time limit is the deadline.
template <typename Condition>
void WaitUntil(Condition condition) {
  while (!condition()) usleep(5000);
}

TEST(SubprocessTest, ArgumentsArriveAsGiven) {
  SubprocessOptions options;
  options.argv = {"/usr/bin/printf", "[%s]", "", "a b", "$HOME", "*", "'\"", "new\nline", "--"};
  EXPECT_EQ(StdoutOf(options), "[][a b][$HOME][*]['\"][new\nline][--]");
}

TEST(SubprocessTest, EnvironmentIsCleared) {
  ASSERT_EQ(setenv("MYSQL_PWD", "secret", 1), 0);
  SubprocessOptions options;
  options.argv = {"/usr/bin/env"};
  EXPECT_EQ(StdoutOf(options),
            "LC_ALL=C\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
  unsetenv("MYSQL_PWD");
}

TEST(SubprocessTest, OnlyStandardDescriptorsArePassedOn) {
  // Without close-on-exec, as a careless parent of this process would leave it.
  const UniqueFd leaked(open("/dev/null", O_RDONLY));
  const UniqueFd high(fcntl(leaked.get(), F_DUPFD, 200));
  ASSERT_TRUE(high.ok());
  SubprocessOptions options;
  options.argv = {"/bin/ls", "/proc/self/fd"};
  EXPECT_EQ(StdoutOf(options), "0\n1\n2\n3\n");  // 3 is the directory that ls reads
}

// Dispositions are inherited through exec when a signal is ignored.
TEST(SubprocessTest, TakesSignalsThatThisProcessIgnores) {
  for (const int signal_number : {SIGPIPE, SIGINT}) {
    const auto before = std::signal(signal_number, SIG_IGN);
    const absl::Status status =
        RunSubprocess(Shell(absl::StrCat("kill -", signal_number, " $$; echo survived"))).status();
    std::signal(signal_number, before);
    EXPECT_EQ(status.code(), absl::StatusCode::kAborted) << signal_number << ": " << status;
  }
}

TEST(SubprocessTest, StartsInTheRootDirectoryOrTheOneGiven) {
  EXPECT_EQ(StdoutOf(Shell("pwd -P")), "/\n");
  const UniqueFd directory(open("/usr/bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  SubprocessOptions options = Shell("pwd -P");
  options.working_directory = directory.get();
  EXPECT_EQ(StdoutOf(options), "/usr/bin\n");
}

TEST(SubprocessTest, ABadWorkingDirectoryIsAnError) {
  const UniqueFd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  SubprocessOptions options = Shell("echo ran");
  options.working_directory = file.get();
  const absl::Status status = RunSubprocess(options).status();
  EXPECT_EQ(status.message(), "cannot run /bin/sh: Not a directory");
}

TEST(SubprocessTest, StdinIsEmptyOrTheOneGiven) {
  EXPECT_EQ(StdoutOf(Shell("cat; echo end")), "end\n");
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
  const UniqueFd read_end(fds[0]);
  UniqueFd write_end(fds[1]);
  ASSERT_EQ(write(write_end.get(), "given\n", 6), 6);
  write_end.reset();
  SubprocessOptions options = Shell("cat; echo end");
  options.stdin_fd = read_end.get();
  EXPECT_EQ(StdoutOf(options), "given\nend\n");
}

TEST(SubprocessTest, StdoutGoesToTheDescriptorGiven) {
  std::FILE* file = std::tmpfile();
  SubprocessOptions options = Shell("echo out; echo err >&2");
  options.stdout_fd = fileno(file);
  const absl::StatusOr<SubprocessResult> result = RunSubprocess(options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->stdout_text, "");
  EXPECT_EQ(result->stderr_text, "err\n");
  char text[8] = {};
  EXPECT_EQ(pread(fileno(file), text, sizeof(text), 0), 4);
  EXPECT_STREQ(text, "out\n");
  std::fclose(file);
}

// Cron gives all three, but a daemon may have closed them.
TEST(SubprocessTest, WorksWithTheStandardDescriptorsClosed) {
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    for (const int fd : {0, 1, 2}) close(fd);
    absl::StatusOr<SubprocessResult> result = RunSubprocess(Shell("cat; echo out; echo err >&2"));
    if (!result.ok() || result->stdout_text != "out\n" || result->stderr_text != "err\n") _exit(1);
    SubprocessOptions missing;
    missing.argv = {"/no/such/program"};
    _exit(absl::IsNotFound(RunSubprocess(missing).status()) ? 0 : 2);
  }
  int wait_status = 0;
  ASSERT_EQ(waitpid(pid, &wait_status, 0), pid);
  EXPECT_EQ(wait_status, 0);
}

TEST(SubprocessTest, ANonZeroExitCodeIsAResult) {
  const absl::StatusOr<SubprocessResult> result =
      RunSubprocess(Shell("echo data; echo why >&2; exit 7"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 7);
  EXPECT_EQ(result->stdout_text, "data\n");
  EXPECT_EQ(result->stderr_text, "why\n");
}

TEST(SubprocessTest, OkTurnsANonZeroExitCodeIntoAnError) {
  const absl::Status status =
      RunSubprocessOk(Shell("echo first >&2; echo second >&2; exit 5")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(status.message(), "/bin/sh -c failed: exit code 5: first; second");
  EXPECT_EQ(RunSubprocessOk(Shell("exit 5")).status().message(), "/bin/sh -c failed: exit code 5");
}

TEST(SubprocessTest, AMissingProgramIsNotFoundWithAHint) {
  SubprocessOptions options;
  options.argv = {"/no/such/program"};
  const absl::Status status = RunSubprocess(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(),
            "cannot run /no/such/program: No such file or directory; is its package installed?");
  options.argv = {"/etc/passwd"};
  EXPECT_EQ(RunSubprocess(options).status().message(), "cannot run /etc/passwd: Permission denied");
}

TEST(SubprocessTest, BigOutputsOnBothStreams) {
  // 3 MB on each, in turns, many times what a pipe holds.
  const absl::StatusOr<SubprocessResult> result =
      RunSubprocessOk(Shell("i=0; while [ $i -lt 30 ]; do head -c 100000 /dev/zero | tr '\\0' o; "
                            "head -c 100000 /dev/zero | tr '\\0' e >&2; i=$((i+1)); done; "
                            "echo last >&2"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->stdout_text == std::string(3'000'000, 'o')) << result->stdout_text.size();
  // Of stderr the end is kept, where programs say why they gave up.
  EXPECT_EQ(result->stderr_text.size(), size_t{64} << 10);
  EXPECT_TRUE(absl::EndsWith(result->stderr_text, "elast\n"));
}

TEST(SubprocessTest, KeepsTheFirst16MiBOfStdout) {
  const absl::StatusOr<SubprocessResult> result =
      RunSubprocessOk(Shell("echo first; head -c 20000000 /dev/zero"));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->stdout_text.size(), size_t{16} << 20);
  EXPECT_TRUE(absl::StartsWith(result->stdout_text, "first\n"));
}

TEST(SubprocessTest, HandsStdoutOnAsItComes) {
  std::string seen;
  SubprocessOptions options = Shell("head -c 300000 /dev/zero | tr '\\0' x; echo end");
  options.on_stdout = [&seen](absl::string_view chunk) { seen.append(chunk.data(), chunk.size()); };
  const absl::StatusOr<SubprocessResult> result = RunSubprocessOk(options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->stdout_text, "");
  EXPECT_TRUE(seen == std::string(300'000, 'x') + "end\n") << seen.size();
}

TEST(SubprocessTest, ADeathBySignalIsAborted) {
  const absl::Status status = RunSubprocess(Shell("echo words >&2; kill -SEGV $$")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(status.message(), "/bin/sh was killed by SIGSEGV: words");
}

TEST(SubprocessTest, TheDeadlineTerminates) {
  // The child ends by its own clean-up: TERM comes before KILL.
  std::string seen;
  SubprocessOptions options = Shell(
      absl::StrCat("trap 'echo cleaned; exit 0' TERM; echo ready; sleep ", kForEver, " & wait"));
  options.deadline = absl::Milliseconds(300);
  options.kill_after = absl::Hours(1);
  options.on_stdout = [&seen](absl::string_view chunk) { seen.append(chunk.data(), chunk.size()); };
  const absl::Status status = RunSubprocess(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(status.message(), "/bin/sh: no end within 300ms, terminated");
  EXPECT_EQ(seen, "ready\ncleaned\n");
}

TEST(SubprocessTest, WhatIgnoresTermIsKilledWithItsGroup) {
  // Both the child and its own child ignore TERM; the latter also outlives the former.
  std::string pids;
  SubprocessOptions options =
      Shell(absl::StrCat("trap '' TERM; sleep ", kForEver, " & echo $$ $!; wait"));
  options.deadline = absl::Milliseconds(300);
  options.kill_after = absl::Milliseconds(100);
  options.on_stdout = [&pids](absl::string_view chunk) { pids.append(chunk.data(), chunk.size()); };
  EXPECT_EQ(RunSubprocess(options).status().code(), absl::StatusCode::kDeadlineExceeded);
  const std::vector<std::string> both =
      absl::StrSplit(pids, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  ASSERT_EQ(both.size(), 2u) << pids;
  for (const std::string& pid : both) WaitUntil([&pid] { return IsDead(pid); });
}

TEST(SubprocessTest, WhatOutlivesATerminatedChildIsKilled) {
  // The child ends on TERM, its own child ignores it.
  std::string pid;
  SubprocessOptions options =
      Shell(absl::StrCat("(trap '' TERM; exec sleep ", kForEver, ") & echo $!; wait"));
  options.deadline = absl::Milliseconds(300);
  options.kill_after = absl::Hours(1);
  options.on_stdout = [&pid](absl::string_view chunk) { pid.append(chunk.data(), chunk.size()); };
  EXPECT_EQ(RunSubprocess(options).status().code(), absl::StatusCode::kDeadlineExceeded);
  pid = std::string(absl::StripAsciiWhitespace(pid));
  ASSERT_NE(pid, "");
  WaitUntil([&pid] { return IsDead(pid); });
}

TEST(SubprocessTest, TheDeadlineHoldsForWhatNeverStopsWriting) {
  SubprocessOptions options;
  options.argv = {"/usr/bin/yes"};
  options.deadline = absl::Milliseconds(200);
  options.on_stdout = [](absl::string_view) { usleep(10000); };  // the pipe is always full
  EXPECT_EQ(RunSubprocess(options).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(SubprocessTest, DoesNotWaitForWhatADaemonKeepsOpen) {
  // As lvcreate may start dmeventd, which inherits its standard descriptors and stays.
  absl::StatusOr<SubprocessResult> result = RunSubprocess(
      Shell(absl::StrCat("setsid sleep ", kForEver, " & echo $!; echo note >&2; exit 3")));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->stderr_text, "note\n");
  int daemon = 0;
  ASSERT_TRUE(absl::SimpleAtoi(result->stdout_text, &daemon));
  EXPECT_FALSE(IsDead(absl::StrCat(daemon)));
  kill(daemon, SIGKILL);
}

TEST(SubprocessTest, HasAProcessGroupOfItsOwnUnlessInTheForeground) {
  SubprocessOptions options;
  // Fields of /proc/self/stat: pid, name, state, parent, group.
  options.argv = {"/bin/cat", "/proc/self/stat"};
  for (const bool foreground : {false, true}) {
    options.foreground = foreground;
    const std::vector<std::string> fields = absl::StrSplit(StdoutOf(options), ' ');
    ASSERT_GT(fields.size(), 4u);
    EXPECT_EQ(fields[4], foreground ? absl::StrCat(getpgrp()) : fields[0]);
  }
}

TEST(SubprocessTest, TerminateAsksFirst) {
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
  const UniqueFd read_end(fds[0]);
  UniqueFd write_end(fds[1]);
  SubprocessOptions options = Shell(absl::StrCat(
      "trap 'echo cleaned >&2; exit 9' TERM; echo ready; sleep ", kForEver, " & wait"));
  options.stdout_fd = write_end.get();
  options.kill_after = absl::Hours(1);
  absl::StatusOr<Subprocess> child = Subprocess::Start(options);
  ASSERT_TRUE(child.ok()) << child.status();
  EXPECT_GT(child->pid(), 0);
  EXPECT_GE(child->pidfd(), 0);
  char ready[8] = {};
  ASSERT_EQ(read(read_end.get(), ready, sizeof(ready)), 6);
  const absl::StatusOr<SubprocessResult> result = child->Terminate();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 9);
  EXPECT_EQ(result->stderr_text, "cleaned\n");
}

TEST(SubprocessTest, AStoppedChildIsTerminatedToo) {
  SubprocessOptions options = Shell("trap 'echo cleaned; exit 9' TERM; kill -STOP $$; sleep 0.01");
  options.kill_after = absl::Hours(1);
  absl::StatusOr<Subprocess> child = Subprocess::Start(options);
  ASSERT_TRUE(child.ok()) << child.status();
  siginfo_t info = {};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child->pid()), &info, WSTOPPED), 0);
  const absl::StatusOr<SubprocessResult> result = child->Terminate();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 9);
}

TEST(SubprocessTest, IsTerminatedWhenItIsNoLongerWanted) {
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
  const UniqueFd read_end(fds[0]);
  UniqueFd write_end(fds[1]);
  SubprocessOptions options = Shell(absl::StrCat("echo ready; exec sleep ", kForEver));
  options.stop_fd = read_end.get();
  options.finish_when_interrupted = true;  // that is about signals only
  options.on_stdout = [&write_end](absl::string_view) { write_end.reset(); };
  const absl::Status status = RunSubprocess(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(status.message(), "/bin/sh: no longer wanted, terminated");
}

TEST(SubprocessTest, TheDestructorKillsAndReaps) {
  pid_t pid = -1;
  {
    absl::StatusOr<Subprocess> child =
        Subprocess::Start(Shell(absl::StrCat("trap '' TERM; sleep ", kForEver)));
    ASSERT_TRUE(child.ok()) << child.status();
    const Subprocess moved = *std::move(child);
    pid = moved.pid();
    EXPECT_EQ(kill(pid, 0), 0);
  }
  EXPECT_EQ(waitpid(pid, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

// In processes of their own, since a caught interrupt stays.
void RunForked(int (*body)()) {
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) _exit(body());
  int wait_status = 0;
  ASSERT_EQ(waitpid(pid, &wait_status, 0), pid);
  EXPECT_TRUE(WIFEXITED(wait_status)) << wait_status;
  EXPECT_EQ(WEXITSTATUS(wait_status), 0);
}

TEST(InterruptTest, EndsARunningChildWhichMayCleanUp) {
  RunForked([] {
    CatchInterrupts();
    std::string seen;
    SubprocessOptions options = Shell(
        absl::StrCat("trap 'echo cleaned; exit 0' TERM; echo ready; sleep ", kForEver, " & wait"));
    options.kill_after = absl::Hours(1);
    options.on_stdout = [&seen](absl::string_view chunk) {
      seen.append(chunk.data(), chunk.size());
      if (seen == "ready\n") std::raise(SIGTERM);
    };
    const absl::Status status = RunSubprocess(options).status();
    if (!absl::IsCancelled(status)) return 1;
    if (status.message() != "/bin/sh: interrupted by SIGTERM, terminated") return 2;
    return seen == "ready\ncleaned\n" ? 0 : 3;
  });
}

TEST(InterruptTest, EachSignalIsTakenAndNamed) {
  RunForked([] {
    CatchInterrupts();
    if (!CheckInterrupt().ok()) return 1;
    const std::pair<int, const char*> kSignals[] = {
        {SIGHUP, "interrupted by SIGHUP"},
        {SIGINT, "interrupted by SIGINT"},
        {SIGTERM, "interrupted by SIGTERM"},
    };
    for (const auto& [signal_number, words] : kSignals) {
      std::raise(signal_number);
      if (CheckInterrupt().message() != words) return signal_number;
    }
    return 0;
  });
}

TEST(InterruptTest, WhatTheCallerIgnoresStaysIgnored) {
  RunForked([] {
    std::signal(SIGHUP, SIG_IGN);
    CatchInterrupts();
    std::raise(SIGHUP);
    return CheckInterrupt().ok() ? 0 : 1;
  });
}

TEST(InterruptTest, AReaderThatHasGoneIsAnError) {
  RunForked([] {
    CatchInterrupts();
    int fds[2];
    if (pipe(fds) != 0 || close(fds[0]) != 0) return 1;
    return write(fds[1], "x", 1) < 0 && errno == EPIPE ? 0 : 2;
  });
}

TEST(InterruptTest, ThisProcessEndsWithItsParent) {
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
  const UniqueFd read_end(fds[0]);
  UniqueFd write_end(fds[1]);
  const pid_t middle = fork();
  ASSERT_GE(middle, 0);
  if (middle == 0) {
    int ready[2];
    if (pipe(ready) != 0) _exit(1);
    if (fork() == 0) {
      CatchInterrupts();
      if (write(ready[1], "r", 1) != 1) _exit(1);
      const absl::Status status = RunSubprocess(Shell(absl::StrCat("sleep ", kForEver))).status();
      const char verdict = absl::IsCancelled(status) ? 'c' : 'x';
      _exit(write(fds[1], &verdict, 1) == 1 ? 0 : 1);
    }
    char byte = 0;
    _exit(read(ready[0], &byte, 1) == 1 ? 0 : 1);
  }
  write_end.reset();
  int wait_status = 0;
  ASSERT_EQ(waitpid(middle, &wait_status, 0), middle);
  EXPECT_EQ(wait_status, 0);
  char verdict = '?';
  ASSERT_EQ(read(read_end.get(), &verdict, 1), 1);
  EXPECT_EQ(verdict, 'c');
}

// When this process is killed outright, its child is asked to end.
TEST(InterruptTest, TheChildEndsWithThisProcess) {
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
  const UniqueFd read_end(fds[0]);
  UniqueFd write_end(fds[1]);
  const pid_t middle = fork();
  ASSERT_GE(middle, 0);
  if (middle == 0) {
    SubprocessOptions options = Shell(absl::StrCat("echo $$; exec sleep ", kForEver));
    options.stdout_fd = write_end.get();
    RunSubprocess(options).IgnoreError();
    _exit(1);
  }
  char text[32] = {};
  ASSERT_GT(read(read_end.get(), text, sizeof(text) - 1), 0);
  const std::string pid(absl::StripAsciiWhitespace(text));
  ASSERT_EQ(kill(middle, SIGKILL), 0);
  ASSERT_EQ(waitpid(middle, nullptr, 0), middle);
  WaitUntil([&pid] { return IsDead(pid); });
}

}  // namespace
}  // namespace mysql_backup

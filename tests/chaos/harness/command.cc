#include "tests/chaos/harness/command.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>

extern char** environ;

namespace cloudpos::chaos {
namespace {

constexpr size_t kTail = 600;

absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& words, int out) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::NotFoundError(words[0] + " cannot be started");
  return pid;
}

/// False when `end` came first.
bool ReadToEnd(int in, Micros end, std::string* out) {
  std::array<char, 8192> buffer{};
  while (true) {
    pollfd readable{in, POLLIN, 0};
    const Micros left = end - Now();
    if (left <= 0) return false;
    if (poll(&readable, 1, static_cast<int>(left / kMilli) + 1) <= 0) continue;
    const ssize_t n = read(in, buffer.data(), buffer.size());
    if (n <= 0) return true;
    out->append(buffer.data(), static_cast<size_t>(n));
  }
}

}  // namespace

absl::StatusOr<CommandResult> RunCommand(const std::vector<std::string>& words, Micros limit) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::UnavailableError("no pipe");
  const absl::StatusOr<pid_t> pid = Spawn(words, ends[1]);
  close(ends[1]);
  CommandResult result;
  bool is_done = false;
  if (pid.ok()) {
    is_done = ReadToEnd(ends[0], Now() + limit, &result.out);
    if (!is_done) kill(*pid, SIGKILL);
    int status = 0;
    waitpid(*pid, &status, 0);
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  close(ends[0]);
  if (!pid.ok()) return pid.status();
  if (!is_done) return absl::DeadlineExceededError(words[0] + " took too long: " + result.out);
  return result;
}

absl::Status MustRun(const std::vector<std::string>& words, Micros limit) {
  const absl::StatusOr<CommandResult> result = RunCommand(words, limit);
  if (!result.ok()) return result.status();
  if (result->exit_code == 0) return absl::OkStatus();
  const std::string& out = result->out;
  return absl::InternalError(words[0] + " ended with " + std::to_string(result->exit_code) + ": " +
                             (out.size() > kTail ? out.substr(out.size() - kTail) : out));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(path + " cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  const std::string next = path + ".new";
  {
    std::ofstream out(next, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush()) return absl::UnavailableError(path + " cannot be written");
  }
  chmod(next.c_str(), 0644);
  if (std::rename(next.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(path + " cannot be written");
  }
  return absl::OkStatus();
}

}  // namespace cloudpos::chaos

// The armed macros: this file alone is compiled with CLOUDPOS_FAULTS (CMakeLists.txt).

#include "libs/faults/faults.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace cloudpos::faults {
namespace {

namespace fs = std::filesystem;

/// A folder that goes with the process that made it, not with its children.
class OwnFolder {
 public:
  OwnFolder() {
    std::string name = "/tmp/cloudpos-faults.XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~OwnFolder() {
    std::error_code ignored;
    if (getpid() == maker_) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  const pid_t maker_ = getpid();
};

/// The folder of this process, made before anything is reached for: it is read once.
class Orders {
 public:
  Orders() {
    const char* set = getenv("POS_TEST_FAULTS");
    if (set == nullptr) {
      static const OwnFolder own;
      folder_ = own.path();
      setenv("POS_TEST_FAULTS", folder_.c_str(), 1);
    } else {
      folder_ = set;
    }
    for (const char* name : {"point", "fired", "bug", "clock"}) {
      fs::remove_all(folder_ / name);
      fs::create_directory(folder_ / name);
    }
  }
  ~Orders() {
    for (const char* name : {"point", "fired", "bug", "clock"}) fs::remove_all(folder_ / name);
  }

  void Put(const std::string& file, const std::string& text) const {
    std::ofstream(folder_ / "new") << text;
    fs::rename(folder_ / "new", folder_ / file);
  }
  bool Has(const std::string& file) const { return fs::exists(folder_ / file); }
  void Remove(const std::string& file) const { fs::remove(folder_ / file); }
  size_t Fired() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_ / "fired"), {}));
  }

 private:
  fs::path folder_;
};

std::string Fired(const std::string& point, pid_t pid) {
  return "fired/" + point + "." + std::to_string(pid);
}

/// Runs `body` in a child process and answers how that ended or stopped.
template <typename Body>
int StatusOf(Body body, pid_t* pid) {
  *pid = fork();
  if (*pid == 0) {
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(*pid, &status, WUNTRACED);
  return status;
}

double SecondsOf(const std::function<void()>& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST_CASE("a point does nothing without an order", "[faults]") {
  const Orders orders;
  FAIL_POINT("T1.before");
  FAIL_POINT_MEANWHILE("T1.before");
  CHECK_FALSE(FAIL_POINT_ERROR("T1.before"));
  CHECK(orders.Fired() == 0);
}

TEST_CASE("abort kills at the point and leaves a trace", "[faults]") {
  const Orders orders;
  orders.Put("point/a", "abort\n");
  pid_t pid = 0;
  const int status = StatusOf([] { FAIL_POINT("a"); }, &pid);
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
  CHECK(orders.Has(Fired("a", pid)));
  CHECK_FALSE(orders.Has("point/a"));
}

TEST_CASE("stop stops at the point, and goes on when continued", "[faults]") {
  const Orders orders;
  orders.Put("point/a", "stop");
  pid_t pid = 0;
  const int status = StatusOf([] { FAIL_POINT("a"); }, &pid);
  REQUIRE(WIFSTOPPED(status));
  kill(pid, SIGCONT);
  int end = 0;
  waitpid(pid, &end, 0);
  CHECK((WIFEXITED(end) && WEXITSTATUS(end) == 0));
}

TEST_CASE("sleep and error act once, and each time is seen", "[faults]") {
  const Orders orders;
  orders.Put("point/a", "sleep 60");
  CHECK(SecondsOf([] { FAIL_POINT("a"); }) >= 0.06);
  CHECK(SecondsOf([] { FAIL_POINT("a"); }) < 0.05);
  orders.Put("point/a", "error");
  CHECK(FAIL_POINT_ERROR("a"));
  CHECK_FALSE(FAIL_POINT_ERROR("a"));
  CHECK(orders.Has(Fired("a", getpid())));
  CHECK(orders.Has(Fired("a", getpid()) + ".2"));
}

TEST_CASE("an order can be for one program", "[faults]") {
  const Orders orders;
  orders.Put("point/a@cloudpos-other", "error");
  CHECK_FALSE(FAIL_POINT_ERROR("a"));
  orders.Put(std::string("point/a@") + program_invocation_short_name, "error");
  CHECK(FAIL_POINT_ERROR("a"));
}

TEST_CASE("one of many takes the order", "[faults]") {
  const Orders orders;
  for (int round = 0; round < 20; ++round) {
    orders.Put("point/a", "error");
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&taken] { taken += FAIL_POINT_ERROR("a") ? 1 : 0; });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(taken == 1);
  }
}

TEST_CASE("meanwhile acts after the caller went on", "[faults]") {
  const Orders orders;
  orders.Put("point/a", "abort");
  pid_t pid = 0;
  const int status = StatusOf(
      [&orders] {
        FAIL_POINT_MEANWHILE("a");
        orders.Put("bug/went_on", "");
        std::this_thread::sleep_for(std::chrono::seconds(5));
      },
      &pid);
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
  CHECK(orders.Has("bug/went_on"));
}

TEST_CASE("an order that cannot be obeyed ends the program", "[faults]") {
  const Orders orders;
  for (const char* order : {"", "error", "explode", "sleep", "sleep soon"}) {
    orders.Put("point/a", order);
    pid_t pid = 0;
    const int status = StatusOf(
        [] {
          signal(SIGABRT, SIG_DFL);  // not Catch's
          close(STDERR_FILENO);
          FAIL_POINT("a");
        },
        &pid);
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
  }
}

TEST_CASE("a bug is on while its file is there", "[faults]") {
  const Orders orders;
  CHECK_FALSE(SEEDED_BUG("wrong_change"));
  orders.Put("bug/wrong_change", "");
  CHECK(SEEDED_BUG("wrong_change"));
  orders.Remove("bug/wrong_change");
  CHECK_FALSE(SEEDED_BUG("wrong_change"));
}

struct Query {
  const char* name;
  const char* sql;
};

TEST_CASE("a bug in a statement", "[faults]") {
  const Orders orders;
  constexpr Query kQuery{"q", "SELECT a FROM b WHERE c"};
  CHECK(SEEDED_SQL("blind", kQuery, " WHERE c", "").sql == kQuery.sql);
  orders.Put("bug/blind", "");
  const Query blind = SEEDED_SQL("blind", kQuery, " WHERE c", "");
  CHECK(std::string(blind.sql) == "SELECT a FROM b");
  CHECK(SEEDED_SQL("blind", kQuery, " WHERE c", "").sql == blind.sql);
}

TEST_CASE("a clock can be out, either way", "[faults]") {
  const Orders orders;
  const auto read = [] {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    return CLOCK_SHIFT_SECONDS();
  };
  CHECK(read() == 0);
  const std::string file = std::string("clock/") + program_invocation_short_name;
  orders.Put(file, "3600\n");
  CHECK(read() == 3600);
  orders.Put(file, "-3600");
  CHECK(read() == -3600);
  orders.Remove(file);
  CHECK(read() == 0);
}

}  // namespace
}  // namespace cloudpos::faults

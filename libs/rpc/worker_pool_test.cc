#include "libs/rpc/worker_pool.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <memory>

namespace cloudpos::rpc {
namespace {

class Job : public WorkerPool::Task {
 public:
  Job(std::vector<std::string>* log, std::mutex* mutex, std::string name, int priority,
      absl::Time expires)
      : log_(log), mutex_(mutex), name_(std::move(name)), priority_(priority), expires_(expires) {}
  void Run() override { Say("run "); }
  void Drop(WorkerPool::DropReason reason) override {
    Say(reason == WorkerPool::DropReason::kExpired      ? "expired "
        : reason == WorkerPool::DropReason::kOverloaded ? "overloaded "
                                                        : "stopped ");
  }
  int priority() const override { return priority_; }
  absl::Time expires() const override { return expires_; }

 private:
  void Say(const std::string& what) {
    const std::lock_guard lock(*mutex_);
    log_->push_back(what + name_);
  }
  std::vector<std::string>* log_;
  std::mutex* mutex_;
  std::string name_;
  int priority_;
  absl::Time expires_;
};

// Keeps the only worker busy until released.
class Blocker : public WorkerPool::Task {
 public:
  void Run() override {
    running.set_value();
    release.get_future().wait();
  }
  void Drop(WorkerPool::DropReason) override {}
  int priority() const override { return 9; }
  absl::Time expires() const override { return absl::InfiniteFuture(); }
  std::promise<void> running, release;
};

struct World {
  explicit World(int queue) : pool(clock, 1, queue) {
    REQUIRE(pool.Submit(&blocker));
    blocker.running.get_future().wait();
  }
  bool Add(const std::string& name, int priority, absl::Duration life = absl::Hours(1)) {
    jobs.push_back(std::make_unique<Job>(&log, &mutex, name, priority, clock.Now() + life));
    return pool.Submit(jobs.back().get());
  }
  std::vector<std::string> Finish() {
    blocker.release.set_value();
    while (pool.depth() > 0) std::this_thread::yield();
    pool.Stop();
    return log;
  }
  base::FakeClock clock;
  std::mutex mutex;
  std::vector<std::string> log;
  std::vector<std::unique_ptr<Job>> jobs;
  Blocker blocker;
  WorkerPool pool;
};

using Log = std::vector<std::string>;

}  // namespace

TEST_CASE("WorkerPool: urgent first, then first come first served", "[rpc]") {
  World world(8);
  CHECK(world.Add("report", 0));
  CHECK(world.Add("read 1", 1));
  CHECK(world.Add("sale 1", 3));
  CHECK(world.Add("read 2", 1));
  CHECK(world.Add("sale 2", 3));
  CHECK(world.Finish() ==
        Log{"run sale 1", "run sale 2", "run read 1", "run read 2", "run report"});
}

TEST_CASE("WorkerPool: full: equals are refused, the less urgent makes room", "[rpc]") {
  World world(2);
  CHECK(world.Add("late", 1, absl::Seconds(30)));
  CHECK(world.Add("soon", 1, absl::Seconds(10)));
  CHECK_FALSE(world.Add("equal", 1));
  CHECK_FALSE(world.Add("less", 0));
  CHECK(world.Add("sale", 3));
  CHECK(world.Finish() == Log{"overloaded soon", "run sale", "run late"});
}

TEST_CASE("WorkerPool: full: what has expired goes first", "[rpc]") {
  World world(2);
  CHECK(world.Add("short", 1, absl::Seconds(1)));
  CHECK(world.Add("long", 1));
  world.clock.Advance(absl::Seconds(2));
  CHECK(world.Add("new", 0));
  CHECK(world.Finish() == Log{"expired short", "run long", "run new"});
}

TEST_CASE("WorkerPool: what expires while it waits does not run", "[rpc]") {
  World world(2);
  CHECK(world.Add("short", 1, absl::Seconds(1)));
  world.clock.Advance(absl::Seconds(2));
  CHECK(world.Finish() == Log{"expired short"});
}

TEST_CASE("WorkerPool: stop drops what waits", "[rpc]") {
  World world(2);
  CHECK(world.Add("one", 1));
  std::thread stopper([&] { world.pool.Stop(); });
  while (world.pool.depth() > 0) std::this_thread::yield();
  CHECK_FALSE(world.Add("two", 1));
  world.blocker.release.set_value();
  stopper.join();
  CHECK(world.log == Log{"stopped one"});
}

TEST_CASE("WorkerPool: without a queue only idle threads take work", "[rpc]") {
  World world(0);
  CHECK_FALSE(world.Add("one", 3));
  world.blocker.release.set_value();
}

TEST_CASE("WorkerPool: every task of many threads runs or is dropped, once", "[rpc]") {
  const base::SystemClock clock;
  std::atomic<int> ran{0}, dropped{0}, refused{0};
  struct Counter : WorkerPool::Task {
    std::atomic<int>*ran, *dropped;
    int rank;
    void Run() override { ++*ran; }
    void Drop(WorkerPool::DropReason) override { ++*dropped; }
    int priority() const override { return rank; }
    absl::Time expires() const override { return absl::InfiniteFuture(); }
  };
  constexpr int kThreads = 4, kEach = 5000;
  std::vector<Counter> tasks(kThreads * kEach);
  WorkerPool pool(clock, 3, 16);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        Counter& task = tasks[static_cast<size_t>(t * kEach + i)];
        task.ran = &ran;
        task.dropped = &dropped;
        task.rank = i % 4;
        if (!pool.Submit(&task)) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // What waits when the pool stops is dropped: on a busy machine that could be all there is.
  while (ran == 0) std::this_thread::yield();
  pool.Stop();
  CHECK(ran + dropped + refused == kThreads * kEach);
}

}  // namespace cloudpos::rpc

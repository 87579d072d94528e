#include "libs/rpc/worker_pool.h"

#include <algorithm>

namespace cloudpos::rpc {

WorkerPool::WorkerPool(const base::Clock& clock, int workers, int queue)
    : clock_(clock),
      queue_max_(static_cast<size_t>(queue)),
      threads_max_(static_cast<size_t>(workers)) {
  for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { Work(); });
}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::Submit(Task* task) {
  Drops drops;
  bool is_taken = false;
  {
    const std::lock_guard lock(mutex_);
    // A task that an idle thread is about to take does not wait.
    const auto is_full = [this] { return queued_ + busy_ >= queue_max_ + threads_max_; };
    if (!is_stopping_) {
      if (is_full()) RemoveExpiredLocked(&drops);
      is_taken = !is_full() || EvictLocked(task->priority(), &drops);
    }
    if (is_taken) {
      queues_[task->priority()].push_back(task);
      ++queued_;
      wake_.notify_one();
    }
  }
  for (const auto& [dropped, reason] : drops) dropped->Drop(reason);
  return is_taken;
}

void WorkerPool::RemoveExpiredLocked(Drops* drops) {
  const absl::Time now = clock_.Now();
  for (auto& [priority, tasks] : queues_) {
    std::erase_if(tasks, [&](Task* task) {
      if (task->expires() > now) return false;
      drops->emplace_back(task, DropReason::kExpired);
      --queued_;
      return true;
    });
  }
}

bool WorkerPool::EvictLocked(int priority, Drops* drops) {
  for (auto queue = queues_.rbegin(); queue != queues_.rend(); ++queue) {  // least urgent first
    if (queue->first >= priority) return false;
    std::deque<Task*>& tasks = queue->second;
    if (tasks.empty()) continue;
    const auto victim = std::min_element(
        tasks.begin(), tasks.end(), [](Task* a, Task* b) { return a->expires() < b->expires(); });
    drops->emplace_back(*victim, DropReason::kOverloaded);
    tasks.erase(victim);
    --queued_;
    return true;
  }
  return false;
}

WorkerPool::Task* WorkerPool::TakeLocked(Drops* drops) {
  const absl::Time now = clock_.Now();
  for (auto& [priority, tasks] : queues_) {
    while (!tasks.empty()) {
      Task* task = tasks.front();
      tasks.pop_front();
      --queued_;
      if (task->expires() > now) return task;
      drops->emplace_back(task, DropReason::kExpired);
    }
  }
  return nullptr;
}

void WorkerPool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return is_stopping_ || queued_ > 0; });
    if (is_stopping_) return;
    Drops drops;
    Task* task = TakeLocked(&drops);
    ++busy_;
    lock.unlock();
    for (const auto& [dropped, reason] : drops) dropped->Drop(reason);
    if (task != nullptr) task->Run();
    lock.lock();
    --busy_;
  }
}

void WorkerPool::Stop() {
  Drops drops;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    for (auto& [priority, tasks] : queues_) {
      for (Task* task : tasks) drops.emplace_back(task, DropReason::kStopped);
      tasks.clear();
    }
    queued_ = 0;
    wake_.notify_all();
  }
  for (const auto& [task, reason] : drops) task->Drop(reason);
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

size_t WorkerPool::depth() const {
  const std::lock_guard lock(mutex_);
  return queued_;
}

}  // namespace cloudpos::rpc

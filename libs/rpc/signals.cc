#include "libs/rpc/signals.h"

#include <csignal>
#include <map>
#include <mutex>
#include <thread>

namespace cloudpos::rpc {
namespace {

struct Listeners {
  std::mutex mutex;
  std::map<int, std::function<void()>> callbacks;
  int next_id = 0;
  bool is_stopping = false;
};

// Never destroyed: the signal thread may outlive static destructors.
Listeners& All() {
  static auto* listeners = new Listeners;
  return *listeners;
}

void TellAll() {
  Listeners& all = All();
  const std::lock_guard lock(all.mutex);
  all.is_stopping = true;
  for (const auto& [id, callback] : all.callbacks) callback();
}

}  // namespace

void BlockSignals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread([set] {
    while (true) {
      int signal = 0;
      if (sigwait(&set, &signal) == 0) TellAll();
    }
  }).detach();  // tidy: allow banned: waits for signals as long as the process lives
}

StopListener::StopListener(std::function<void()> on_stop) {
  Listeners& all = All();
  const std::lock_guard lock(all.mutex);
  id_ = all.next_id++;
  if (all.is_stopping) on_stop();
  all.callbacks.emplace(id_, std::move(on_stop));
}

StopListener::~StopListener() {
  Listeners& all = All();
  const std::lock_guard lock(all.mutex);
  all.callbacks.erase(id_);
}

}  // namespace cloudpos::rpc

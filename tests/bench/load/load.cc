#include "tests/bench/load/load.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <deque>
#include <memory>
#include <random>
#include <stdexcept>

#include "tests/bench/load/connection.h"

namespace cloudpos::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

constexpr auto kReconnectPause = std::chrono::milliseconds(20);
constexpr auto kLookAround = std::chrono::milliseconds(20);

Clock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

class Load {
 public:
  Load(const LoadOptions& options, const Template& request)
      : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)), random_(options.seed) {
    if (epoll_ < 0) throw std::runtime_error("epoll_create1 failed");
    const Template::Target target{"127.0.0.1:" + std::to_string(options.port), options.token};
    for (int i = 0; i < options.clients; ++i) {
      const auto number = static_cast<size_t>(i);
      clients_.push_back(std::make_unique<Client>(epoll_, static_cast<uint32_t>(i),
                                                  options.seed * 1000 + number,
                                                  request.For(number, target)));
    }
  }
  ~Load() {
    clients_.clear();
    close(epoll_);
  }

  LoadResult Run();

 private:
  struct Client {
    Client(int epoll, uint32_t number, uint64_t seed, Template::Bytes bytes)
        : connection(epoll, number), filler(seed), request(std::move(bytes)) {}
    Connection connection;
    Filler filler;
    Template::Bytes request;
    bool is_busy = false;
    Time due;   // when the request should have gone out
    Time sent;  // when it did
    Time not_before;
  };

  bool is_open_loop() const { return options_.rate > 0; }
  void Start(Client* client, Time due, Time now);
  void Finish(Client* client, Time now);
  void Lose(Client* client, int64_t* counter, Time now);
  void StartWhatIsDue(Time now);
  void HangUp(Time now);
  void Handle(const epoll_event& event);
  void Wait(Time now);
  LoadResult::Second& SecondOf(Time now);

  const LoadOptions options_;
  const int epoll_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::deque<Client*> free_;
  std::deque<Time> waiting_;  // open loop: due times without a free client
  Time begin_, end_, next_arrival_, next_look_;
  int busy_ = 0;
  LoadResult result_;
};

LoadResult::Second& Load::SecondOf(Time now) {
  const auto index =
      static_cast<size_t>(std::chrono::duration_cast<std::chrono::seconds>(now - begin_).count());
  if (result_.series.size() <= index) result_.series.resize(index + 1);
  return result_.series[index];
}

void Load::Start(Client* client, Time due, Time now) {
  client->due = due;
  client->sent = now;
  client->is_busy = true;
  ++busy_;
  ++result_.sent;
  client->filler.Fill(&client->request);
  const bool is_open = client->connection.is_open() || client->connection.Open(options_.port);
  if (!is_open || !client->connection.Send(client->request.text)) {
    Lose(client, &result_.lost, now);
  }
}

void Load::Finish(Client* client, Time now) {
  const Answer& answer = client->connection.answer();
  client->is_busy = false;
  client->not_before = now;
  --busy_;
  ++result_.by_status[answer.status];
  LoadResult::Second& second = SecondOf(now);
  if (answer.status >= 200 && answer.status < 300) {
    ++second.ok;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - client->due);
    result_.latency_us.push_back(static_cast<uint32_t>(took.count()));
  } else if (answer.status == 429 || answer.status == 503) {
    ++second.refused;
    if (answer.retry_after < 0) ++result_.bare_refusals;
    if (!is_open_loop()) client->not_before += std::chrono::seconds(answer.retry_after);
  } else {
    ++second.failed;
  }
  free_.push_back(client);
}

void Load::Lose(Client* client, int64_t* counter, Time now) {
  client->connection.Close();
  client->is_busy = false;
  --busy_;
  ++*counter;
  ++SecondOf(now).failed;
  client->not_before = now + kReconnectPause;
  free_.push_back(client);
}

void Load::StartWhatIsDue(Time now) {
  if (is_open_loop()) {
    std::exponential_distribution<double> pause(options_.rate);
    while (next_arrival_ <= now && next_arrival_ < end_) {
      waiting_.push_back(next_arrival_);
      next_arrival_ += Seconds(pause(random_));
    }
    while (!waiting_.empty() && now - waiting_.front() > Seconds(options_.patience)) {
      waiting_.pop_front();
      ++result_.unsent;
    }
  }
  // Each free client is looked at once; those that lost their connection just now stay free.
  for (size_t looks = free_.size(); looks > 0; --looks) {
    if (is_open_loop() ? waiting_.empty() : now >= end_) return;
    Client* client = free_.front();
    free_.pop_front();
    if (client->not_before > now) {
      free_.push_back(client);
      continue;
    }
    Time due = now;
    if (is_open_loop()) {
      due = waiting_.front();
      waiting_.pop_front();
    }
    Start(client, due, now);
  }
}

void Load::HangUp(Time now) {
  if (now < next_look_) return;
  next_look_ = now + kLookAround;
  for (const auto& client : clients_) {
    if (client->is_busy && now - client->sent > Seconds(options_.patience)) {
      Lose(client.get(), &result_.timed_out, now);
    }
  }
}

void Load::Handle(const epoll_event& event) {
  Client* client = clients_[event.data.u32].get();
  const Connection::Event what = client->connection.On(event.events);
  if (!client->is_busy) {
    // The server closed an idle connection: the next request opens another.
    if (what == Connection::Event::kAnswer) client->connection.Close();
    return;
  }
  if (what == Connection::Event::kAnswer) Finish(client, Clock::now());
  if (what == Connection::Event::kLost) Lose(client, &result_.lost, Clock::now());
}

void Load::Wait(Time now) {
  auto wait = std::chrono::nanoseconds(kLookAround);
  if (is_open_loop() && next_arrival_ < end_) {
    wait = std::clamp<std::chrono::nanoseconds>(next_arrival_ - now, std::chrono::nanoseconds(0),
                                                wait);
  }
  const timespec timeout{0, static_cast<long>(wait.count())};
  std::array<epoll_event, 256> events;
  const int count = epoll_pwait2(epoll_, events.data(), events.size(), &timeout, nullptr);
  for (int i = 0; i < count; ++i) Handle(events[static_cast<size_t>(i)]);
}

LoadResult Load::Run() {
  begin_ = next_arrival_ = next_look_ = Clock::now();
  end_ = begin_ + Seconds(options_.seconds);
  for (const auto& client : clients_) free_.push_back(client.get());
  for (Time now = begin_; now < end_ || busy_ > 0 || !waiting_.empty(); now = Clock::now()) {
    StartWhatIsDue(now);
    HangUp(now);
    Wait(now);
  }
  result_.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  result_.cpu_us = micros(usage.ru_utime) + micros(usage.ru_stime);
  return std::move(result_);
}

double PercentileMs(const std::vector<uint32_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1] / 1000.0;
}

/// With three decimals, which JSON and the C locale write alike.
std::string Number(double value) {
  std::array<char, 64> text;
  const int length = std::snprintf(text.data(), text.size(), "%.3f", value);
  return {text.data(), static_cast<size_t>(length)};
}

}  // namespace

int64_t LoadResult::ok() const {
  int64_t count = 0;
  for (const auto& [status, n] : by_status) {
    if (status >= 200 && status < 300) count += n;
  }
  return count;
}

LoadResult RunLoad(const LoadOptions& options, const Template& request) {
  return Load(options, request).Run();
}

std::string ToJson(LoadResult result) {
  std::sort(result.latency_us.begin(), result.latency_us.end());
  const auto& latency = result.latency_us;
  std::string json = "{\"seconds\":" + Number(result.seconds);
  const auto add = [&json](const char* name, int64_t value) {
    json += std::string(",\"") + name + "\":" + std::to_string(value);
  };
  add("sent", result.sent);
  add("ok", result.ok());
  json += ",\"rate\":" + Number(static_cast<double>(result.ok()) / result.seconds);
  json += ",\"byStatus\":{";
  const char* comma = "";
  for (const auto& [status, n] : result.by_status) {
    json += comma + ("\"" + std::to_string(status)) + "\":" + std::to_string(n);
    comma = ",";
  }
  json += "}";
  add("lost", result.lost);
  add("timedOut", result.timed_out);
  add("unsent", result.unsent);
  add("bareRefusals", result.bare_refusals);
  json += ",\"p50\":" + Number(PercentileMs(latency, 0.5)) +
          ",\"p95\":" + Number(PercentileMs(latency, 0.95)) +
          ",\"p99\":" + Number(PercentileMs(latency, 0.99)) +
          ",\"max\":" + Number(PercentileMs(latency, 1)) + ",\"cpuUs\":" + Number(result.cpu_us);
  json += ",\"series\":[";
  comma = "";
  for (const LoadResult::Second& second : result.series) {
    json += comma + ("[" + std::to_string(second.ok)) + "," + std::to_string(second.refused) + "," +
            std::to_string(second.failed) + "]";
    comma = ",";
  }
  return json + "]}";
}

}  // namespace cloudpos::bench

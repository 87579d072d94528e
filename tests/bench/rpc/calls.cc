#include "tests/bench/rpc/calls.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "google/protobuf/message.h"
#include "google/protobuf/util/json_util.h"
#include "libs/base/clock.h"
#include "libs/rpc/client.h"

namespace cloudpos::bench {
namespace {

using google::protobuf::Message;
using Clock = std::chrono::steady_clock;

constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr int kWorked = 200;

/// "/package.Service/Method" as its descriptor.
const google::protobuf::MethodDescriptor& MethodAt(const std::string& path) {
  std::string name = path.substr(path.find_first_not_of('/'));
  std::replace(name.begin(), name.end(), '/', '.');
  const auto* method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
  if (method == nullptr) throw std::runtime_error("there is no method " + path);
  return *method;
}

std::unique_ptr<Message> NewMessage(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
}

/// What one thread does, and what came of it.
class Client {
 public:
  Client(const CallOptions& options, const Template& request, int number)
      : options_(options),
        path_(request.path()),
        method_(MethodAt(path_)),
        body_(request.BodyFor(static_cast<size_t>(number))),
        filler_(options.seed * 1000 + static_cast<uint64_t>(number)),
        request_(NewMessage(method_.input_type())),
        response_(NewMessage(method_.output_type())) {
    Fill();
  }

  void Run(const std::shared_ptr<grpc::Channel>& channel, Clock::time_point end) {
    rpc::CallMetadata metadata{.deadline = {}, .token = options_.token};
    for (auto now = Clock::now(); now < end;) {
      Fill();
      const auto begun = Clock::now();
      metadata.deadline = base::SystemClock().Now() + kPatience;
      const absl::Status status = rpc::Call(channel, path_, metadata, *request_, response_.get());
      now = Clock::now();
      ++result_.sent;
      ++result_.by_status[status.ok() ? kWorked : static_cast<int>(status.code())];
      if (!status.ok()) continue;
      const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - begun);
      result_.latency_us.push_back(static_cast<uint32_t>(took.count()));
    }
  }

  const LoadResult& result() const { return result_; }

 private:
  void Fill() {
    filler_.Fill(&body_);
    request_->Clear();
    const auto status = google::protobuf::util::JsonStringToMessage(body_.text, request_.get());
    if (!status.ok()) throw std::runtime_error(path_ + ": " + status.ToString());
  }

  const CallOptions& options_;
  const std::string& path_;
  const google::protobuf::MethodDescriptor& method_;
  Template::Bytes body_;
  Filler filler_;
  std::unique_ptr<Message> request_, response_;
  LoadResult result_;
};

void Add(const LoadResult& from, LoadResult* to) {
  to->sent += from.sent;
  for (const auto& [status, count] : from.by_status) to->by_status[status] += count;
  to->latency_us.insert(to->latency_us.end(), from.latency_us.begin(), from.latency_us.end());
}

double CpuMicros() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

}  // namespace

LoadResult RunCalls(const CallOptions& options, const Template& request) {
  const auto channel = rpc::Connect(options.service, options.address, options.tls);
  if (!channel.ok()) throw std::runtime_error(channel.status().ToString());
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < options.clients; ++i) {
    clients.push_back(std::make_unique<Client>(options, request, i));
  }
  const auto begun = Clock::now();
  const auto end = begun + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(options.seconds));
  std::vector<std::thread> threads;
  for (const auto& client : clients) {
    threads.emplace_back([&client, &channel, end] { client->Run(*channel, end); });
  }
  for (std::thread& thread : threads) thread.join();
  LoadResult result;
  result.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  for (const auto& client : clients) Add(client->result(), &result);
  result.cpu_us = CpuMicros();
  return result;
}

}  // namespace cloudpos::bench

#include "gateway/event_stream.h"

#include <algorithm>

#include "gateway/json_writer.h"
#include "gateway/problem.h"
#include "libs/base/error.h"

namespace cloudpos::gateway {
namespace {

namespace asio = boost::asio;
using Event = UpstreamStream::Event;

constexpr std::chrono::minutes kRawPatience{1};

class EventStream final : public BodySource {
 public:
  EventStream(std::shared_ptr<UpstreamStream> stream, EventStreamOptions options, StreamSlot slot,
              const base::Clock& clock)
      : stream_(std::move(stream)),
        options_(std::move(options)),
        slot_(std::move(slot)),
        clock_(clock) {}

  asio::awaitable<std::optional<std::string>> Next() override {
    if (is_ended_) co_return std::nullopt;
    if (!is_begun_) {
      is_begun_ = true;
      co_return ":\n\n";  // the client learns at once that the stream is open
    }
    const auto left = absl::ToChronoMilliseconds(options_.ends_at - clock_.Now());
    const auto patience = std::clamp(left, std::chrono::milliseconds(1), options_.heartbeat);
    const Event event = co_await stream_->Next(patience);
    if (event == Event::kEnd || clock_.Now() >= options_.ends_at) co_return End(event);
    if (event == Event::kQuiet) co_return ":\n\n";
    std::string text = "data: ";
    if (const absl::Status status = WriteJson(stream_->message(), &text); !status.ok()) {
      co_return Failed(status);
    }
    co_return text + "\n\n";
  }

  bool is_endless() const override { return true; }
  void Abandon() override {
    is_abandoned_ = true;
    stream_->Cancel();
  }

 private:
  std::string End(Event event) {
    const absl::Status status = event == Event::kEnd ? stream_->status() : absl::OkStatus();
    // That the token's time or the server's has come is no failure.
    const bool is_over = status.ok() || is_abandoned_ || clock_.Now() >= options_.ends_at;
    if (!is_over) return Failed(status);
    is_ended_ = true;
    return "event: end\ndata: {}\n\n";
  }

  std::string Failed(const absl::Status& status) {
    is_ended_ = true;
    return "event: error\ndata: " + MakeProblem(status, options_.request_id).body + "\n\n";
  }

  std::shared_ptr<UpstreamStream> stream_;
  EventStreamOptions options_;
  StreamSlot slot_;
  const base::Clock& clock_;
  bool is_begun_ = false;
  bool is_ended_ = false;
  bool is_abandoned_ = false;
};

class RawStream final : public BodySource {
 public:
  RawStream(std::shared_ptr<UpstreamStream> stream, std::string first, StreamSlot slot)
      : stream_(std::move(stream)), first_(std::move(first)), slot_(std::move(slot)) {}

  asio::awaitable<std::optional<std::string>> Next() override {
    if (!first_.empty()) co_return std::exchange(first_, {});
    for (;;) {
      const Event event = co_await stream_->Next(kRawPatience);
      if (event == Event::kQuiet) continue;
      if (event == Event::kEnd) {
        has_failed_ = !stream_->status().ok();
        co_return std::nullopt;
      }
      const auto& message = stream_->message();
      const auto* data = message.GetDescriptor()->FindFieldByName("data");
      std::string piece = message.GetReflection()->GetString(message, data);
      if (!piece.empty()) co_return piece;
    }
  }

  bool has_failed() const override { return has_failed_; }
  void Abandon() override { stream_->Cancel(); }

 private:
  std::shared_ptr<UpstreamStream> stream_;
  std::string first_;
  StreamSlot slot_;
  bool has_failed_ = false;
};

}  // namespace

std::shared_ptr<BodySource> MakeEventStream(std::shared_ptr<UpstreamStream> stream,
                                            EventStreamOptions options, StreamSlot slot,
                                            const base::Clock& clock) {
  return std::make_shared<EventStream>(std::move(stream), std::move(options), std::move(slot),
                                       clock);
}

std::shared_ptr<BodySource> MakeRawStream(std::shared_ptr<UpstreamStream> stream, std::string first,
                                          StreamSlot slot) {
  return std::make_shared<RawStream>(std::move(stream), std::move(first), std::move(slot));
}

}  // namespace cloudpos::gateway

#include "gateway/upstream_stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "libs/rpc/status.h"

namespace cloudpos::gateway {

namespace asio = boost::asio;
using google::protobuf::Message;

StreamReactor::StreamReactor(const Message& request, const Message& response,
                             std::function<void(grpc::ClientContext*)> on_done)
    : request_(request.New()),
      incoming_(response.New()),
      message_(response.New()),
      on_done_(std::move(on_done)) {
  request_->CopyFrom(request);
}

void StreamReactor::Start(Stub* stub, const std::string& rpc, std::shared_ptr<StreamReactor> self) {
  self_ = std::move(self);
  stub->PrepareBidiStreamingCall(&context_, rpc, {}, this);
  StartWriteLast(request_.get(), {});
  StartRead(incoming_.get());
  StartCall();
}

asio::awaitable<UpstreamStream::Event> StreamReactor::Next(std::chrono::milliseconds patience) {
  asio::steady_timer timer(co_await asio::this_coro::executor, patience);
  {
    const std::lock_guard lock(mutex_);
    if (!has_message_ && !is_done_) {
      // Woken from gRPC's thread; the timer belongs to this coroutine's.
      auto executor = timer.get_executor();
      auto alive = std::make_shared<asio::steady_timer*>(&timer);
      waiter_ = [executor, weak = std::weak_ptr(alive)] {
        asio::post(executor, [weak] {
          if (const auto strong = weak.lock()) (*strong)->cancel();
        });
      };
      timer_guard_ = std::move(alive);
    }
  }
  if (timer_guard_ != nullptr) co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  timer_guard_ = nullptr;
  const std::lock_guard lock(mutex_);
  waiter_ = nullptr;
  if (has_message_) {
    message_.swap(incoming_);
    has_message_ = false;
    incoming_->Clear();
    StartRead(incoming_.get());
    co_return Event::kMessage;
  }
  co_return is_done_ ? Event::kEnd : Event::kQuiet;
}

void StreamReactor::OnReadDone(bool ok) {
  if (!ok) return;  // OnDone follows
  const std::lock_guard lock(mutex_);
  has_message_ = true;
  Wake();
}

void StreamReactor::OnDone(const grpc::Status& status) {
  on_done_(&context_);
  std::shared_ptr<StreamReactor> self;
  const std::lock_guard lock(mutex_);
  is_done_ = true;
  status_ = rpc::FromGrpc(status);
  Wake();
  self = std::move(self_);  // released after the lock
}

void StreamReactor::Wake() {
  if (waiter_ != nullptr) waiter_();
  waiter_ = nullptr;
}

}  // namespace cloudpos::gateway

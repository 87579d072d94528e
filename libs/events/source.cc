// Where consumers pull from.

#include <utility>

#include "libs/events/events.h"

namespace cloudpos::events {
namespace {

class Remote : public EventSource {
 public:
  explicit Remote(std::shared_ptr<grpc::Channel> channel) : channel_(std::move(channel)) {}

  absl::Status Pull(const common::v1::PullRequest& request, absl::Time deadline,
                    common::v1::PullResponse* response) override {
    return rpc::Call(channel_, "/cloudpos.common.v1.EventFeed/Pull",
                     {.deadline = deadline}, request, response);
  }

  absl::Status Snapshot(
      const common::v1::SnapshotRequest& request, absl::Time deadline,
      const std::function<absl::Status(const common::v1::SnapshotResponse&)>& on_message) override {
    common::v1::SnapshotResponse message;
    return rpc::ReadStream(channel_, "/cloudpos.common.v1.EventFeed/Snapshot",
                           {.deadline = deadline}, request,
                           &message, [&] { return on_message(message); });
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

class Local : public EventSource {
 public:
  explicit Local(Feed* feed) : feed_(feed) {}

  absl::Status Pull(const common::v1::PullRequest& request, absl::Time deadline,
                    common::v1::PullResponse* response) override {
    return feed_->Pull(request, deadline, response);
  }

  absl::Status Snapshot(
      const common::v1::SnapshotRequest& request, absl::Time deadline,
      const std::function<absl::Status(const common::v1::SnapshotResponse&)>& on_message) override {
    return feed_->Snapshot(request, deadline, on_message);
  }

 private:
  Feed* feed_;
};

}  // namespace

std::shared_ptr<EventSource> RemoteSource(std::shared_ptr<grpc::Channel> channel) {
  return std::make_shared<Remote>(std::move(channel));
}

std::shared_ptr<EventSource> LocalSource(Feed* feed) { return std::make_shared<Local>(feed); }

}  // namespace cloudpos::events

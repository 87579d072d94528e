#include "tests/security/strangers/wire.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "google/protobuf/message.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"
#include "libs/base/clock.h"
#include "libs/rpc/status.h"

namespace cloudpos::strangers {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

Answer ToAnswer(const absl::Status& status, const google::protobuf::Message& response) {
  if (status.ok()) return {.detail = {}, .text = response.DebugString()};
  const base::ErrorInfo info = base::InfoOf(status);
  Answer answer{.code = info.code, .detail = info.detail, .text = {}};
  if (!info.fields.empty()) answer.field = ContractPath(info.fields[0].field);
  for (const auto& field : info.fields) answer.text += field.field + ": " + field.detail + "\n";
  for (const auto& [name, value] : info.data) answer.text += name + "=" + value + "\n";
  return answer;
}

}  // namespace

Peer::Peer(const Addresses& services, const rpc::TlsFiles& tls) {
  for (const auto& [name, address] : services) {
    auto channel = rpc::Connect(name, address, tls);
    if (!channel.ok()) throw std::runtime_error(name + ": " + channel.status().ToString());
    channels_[name] = *std::move(channel);
  }
}

Peer Peer::WithoutCertificate(const Addresses& services, const std::string& ca_file) {
  std::ifstream file(ca_file);
  std::ostringstream ca;
  ca << file.rdbuf();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ca.str();
  Peer peer;
  for (const auto& [name, address] : services) {
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride(name);
    peer.channels_[name] =
        grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
  }
  return peer;
}

Answer Peer::Call(const Rpc& rpc, const Filled& filled, const std::string& token) const {
  const std::unique_ptr<google::protobuf::Message> response(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(rpc.method->output_type())
          ->New());
  rpc::CallMetadata metadata{.deadline = base::SystemClock().Now() + kPatience, .token = token};
  const auto& channel = channels_.at(rpc.process);
  if (!rpc.method->server_streaming()) {
    return ToAnswer(rpc::Call(channel, rpc.path(), metadata, *filled.message, response.get()),
                    *response);
  }
  // The first message is answer enough.
  bool is_served = false;
  const absl::Status status =
      rpc::ReadStream(channel, rpc.path(), metadata, *filled.message, response.get(), [&] {
        is_served = true;
        return absl::CancelledError("enough");
      });
  return ToAnswer(is_served ? absl::OkStatus() : status, *response);
}

}  // namespace cloudpos::strangers

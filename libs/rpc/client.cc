#include "libs/rpc/client.h"

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/impl/codegen/rpc_method.h"
#include "grpcpp/support/channel_arguments.h"
#include "grpcpp/support/sync_stream.h"
#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/metadata.h"
#include "libs/rpc/server.h"
#include "libs/rpc/status.h"
#include "libs/rpc/tuning.h"

namespace cloudpos::rpc {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageLite;

grpc::ChannelArguments ChannelSettings(const std::string& name) {
  grpc::ChannelArguments args;
  // The certificate must be the service's own, whatever address it is reached at.
  args.SetSslTargetNameOverride(name);
  args.SetMaxReceiveMessageSize(kMessageBytesMax);
  args.SetMaxSendMessageSize(kMessageBytesMax);
  // A shop's PC reboots its services: two seconds, not gRPC's two minutes, until the next try.
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20000);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // A connection of its own per channel, so that several channels mean several connections.
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // Behind a name with several addresses every replica gets its share.
  args.SetLoadBalancingPolicyName("round_robin");
  return args;
}

void Add(grpc::ClientContext* context, std::string_view name, const std::string& value) {
  if (!value.empty()) context->AddMetadata(std::string(name), value);
}

void Prepare(const CallMetadata& metadata, grpc::ClientContext* context) {
  context->set_deadline(base::ToSystemTime(metadata.deadline));
  if (!metadata.token.empty()) Add(context, kAuthorization, "Bearer " + metadata.token);
  Add(context, kTraceparent, metadata.traceparent);
  Add(context, kRequestId, metadata.request_id);
  Add(context, kIdempotencyKey, metadata.idempotency_key);
  for (const auto& [name, value] : metadata.headers) Add(context, name, value);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::string& name,
                                                       const std::string& address,
                                                       const TlsFiles& tls) {
  TuneOnce();
  CLOUDPOS_ASSIGN_OR_RETURN(const auto credentials, ClientCredentials(tls));
  return grpc::CreateCustomChannel(address, credentials, ChannelSettings(name));
}

CallMetadata MetadataOf(const CallContext& context) {
  return {.deadline = context.deadline(),
          .traceparent = context.traceparent(),
          .token = context.token(),
          .request_id = context.request_id(),
          .idempotency_key = {},
          .headers = {}};
}

absl::Status Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const CallMetadata& metadata, const Message& request, Message* response) {
  grpc::ClientContext context;
  Prepare(metadata, &context);
  const grpc::internal::RpcMethod rpc(method.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  return FromGrpc(grpc::internal::BlockingUnaryCall<MessageLite, MessageLite>(
      channel.get(), rpc, &context, request, response));
}

absl::Status ReadStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                        const CallMetadata& metadata, const Message& request, Message* message,
                        const std::function<absl::Status()>& on_message) {
  grpc::ClientContext context;
  Prepare(metadata, &context);
  const grpc::internal::RpcMethod rpc(method.c_str(), grpc::internal::RpcMethod::SERVER_STREAMING);
  const std::unique_ptr<grpc::ClientReader<Message>> reader(
      grpc::internal::ClientReaderFactory<Message>::Create(channel.get(), rpc, &context, request));
  absl::Status stopped;
  while (stopped.ok() && reader->Read(message)) stopped = on_message();
  if (!stopped.ok()) context.TryCancel();
  const grpc::Status status = reader->Finish();
  return stopped.ok() ? FromGrpc(status) : stopped;
}

}  // namespace cloudpos::rpc

#include "libs/service/probe.h"

#include "google/protobuf/wrappers.pb.h"
#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "libs/rpc/client.h"

namespace cloudpos::service {
namespace {

constexpr int kServing = 1;  // grpc.health.v1.HealthCheckResponse.SERVING

// An address to listen on is not always one to call.
std::string CallableAddress(const std::string& listen) {
  const size_t colon = listen.rfind(':');
  const std::string host = listen.substr(0, colon);
  const bool is_any = host.empty() || host == "0.0.0.0" || host == "[::]" || host == "*";
  return (is_any ? "127.0.0.1" : host) + listen.substr(colon);
}

}  // namespace

absl::Status Probe(const std::string& name, const std::string& listen, const rpc::TlsFiles& tls,
                   const std::string& check) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto channel, rpc::Connect(name, CallableAddress(listen), tls));
  // The health messages are one string and one enum, each field 1: the same bytes as these
  // wrappers.
  google::protobuf::StringValue request;
  request.set_value(check);
  google::protobuf::Int32Value answer;
  CLOUDPOS_RETURN_IF_ERROR(rpc::Call(channel, "/grpc.health.v1.Health/Check",
                                     {.deadline = base::SystemClock().Now() + absl::Seconds(2)},
                                     request, &answer));
  if (answer.value() == kServing) return absl::OkStatus();
  return absl::UnavailableError(name + ": " + check + " is not serving");
}

}  // namespace cloudpos::service

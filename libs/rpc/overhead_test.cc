// What a call costs in CPU time, server and client together, against a bare callback service on the
// same certificates. Not run by default: rpc_test "[bench]" 2>/dev/null

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "libs/rpc/toy_test.h"

namespace cloudpos::rpc {
namespace {

constexpr int kThreads = 8;
constexpr int kCallsEach = 4000;

// Parses, answers, nothing else.
class BareService final : public grpc::CallbackGenericService {
  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    Reactor() { StartRead(&bytes_); }
    void OnReadDone(bool) override {
      ToyRequest request;
      ToyResponse response;
      grpc::GenericDeserialize<grpc::ProtoBufferReader, google::protobuf::Message>(&bytes_,
                                                                                   &request);
      response.set_text(request.text());
      bool own = false;
      grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(response, &answer_,
                                                                                 &own);
      StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
    }
    void OnDone() override { delete this; }

   private:
    grpc::ByteBuffer bytes_, answer_;
  };
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new Reactor;
  }
};

double CpuMicros() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

double CpuPerCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const std::string& token) {
  const auto run = [&](int calls) {
    ToyRequest request;
    request.set_text(std::string(600, 'x'));
    for (int i = 0; i < calls; ++i) {
      ToyResponse response;
      CallMetadata metadata{.deadline = base::SystemClock().Now() + absl::Seconds(10)};
      metadata.token = token;
      REQUIRE(Call(channel, Path(method), metadata, request, &response).ok());
    }
  };
  run(200);
  const double before = CpuMicros();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) threads.emplace_back(run, kCallsEach);
  for (std::thread& thread : threads) thread.join();
  return (CpuMicros() - before) / (kThreads * kCallsEach);
}

}  // namespace

TEST_CASE("Server: cost of a call", "[.bench]") {
  Toy toy;
  BareService bare;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", *ServerCredentials(Tls(toy.authority.Issue("bare"))),
                           &port);
  builder.RegisterCallbackGenericService(&bare);
  const auto server = builder.BuildAndStart();
  const auto plain =
      *Connect("bare", "127.0.0.1:" + std::to_string(port), Tls(toy.authority.Issue("gateway")));
  Person person;
  const std::string token = toy.Token(person);
  for (int round = 0; round < 3; ++round) {
    std::printf("bare %.1f us", CpuPerCall(plain, "Echo", ""));
    std::printf("   public %.1f us", CpuPerCall(toy.Channel("gateway"), "Echo", ""));
    std::printf("   with token %.1f us\n", CpuPerCall(toy.Channel("gateway"), "Self", token));
  }
  server->Shutdown();
}

}  // namespace cloudpos::rpc

// The small parts on their own: status mapping, trace context, field paths, bearer tokens, and the
// call context that handler tests use.

#include <catch2/catch.hpp>

#include "cloudpos/test/v1/toy.pb.h"
#include "libs/base/error.h"
#include "libs/rpc/access.h"
#include "libs/rpc/field_path.h"
#include "libs/rpc/status.h"
#include "libs/rpc/trace.h"
#include "libs/testing/call_context.h"

namespace cloudpos::rpc {

using namespace common::v1;
using test::v1::ToyRequest;

TEST_CASE("Status: every reason survives the wire with its canonical code", "[rpc]") {
  for (int number = 1; number < ErrorCode_ARRAYSIZE; ++number) {
    if (!ErrorCode_IsValid(number)) continue;
    const auto code = static_cast<ErrorCode>(number);
    INFO(ErrorCode_Name(code));
    const absl::Status status = base::Fail(code, "a sentence");
    const absl::Status back = FromGrpc(ToGrpc(status));
    CHECK(back.code() == status.code());
    CHECK(base::CodeOf(back) == code);
    if (code != INTERNAL) CHECK(base::InfoOf(back).detail == "a sentence");  // withheld
  }
  CHECK(FromGrpc(ToGrpc(absl::OkStatus())).ok());
}

TEST_CASE("Status: what gRPC itself reports gets a reason, its text only for the log", "[rpc]") {
  const absl::Status status =
      FromGrpc({grpc::StatusCode::UNAVAILABLE, "failed to connect to ipv4:10.0.0.1:8443"});
  CHECK(base::CodeOf(status) == UNAVAILABLE);
  CHECK(base::InfoOf(status).detail.find("10.0.0.1") == std::string::npos);
  CHECK(base::InfoOf(status).retry_after.has_value());
  CHECK(CauseOf(status) == "failed to connect to ipv4:10.0.0.1:8443");
  CHECK(base::CodeOf(FromGrpc({grpc::StatusCode::UNKNOWN, "x"})) == INTERNAL);
  CHECK(base::CodeOf(FromGrpc({grpc::StatusCode::INTERNAL, "x", "not a message"})) == INTERNAL);
}

TEST_CASE("Trace: well-formed context is kept, all else replaced", "[rpc]") {
  const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  CHECK(TraceIdOf(TraceparentFrom(good)) == "0af7651916cd43dd8448eb211c80319c");
  CHECK(TraceparentFrom(good) != good);
  for (const std::string bad : {"", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x"}) {
    INFO(bad);
    const std::string made = TraceparentFrom(bad);
    CHECK(TraceIdOf(made).size() == 32);
    CHECK(TraceIdOf(made) != "0af7651916cd43dd8448eb211c80319c");
  }
  CHECK(RequestIdFrom("abc-1.2_3") == "abc-1.2_3");
  CHECK(RequestIdFrom("a b").size() == 36);
  CHECK(RequestIdFrom(std::string(65, 'a')).size() == 36);
}

TEST_CASE("FieldPath: walks messages to a string", "[rpc]") {
  const auto path = FieldPath::Resolve(ToyRequest::descriptor(), "target.store_id");
  REQUIRE(path.ok());
  ToyRequest request;
  CHECK(path->Get(request).empty());
  CHECK_FALSE(request.has_target());
  path->Set(&request, "x");
  CHECK(request.target().store_id() == "x");
  CHECK(path->Get(request) == "x");
  CHECK(path->json() == "target.storeId");
  for (const char* bad : {"", "target", "target.", "target.x", "text.x", "list", "count"}) {
    INFO(bad);
    CHECK_FALSE(FieldPath::Resolve(ToyRequest::descriptor(), bad).ok());
  }
}

TEST_CASE("BearerToken: only the Bearer scheme", "[rpc]") {
  CHECK(BearerToken("Bearer abc") == "abc");
  CHECK(BearerToken("bearer abc") == "abc");
  CHECK(BearerToken("Bearer ").empty());
  CHECK(BearerToken("Basic abc").empty());
  CHECK(BearerToken("").empty());
}

TEST_CASE("TestCall: checks stores as a server does", "[rpc]") {
  base::RandomIdSource ids;
  const base::Uuid store = ids.NewId();
  testing::TestCall call(testing::ClaimsFor(ids.NewId(), {SALE_CREATE}, {store}), SALE_READ);
  CHECK(base::CodeOf(call.RequireStore(store)) == PERMISSION_DENIED);
  CHECK(base::CodeOf(call.RequireStore(ids.NewId())) == NOT_FOUND);
  CHECK(call.RequirePermission(SALE_CREATE, store).ok());
  CHECK(call.is_store_checked);
}

}  // namespace cloudpos::rpc

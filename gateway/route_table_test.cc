#include "gateway/route_table.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>

#include <catch2/catch.hpp>

#include "cloudpos/toy/v1/toy.pb.h"
#include "gateway/path_template.h"
#include "google/api/annotations.pb.h"

namespace cloudpos::gateway {
namespace {

RouteTable ToyTable() {
  auto table = RouteTable::Build({toy::v1::Toy::descriptor()->file()});
  REQUIRE(table.status().ToString() == "OK");
  return *std::move(table);
}

TEST_CASE("RouteTable: paths find their method and variables", "[gateway]") {
  const RouteTable table = ToyTable();
  struct Row {
    std::string verb, path, rpc;
    std::vector<std::string> values;
  };
  const std::vector<Row> rows = {
      {"POST", "/v1/toys", "CreateToy", {}},
      {"GET", "/v1/toys", "ListToys", {}},
      {"GET", "/v1/stores/s%20%C3%A4/toys", "ListToys", {"s ä"}},
      {"GET", "/v1/toys/x", "GetToy", {"x"}},
      {"HEAD", "/v1/toys/x", "GetToy", {"x"}},
      {"GET", "/v1/toys/x:y", "GetToy", {"x:y"}},
      {"PATCH", "/v1/toys/x", "UpdateToy", {"x"}},
      {"POST", "/v1/toys/x:break", "BreakToy", {"x"}},
      {"POST", "/v1/toys/a:b:break", "BreakToy", {"a:b"}},
      {"POST", "/v1/toys:signIn", "SignIn", {}},
      {"GET", "/v1/toys/x/label", "Print", {"x"}},
      {"POST", "/v1/hooks/bank", "Hook", {"bank"}},
  };
  for (const Row& row : rows) {
    INFO(row.verb << " " << row.path);
    const RouteMatch match = table.Find(row.verb, row.path);
    REQUIRE(match.route != nullptr);
    CHECK(match.route->rpc == "/cloudpos.toy.v1.ToyService/" + row.rpc);
    CHECK(match.values == row.values);
    CHECK(match.route->service == "toy");
  }
}

TEST_CASE("RouteTable: paths that nothing lies at, and verbs that do not fit", "[gateway]") {
  const RouteTable table = ToyTable();
  for (const char* path : {"/", "/v1", "/v1/toys/", "/v1/toy", "/v1/toys/x/y", "/v2/toys",
                           "/v1/toys:nothing", "/V1/toys", "*", ""}) {
    INFO(path);
    const RouteMatch match = table.Find("GET", path);
    CHECK(match.route == nullptr);
    CHECK(match.allowed.empty());
  }
  CHECK(table.Find("DELETE", "/v1/toys").allowed == std::vector<std::string>{"GET", "POST"});
  CHECK(table.Find("GET", "/v1/toys/x:break").route->rpc == "/cloudpos.toy.v1.ToyService/GetToy");
}

TEST_CASE("RouteTable: only what the gateway may call is offered", "[gateway]") {
  const RouteTable table = ToyTable();
  CHECK(table.Services() == std::vector<std::string>{"toy"});
  CHECK(table.Print().find("Inner") == std::string::npos);
  CHECK(table.Print().find("POST /v1/toys cloudpos.toy.v1.ToyService/CreateToy catalogue.write "
                           "WRITE\n") != std::string::npos);
}

TEST_CASE("PathTemplate: grammar", "[gateway]") {
  const auto rest = PathTemplate::Parse("/v1/{name=shops/*/toys/**}:do");
  REQUIRE(rest.ok());
  CHECK(rest->verb == "do");
  CHECK(rest->segments.size() == 5);
  CHECK(rest->variables[0].field == "name");
  CHECK(rest->variables[0].begin == 1);
  CHECK(rest->variables[0].end == 5);
  for (const char* bad :
       {"", "v1", "/v1//x", "/v1/{}", "/v1/x{y}z", "/v1/**/x", "/v1/x:", "/v1/{a=}"}) {
    INFO(bad);
    CHECK_FALSE(PathTemplate::Parse(bad).ok());
  }
}

/// Methods of a file made up at run time.
absl::Status BuildWith(const std::string& methods) {
  google::protobuf::FileDescriptorProto file;
  const std::string text =
      "name: 'made_up.proto' package: 'cloudpos.toy.v1' dependency: "
      "'cloudpos/toy/v1/toy.proto' dependency: 'google/api/annotations.proto' dependency: "
      "'cloudpos/common/v1/policy.proto' service { name: 'S' " +
      methods + " }";
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &file));
  google::protobuf::DescriptorPool pool(google::protobuf::DescriptorPool::generated_pool());
  const auto* built = pool.BuildFile(file);
  REQUIRE(built != nullptr);
  return RouteTable::Build({built}).status();
}

std::string Method(const std::string& name, const std::string& http, const std::string& policy) {
  return "method { name: '" + name +
         "' input_type: '.cloudpos.toy.v1.GetToyRequest' output_type: '.cloudpos.toy.v1.Toy' "
         "options { "
         "[google.api.http] { " +
         http + " } " +
         (policy.empty() ? ""
                         : "[cloudpos.common.v1.policy] { callers: 'gateway' " + policy + " }") +
         " } } ";
}

TEST_CASE("RouteTable: what does not fit together is refused at start", "[gateway]") {
  const std::string fine = "public: true rate_class: READ";
  CHECK(BuildWith(Method("A", "get: '/v1/a/{toy_id}'", fine)).ToString() == "OK");
  CHECK_FALSE(BuildWith(Method("A", "get: '/v1/a'", "")).ok());
  CHECK_FALSE(BuildWith(Method("A", "get: '/v1/a'", "public: true")).ok());
  CHECK_FALSE(BuildWith(Method("A", "get: '/v1/{nope}'", fine)).ok());
  CHECK_FALSE(BuildWith(Method("A", "get: '/v1/a' body: '*'", fine)).ok());
  CHECK_FALSE(BuildWith(Method("A", "post: '/v1/a' body: 'toy_id'", fine)).ok());
  CHECK_FALSE(BuildWith(Method("A", "custom { kind: 'X' path: '/v1/a' }", fine)).ok());
  CHECK_FALSE(BuildWith(Method("A", "get: '/v1/a'", fine + " etag_field: 'nope'")).ok());
  CHECK_FALSE(BuildWith(Method("A", "get: '/v1/a'", fine + " raw_response: true")).ok());
  CHECK_FALSE(BuildWith(Method("A", "get: '/v1/{toy_id}'", fine) +
                        Method("B", "get: '/v1/{toy_id=*}'", fine))
                  .ok());
}

}  // namespace
}  // namespace cloudpos::gateway

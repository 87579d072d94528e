#include "tests/bench/load/load.h"

#include <catch2/catch.hpp>
#include <set>
#include <stdexcept>

#include "tests/bench/load/connection.h"

namespace cloudpos::bench {
namespace {

TEST_CASE("a request's changing parts are written in place", "[bench]") {
  Values values;
  values.drawn["variant"] = {"v1", "v2", "v3", "v4"};
  values.per_client["register"] = {"r0", "r1"};
  const Template shape("POST /v1/sales\n{<id> <register> <variant> <variant>}", values);
  Template::Bytes bytes = shape.For(3, {"host", "secret"});
  Filler filler(7);
  std::set<std::string> bodies;
  for (int i = 0; i < 50; ++i) {
    filler.Fill(&bytes);
    const size_t body = bytes.text.find("\r\n\r\n") + 4;
    CHECK(
        bytes.text.starts_with("POST /v1/sales HTTP/1.1\r\nHost: host\r\nAuthorization: "
                               "Bearer secret\r\n"));
    CHECK(bytes.text.find("Content-Length: " + std::to_string(bytes.text.size() - body)) !=
          bytes.text.npos);
    const std::string text = bytes.text.substr(body);
    CHECK(text.substr(38, 2) == "r1");
    CHECK((text.substr(41, 2) == "v1" || text.substr(41, 2) == "v2"));
    CHECK((text.substr(44, 2) == "v3" || text.substr(44, 2) == "v4"));
    CHECK(text[15] == '7');
    bodies.insert(text);
  }
  CHECK(bodies.size() == 50);
  CHECK_THROWS_AS(Template("POST /x\n<nobody>", values).For(0, {}), std::runtime_error);
}

TEST_CASE("answers are told apart", "[bench]") {
  Answer answer;
  const std::string ok = "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}";
  CHECK(ParseAnswer(ok, &answer) == static_cast<int64_t>(ok.size()));
  CHECK(answer.status == 201);
  CHECK(answer.retry_after == -1);
  CHECK(ParseAnswer(ok.substr(0, ok.size() - 1), &answer) == 0);
  CHECK(ParseAnswer("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nConnection: close\r\n"
                    "Content-Length: 0\r\n\r\n",
                    &answer) > 0);
  CHECK(answer.retry_after == 1);
  CHECK(answer.is_last);
  CHECK(ParseAnswer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &answer) == -1);
  CHECK(ParseAnswer("nonsense\r\n\r\n", &answer) == -1);
}

}  // namespace
}  // namespace cloudpos::bench

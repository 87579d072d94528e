#include <catch2/catch.hpp>

#include "tools/tidy/rules.h"

namespace cloudpos::tidy {
namespace {

// "rule:line" of each problem.
std::vector<std::string> Found(const std::string& path, const std::string& text) {
  std::vector<std::string> found;
  for (const Problem& p : CheckFile(path, text)) {
    found.push_back(p.rule + ":" + std::to_string(p.line));
  }
  return found;
}

using List = std::vector<std::string>;

std::string Repeat(const std::string& text, int count) {
  std::string all;
  while (count-- > 0) all += text;
  return all;
}

TEST_CASE("ParseCpp: code, strings and comments keep their places", "[tidy]") {
  const Source source = ParseCpp("a.cc",
                                 "f(\"a // b\\\"\");  // c \"d\"\n"
                                 "x = 1'000; /* e\nf */ y = 'z';\n"
                                 "R\"q(raw \" )\" // )q\" g\n");
  CHECK(source.code[0] == "f(\"        \");          ");
  CHECK(source.comments[0] == "                // c \"d\"");
  CHECK(source.code[1] == "x = 1'000;     ");
  CHECK(source.code[2] == "     y = ' ';");
  CHECK(source.strings[3].find("raw \" )\" // ") != std::string::npos);
  CHECK(source.code[3].ends_with("\" g"));
  REQUIRE(source.literals.size() == 2);
  CHECK(source.literals[0].content == "a // b\\\"");
}

TEST_CASE("columns: 100, counted in characters", "[tidy]") {
  CHECK(Found("libs/a/a.cc", std::string(100, 'x') + "\n").empty());
  CHECK(Found("libs/a/a.cc", std::string(101, 'x') + "\n") == List{"columns:1"});
  CHECK(Found("libs/a/a.cc", "// " + Repeat("\xc3\xa9", 97) + "\n").empty());
  CHECK(Found("libs/a/a.cc", "// https://example.com/" + std::string(100, 'x') + "\n").empty());
  CHECK(Found("libs/a/a_test.cc", "F(R\"(" + std::string(100, 'x') + ")\");\n").empty());
  CHECK(Found("proto/a.proto", "// " + std::string(117, 'x') + "\n").empty());
  CHECK(Found("proto/a.proto", "// " + std::string(118, 'x') + "\n") == List{"columns:1"});
}

TEST_CASE("blanks: none at the end, a last line end", "[tidy]") {
  CHECK(Found("libs/a/a.cc", "a;  \nb;\r\nc;") == List{"blanks:1", "blanks:2", "blanks:3"});
  CHECK(Found("libs/a/a.cc", "\ta;\n") == List{"blanks:1"});
}

TEST_CASE("notes: a TODO names its issue, a FIXME does not reach main", "[tidy]") {
  CHECK(Found("libs/a/a.cc", "// TODO(#12): later\n").empty());
  CHECK(Found("libs/a/a.cc", "// TODO: later\n// TODO(me): x\n// FIXME\n") ==
        List{"notes:1", "notes:2", "notes:3"});
  CHECK(Found("a/b.sql", "-- TODO later\n") == List{"notes:1"});
  CHECK(Found("libs/a/a.cc", "F(\"TODO\");\n").empty());
  CHECK(Found("libs/a/a.cc", "// NOLINT\n// NOLINT(rule): reason\n") == List{"notes:1"});
}

TEST_CASE("names: no semicolon in the name of a test", "[tidy]") {
  CHECK(Found("libs/a/a_test.cc", "TEST_CASE(\"F: a, b\", \"[a]\") { x; }\n").empty());
  CHECK(Found("libs/a/a_test.cc", "TEST_CASE(\"F: a; b\",\n  \"[a]\") {}\n") == List{"names:1"});
}

TEST_CASE("banned: each call outside its home", "[tidy]") {
  CHECK(Found("services/a/h.cc", "x = absl::Now();\n") == List{"banned:1"});
  CHECK(Found("libs/base/clock.cc", "x = absl::Now();\n").empty());
  CHECK(Found("libs/a/a_test.cc", "x = absl::Now();\n") == List{"banned:1"});
  CHECK(Found("libs/a/a.cc", "// absl::Now() is banned\n").empty());
  CHECK(Found("libs/a/a.cc", "n = std::stoi(s);\n") == List{"banned:1"});
  CHECK(Found("libs/a/a_test.cc", "n = std::stoi(s);\n").empty());
  CHECK(Found("libs/a/a.cc", "x = rand();\ny = brand();\n") == List{"banned:1"});
  CHECK(Found("libs/a/a.cc", "x = std::time(nullptr);\ny = uptime(nullptr);\n") ==
        List{"banned:1"});
  CHECK(Found("services/a/main.cc", "std::cerr << x;\n").empty());
  CHECK(Found("services/a/h.cc", "std::cerr << x;\n") == List{"banned:1"});
}

TEST_CASE("banned: an excuse names the rule and a reason", "[tidy]") {
  CHECK(Found("libs/a/a.cc", "// tidy: allow banned: the library takes it\nx = absl::Now();\n")
            .empty());
  CHECK(Found("libs/a/a.cc", "x = absl::Now();  // tidy: allow banned: y\n").empty());
  CHECK(Found("libs/a/a.cc", "x = absl::Now();  // tidy: allow sql: y\n") == List{"banned:1"});
}

TEST_CASE("money: no floating point near it, none at all where sums are made", "[tidy]") {
  CHECK(Found("services/a/h.cc", "double unit_price = 1;\n") == List{"money:1"});
  CHECK(Found("services/a/h.cc", "double seconds = 1;\n").empty());
  CHECK(Found("libs/pricing/tax.cc", "float seconds = 1;\n") == List{"money:1"});
  CHECK(Found("services/a/domain/x.cc", "double seconds = 1;\n") == List{"money:1"});
  CHECK(Found("services/a/h.cc", "int doubled_price = 1;\n").empty());
}

TEST_CASE("sql: columns are listed", "[tidy]") {
  CHECK(Found("services/a/store.cc", "q = R\"sql(\nselect  * FROM t)sql\";\n") == List{"sql:2"});
  CHECK(Found("services/a/store.cc", "q = \"INSERT INTO t RETURNING *\";\n") == List{"sql:1"});
  CHECK(Found("services/a/store.cc", "q = \"SELECT s.* FROM t s\";\n") == List{"sql:1"});
  CHECK(Found("services/a/store.cc", "q = \"SELECT count(*), a * b FROM t\";\n").empty());
  CHECK(Found("services/a/migrations/0001_x.sql", "-- SELECT *\nSELECT * FROM t;\n") ==
        List{"sql:2"});
  CHECK(Found("services/a/store.cc", "q = \"SELECT pg_advisory_lock(1)\";\n") == List{"sql:1"});
}

TEST_CASE("sql: never built from strings", "[tidy]") {
  for (const char* built :
       {"q = \"SELECT a FROM t WHERE b = '\" + b + \"'\";\n", "q += \"x\" + \"WHERE a\";\n",
        "q = absl::StrCat(\"SELECT a FROM \", t);\n", "q.append(\"WHERE a = 1\");\n",
        "q = \"DELETE FROM t \"\n    \"WHERE a = \" + a;\n"}) {
    INFO(built);
    CHECK(Found("services/a/store.cc", built) == List{"sql:1"});
  }
  for (const char* plain :
       {"q = \"SELECT a \"\n    \"FROM t\";\n", "Query q{\"select_a\", R\"sql(SELECT a)sql\"};\n",
        "x = \"SELECT\" + y;\n", "Fail(StrCat(a, b), \"UPDATE it\");\n"}) {
    INFO(plain);
    CHECK(Found("services/a/store.cc", plain).empty());
  }
  CHECK(Found("libs/pg/provision.cc", "q = \"ALTER TABLE \" + t;\n").empty());
}

TEST_CASE("includes: dependencies point one way", "[tidy]") {
  const struct {
    const char* path;
    const char* file;
    bool is_allowed;
  } rows[] = {
      {"libs/rpc/a.cc", "services/auth/store.h", false},
      {"libs/rpc/a.cc", "gateway/route.h", false},
      {"libs/rpc/a.cc", "libs/log/log.h", true},
      {"libs/base/a.cc", "libs/log/log.h", false},
      {"libs/base/a.cc", "absl/time/time.h", true},
      {"libs/pg/a.cc", "libs/rpc/server.h", false},
      {"libs/rpc/a.cc", "libs/events/events.h", false},
      {"libs/events/a.cc", "libs/rpc/server.h", true},
      {"libs/log/a.cc", "libs/log/log.h", true},
      {"libs/rpc/a.cc", "libs/testing/certificates.h", false},
      {"libs/rpc/a_test.cc", "libs/testing/certificates.h", true},
      {"services/auth/a.cc", "tests/support/random.h", false},
      {"services/auth/a_test.cc", "tests/support/random.h", true},
      {"libs/base/a.cc", "cloudpos/common/v1/error.pb.h", true},
      {"libs/pricing/a.cc", "libs/base/error.h", false},
      {"libs/pricing/a.cc", "libs/pricing/tax.h", true},
      {"services/auth/a.cc", "services/auth/store.h", true},
      {"services/auth/a.cc", "services/inventory/store.h", false},
      {"services/auth/a.cc", "cloudpos/inventory/v1/events.pb.h", true},
      {"services/auth/domain/a.cc", "libs/base/error.h", true},
      {"services/auth/domain/a.cc", "libs/pricing/tax.h", true},
      {"services/auth/domain/a.cc", "libs/pg/pg.h", false},
      {"services/auth/domain/a.cc", "libs/log/log.h", false},
      {"services/auth/domain/a.cc", "cloudpos/auth/v1/auth.pb.h", false},
      {"gateway/a.cc", "cloudpos/common/v1/policy.pb.h", true},
      {"gateway/a.cc", "cloudpos/auth/v1/auth.pb.h", false},
      {"gateway/a.cc", "services/auth/store.h", false},
      {"gateway/a_test.cc", "cloudpos/auth/v1/auth.pb.h", true},
      {"libs/a/a.cc", "neighbour.h", false},
      {"libs/a/a.cc", "cloudpos/auth/v1/auth.grpc.pb.h", false},
  };
  for (const auto& row : rows) {
    INFO(row.path << " includes " << row.file);
    const auto found = Found(row.path, "#include \"" + std::string(row.file) + "\"\n");
    CHECK(found == (row.is_allowed ? List{} : List{"includes:1"}));
  }
}

TEST_CASE("includes: a header is included once and imposes no names", "[tidy]") {
  CHECK(Found("libs/a/a.h", "#pragma once\nint x;\n").empty());
  CHECK(Found("libs/a/a.h", "int x;\n") == List{"includes:1"});
  CHECK(Found("libs/a/a.h", "#pragma once\nusing namespace std;\n") == List{"includes:2"});
}

TEST_CASE("function: 70 lines from brace to brace, wherever it stands", "[tidy]") {
  const std::string fits = Repeat("  f();\n", 68);
  const std::string too_long = Repeat("  if (a) {\n    f();\n  }\n", 23);
  for (const char* head :
       {"void F() {\n", "int A::F(int x) const {\n", "auto F() -> int {\n",
        "A::A(int x) : x_(x), y_{2} {\n", "A::A(int x)\n    : x_(x) {\n",
        "template <typename T>\nstd::vector<T> F(std::function<void()> f = {}) {\n"}) {
    INFO(head);
    CHECK(Found("libs/a/a.cc", "namespace a {\n" + (head + fits) + "}\n}\n").empty());
    CHECK(Found("libs/a/a.cc", "namespace a {\n" + (head + too_long) + "}\n}\n").size() == 1);
  }
  const std::string in_class =
      "class A {\n public:\n  void F() override {\n" + too_long + "  }\n};\n";
  CHECK(Found("libs/a/a.cc", in_class) == List{"function:3"});
  CHECK(Found("libs/a/a.cc", "const int kTable[] = {\n" + Repeat("  1,\n", 90) + "};\n").empty());
  CHECK(Found("libs/a/a.cc", "class A {\n" + Repeat("  void F();\n", 90) + "};\n").empty());
}

TEST_CASE("function: 70 lines in shell, too", "[tidy]") {
  const std::string start = "#!/bin/sh\nset -eu\none() { true; }\n";
  CHECK(Found("tests/a/run", start + "f() {\n" + Repeat("  g\n", 68) + "}\n").empty());
  CHECK(Found("tests/a/run", start + "f() {\n" + Repeat("  g\n", 69) + "}\n") ==
        List{"function:4"});
  CHECK(Found("tools/a.sh", start + "f() (\n" + Repeat("  g\n", 69) + ")\n") == List{"function:4"});
}

TEST_CASE("proto: an RPC has a comment, a policy, and a route or callers", "[tidy]") {
  const std::string head = "// What it owns.\nservice S {\n";
  const std::string policy = "    option (cloudpos.common.v1.policy) = { callers: \"gateway\" };\n";
  CHECK(
      Found("proto/a.proto", head + "  // Does.\n  rpc F(A) returns (B) {\n" + policy + "  }\n}\n")
          .empty());
  CHECK(Found("proto/a.proto", head + "  rpc F(A) returns (B) {\n" + policy + "  }\n}\n") ==
        List{"proto:3"});
  CHECK(Found("proto/a.proto", head + "  // Does.\n  rpc F(A) returns (B);\n}\n") ==
        List{"proto:4", "proto:4"});
}

TEST_CASE("IsChecked: sources, not data", "[tidy]") {
  for (const char* path : {"libs/a/a.cc", "libs/a/a.h", "proto/a.proto", "s/migrations/1.sql",
                           "CMakeLists.txt", "cmake/x.cmake", "tools/pos/up.sh"}) {
    CHECK(IsChecked(path, ""));
  }
  CHECK(IsChecked("tests/fuzz/run", "#!/usr/bin/env bash\nset -eu\n"));
  for (const char* path : {"README.md", "tests/golden/routes.txt", "web/package-lock.json"}) {
    CHECK_FALSE(IsChecked(path, ""));
  }
  for (const char* text : {"", "Apache", "#!/usr/bin/env python3\n"}) {
    CHECK_FALSE(IsChecked("LICENSE", text));
  }
}

}  // namespace
}  // namespace cloudpos::tidy

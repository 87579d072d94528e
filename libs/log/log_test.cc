#include "libs/log/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <thread>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/encoding.h"

namespace cloudpos::log {
namespace {

std::string Line(Level level, std::string_view message, Fields fields = {}) {
  return Format(level, message, fields.begin(), fields.size());
}

// The line without the time, which leads: {"time":"2026-01-05T10:00:00.000000Z"
std::string AfterTime(const std::string& line) { return line.substr(37); }

TEST_CASE("Format: time, level, service, message, then the fields in order", "[log]") {
  Init("auth", Level::kInfo);
  const std::string line = Line(Level::kWarn, "store created",
                                {{"store", "s1"},
                                 {"count", 3},
                                 {"big", int64_t{-9007199254740991}},
                                 {"is_new", true},
                                 {"name", std::string("x")}});
  CHECK(line.starts_with("{\"time\":\"20"));
  CHECK(base::ParseTime(line.substr(9, 27), "time").ok());
  CHECK(AfterTime(line) ==
        ",\"level\":\"warn\",\"service\":\"auth\",\"message\":\"store created\",\"store\":\"s1\","
        "\"count\":3,\"big\":-9007199254740991,\"is_new\":true,\"name\":\"x\"}");
}

TEST_CASE("Format: whatever the text, the line stays one JSON object in UTF-8", "[log]") {
  Init("auth", Level::kInfo);
  const struct {
    std::string text;
    std::string written;
  } rows[] = {
      {"say \"hi\" \\ now", "say \\\"hi\\\" \\\\ now"},
      {"a\nb\r\tc", "a\\nb\\r\\tc"},
      {std::string("\x01\x1f\0", 3), "\\u0001\\u001f\\u0000"},
      {"caf\xc3\xa9", "caf\xc3\xa9"},
      {"bad \xff\"", "bad \xef\xbf\xbd\\\""},
      {"cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd"},
      {"ok \xe2\x82\xac \xc0\xaf", "ok \xe2\x82\xac \xef\xbf\xbd\xef\xbf\xbd"},
      {"\xed\xa0\x80\n", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\n"},
  };
  for (const auto& row : rows) {
    INFO(row.written);
    const std::string line = Line(Level::kInfo, row.text);
    CHECK(line.ends_with("\"message\":\"" + row.written + "\"}"));
    CHECK(base::IsValidUtf8(line));
  }
}

TEST_CASE("Format: a long value is cut", "[log]") {
  const std::string line = Line(Level::kInfo, "m", {{"body", std::string(100'000, 'x')}});
  CHECK(line.size() < 9000);
  CHECK(line.ends_with("xxx...\"}"));
}

TEST_CASE("ParseLevel and Enabled: the lowest level written", "[log]") {
  CHECK(ParseLevel("debug") == Level::kDebug);
  CHECK(ParseLevel("error") == Level::kError);
  CHECK(ParseLevel("loud") == Level::kInfo);
  Init("auth", Level::kWarn);
  CHECK_FALSE(Enabled(Level::kInfo));
  CHECK(Enabled(Level::kWarn));
}

// Sends stderr to a file for as long as it lives.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(dup(STDERR_FILENO)) {
    char path[] = "/tmp/cloudpos-log-XXXXXX";
    const int file = mkstemp(path);
    path_ = path;
    dup2(file, STDERR_FILENO);
    close(file);
  }
  ~CapturedStderr() {
    Restore();
    unlink(path_.c_str());
  }
  std::vector<std::string> Lines() {
    Restore();
    std::ifstream file(path_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

 private:
  void Restore() {
    if (saved_ < 0) return;
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    saved_ = -1;
  }
  int saved_;
  std::string path_;
};

TEST_CASE("Write: lines of many threads stay whole, lower levels are left out", "[log]") {
  Init("auth", Level::kInfo);
  CapturedStderr captured;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i) {
        Debug("not written");
        Info("written", {{"thread", t}, {"i", i}, {"pad", std::string(200, 'p')}});
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const auto lines = captured.Lines();
  CHECK(lines.size() == 800);
  for (const auto& line : lines) {
    REQUIRE(line.starts_with("{\"time\":\""));
    REQUIRE(line.ends_with("pp\"}"));
    REQUIRE(line.find("{", 1) == std::string::npos);
  }
}

TEST_CASE("Write: a stderr that refuses costs the line only", "[log]") {
  Init("auth", Level::kInfo);
  CapturedStderr captured;
  const int full = open("/dev/full", O_WRONLY);
  REQUIRE(full >= 0);
  dup2(full, STDERR_FILENO);
  close(full);
  Info("lost");
  CHECK(captured.Lines().empty());
}

}  // namespace
}  // namespace cloudpos::log

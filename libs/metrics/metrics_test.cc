#include "libs/metrics/metrics.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "libs/base/error.h"

namespace cloudpos::metrics {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The value behind a sample's name in the text form; -1 when it is not there.
double SampleOf(const std::string& text, const std::string& name) {
  const size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

std::string HttpGet(int port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  REQUIRE(send(fd, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 0; (n = recv(fd, buffer, sizeof(buffer), 0)) > 0;) answer.append(buffer, n);
  close(fd);
  return answer;
}

TEST_CASE("Counter, Gauge, Latency: the same name and labels are the same object", "[metrics]") {
  auto& counter = Counter("cloudpos_test_things_total", "Things.", {{"kind", "a"}});
  CHECK(&counter == &Counter("cloudpos_test_things_total", "Things.", {{"kind", "a"}}));
  CHECK(&counter != &Counter("cloudpos_test_things_total", "Things.", {{"kind", "b"}}));
  counter.Increment(2);
  Gauge("cloudpos_test_depth", "Depth.").Set(-3);
  Latency("cloudpos_test_call_seconds", "Calls.").Observe(0.003);
  const std::string text = Render();
  CHECK(Has(text, "# HELP cloudpos_test_things_total Things.\n"));
  CHECK(Has(text, "cloudpos_test_things_total{kind=\"a\"} 2\n"));
  CHECK(Has(text, "cloudpos_test_depth -3\n"));
  CHECK(Has(text, "cloudpos_test_call_seconds_bucket{le=\"0.0025\"} 0\n"));
  CHECK(Has(text, "cloudpos_test_call_seconds_bucket{le=\"0.005\"} 1\n"));
  CHECK(Has(text, "cloudpos_test_call_seconds_bucket{le=\"10\"} 1\n"));
}

TEST_CASE("Render: the process's own figures are plausible", "[metrics]") {
  std::ofstream open_file("/dev/null");
  const std::string text = Render();
  CHECK(SampleOf(text, "process_resident_memory_bytes") > 1e6);
  CHECK(SampleOf(text, "process_cpu_seconds_total") >= 0);
  CHECK(SampleOf(text, "process_open_fds") >= 4);
  CHECK(SampleOf(text, "process_max_fds") >= 4);
  CHECK(SampleOf(text, "process_threads") >= 1);
  CHECK(SampleOf(text, "process_start_time_seconds") > 1.7e9);
}

TEST_CASE("Endpoint: serves /metrics and nothing else", "[metrics]") {
  auto endpoint = Endpoint::Listen("127.0.0.1:0");
  REQUIRE(endpoint.ok());
  const int port = (*endpoint)->port();
  Counter("cloudpos_test_scraped_total", "Seen.").Increment();
  const std::string answer = HttpGet(port, "/metrics");
  CHECK(answer.starts_with("HTTP/1.1 200"));
  CHECK(Has(answer, "cloudpos_test_scraped_total 1\n"));
  CHECK(Has(answer, "process_open_fds"));
  CHECK(HttpGet(port, "/").starts_with("HTTP/1.1 404"));
  CHECK(HttpGet(port, "/etc/passwd").starts_with("HTTP/1.1 404"));
}

TEST_CASE("Endpoint: an address in use is an error, not a crash", "[metrics]") {
  auto first = Endpoint::Listen("127.0.0.1:0");
  REQUIRE(first.ok());
  const auto second = Endpoint::Listen("127.0.0.1:" + std::to_string((*first)->port()));
  CHECK(base::CodeOf(second.status()) == common::v1::UNAVAILABLE);
  CHECK_FALSE(Endpoint::Listen("not an address").ok());
}

TEST_CASE("Counter: increments of many threads add up", "[metrics]") {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 1000; ++i) Counter("cloudpos_test_raced_total", "Raced.").Increment();
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(Counter("cloudpos_test_raced_total", "Raced.").Value() == 4000);
}

}  // namespace
}  // namespace cloudpos::metrics

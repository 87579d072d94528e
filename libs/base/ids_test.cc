#include "libs/base/ids.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_set>

#include "libs/base/clock.h"
#include "libs/base/error.h"

namespace cloudpos::base {
namespace {

TEST_CASE("Uuid: parses the canonical form in either case and nothing else", "[base]") {
  const auto id = Uuid::Parse("017F22E2-79b0-7cc3-98C4-dc0c0c07398f");
  REQUIRE(id);
  CHECK(id->ToString() == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  for (const char* text :
       {"", "017f22e279b07cc398c4dc0c0c07398f", "g17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f ", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398}",
        "017f22e2079b0-7cc3-98c4-dc0c0c07398f"}) {
    INFO(text);
    CHECK_FALSE(Uuid::Parse(text));
  }
}

TEST_CASE("Uuid::ParseField: refuses empty, malformed and nil by name", "[base]") {
  CHECK(CodeOf(Uuid::ParseField("", "storeId").status()) == common::v1::FIELD_REQUIRED);
  const auto bad = Uuid::ParseField("x", "storeId").status();
  CHECK(CodeOf(bad) == common::v1::INVALID_ARGUMENT);
  CHECK(InfoOf(bad).fields.at(0).field == "storeId");
  CHECK(CodeOf(Uuid::ParseField(Uuid().ToString(), "storeId").status()) ==
        common::v1::INVALID_ARGUMENT);
  CHECK(Uuid::ParseField("017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "storeId").ok());
}

TEST_CASE("RandomIdSource: version 7 of now, unique across threads", "[base]") {
  RandomIdSource source;
  const int64_t before = absl::ToUnixMillis(SystemClock().Now());
  std::mutex mutex;
  std::unordered_set<Uuid> seen;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      std::vector<Uuid> mine;
      for (int i = 0; i < 5000; ++i) mine.push_back(source.NewId());
      const std::lock_guard lock(mutex);
      seen.insert(mine.begin(), mine.end());
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(seen.size() == 20000);
  for (const Uuid& id : seen) {
    int64_t millis = 0;
    for (size_t i = 0; i < 6; ++i) millis = millis << 8 | id.bytes()[i];
    REQUIRE(millis >= before);
    REQUIRE(millis <= before + 60'000);
    REQUIRE(id.bytes()[6] >> 4 == 7);
    REQUIRE(id.bytes()[8] >> 6 == 2);
  }
}

TEST_CASE("RandomIdSource: ids of different milliseconds sort by time", "[base]") {
  RandomIdSource source;
  Uuid last = source.NewId();
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const Uuid next = source.NewId();
    CHECK(last < next);
    last = next;
  }
}

TEST_CASE("RandomIdSource: a forked child does not repeat its parent's randomness", "[base]") {
  RandomIdSource source;
  source.NewId();  // fills this thread's stock
  int pipes[2];
  REQUIRE(pipe(pipes) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string text = source.NewId().ToString();
    _exit(write(pipes[1], text.data(), text.size()) == 36 ? 0 : 1);
  }
  const std::string ours = source.NewId().ToString();
  char theirs[36];
  REQUIRE(read(pipes[0], theirs, sizeof(theirs)) == 36);
  int outcome = 0;
  waitpid(child, &outcome, 0);
  close(pipes[0]);
  close(pipes[1]);
  CHECK(std::string(theirs, 36).substr(19) != ours.substr(19));
}

TEST_CASE("DeriveUuidV7: same input, same id, the time leads", "[base]") {
  const absl::Time time = absl::FromUnixMillis(0x017F22E279B0);
  const Uuid id = DeriveUuidV7(time, "sale:536365");
  CHECK(id == DeriveUuidV7(time, "sale:536365"));
  CHECK(id != DeriveUuidV7(time, "sale:536366"));
  CHECK(id.ToString().starts_with("017f22e2-79b0-7"));
}

TEST_CASE("DeriveUuidV5: RFC 9562 appendix A.4", "[base]") {
  const auto dns = Uuid::Parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  CHECK(DeriveUuidV5(*dns, "www.example.com").ToString() == "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST_CASE("RandomBytes: as many as asked, not all the same", "[base]") {
  CHECK(RandomBytes(0).empty());
  const std::string bytes = RandomBytes(64);
  CHECK(std::set<char>(bytes.begin(), bytes.end()).size() > 8);
  CHECK(bytes != RandomBytes(64));
}

}  // namespace
}  // namespace cloudpos::base

#include "libs/rpc/signals.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <future>

namespace cloudpos::rpc {

TEST_CASE("Signals: SIGTERM is told to listeners and ends nothing by itself", "[rpc]") {
  for (const int signal : {SIGTERM, SIGINT}) {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    const pid_t child = fork();
    if (child == 0) {
      BlockSignals();
      std::promise<void> asked;
      const StopListener listener([&] { asked.set_value(); });
      if (write(ready[1], "x", 1) != 1) _exit(2);
      asked.get_future().wait();
      bool told_late = false;
      const StopListener late([&] { told_late = true; });
      _exit(told_late ? 0 : 1);
    }
    char byte = 0;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    REQUIRE(kill(child, signal) == 0);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    close(ready[0]);
    close(ready[1]);
  }
}

}  // namespace cloudpos::rpc

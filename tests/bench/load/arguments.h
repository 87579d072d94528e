#pragma once

// What the command lines of bench-load and bench-rpc have in common: the clients, a request, and
// the lists that its placeholders stand for.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/load/load.h"
#include "tests/bench/load/request.h"

namespace cloudpos::bench {

class Arguments {
 public:
  using Set = std::function<void(const std::string&)>;

  /// Knows --request FILE, --draw NAME=FILE and --own NAME=FILE; --clients N, --seconds S, --seed N
  /// and --token-file FILE, which go into `clients`; and what the program `also` knows.
  Arguments(ClientOptions* clients, std::map<std::string, Set> also);

  /// Throws std::runtime_error: flags it does not know, or no request.
  void Read(const std::vector<std::string>& arguments);
  Template Request() { return Template(text_, std::move(values_)); }

 private:
  std::map<std::string, Set> flags_;
  std::string text_;
  Values values_;
};

/// main: runs `run` on the arguments, and says as `name` why it could not.
int Main(int argc, char** argv, const char* name,
         const std::function<LoadResult(const std::vector<std::string>&)>& run);

}  // namespace cloudpos::bench

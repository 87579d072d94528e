#pragma once

// A client: rings up, takes back, abandons, repeats what it got no answer to, and writes down what
// it sent and saw.

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/chaos/harness/basket.h"
#include "tests/chaos/harness/client_log.h"
#include "tests/chaos/harness/dice.h"
#include "tests/chaos/harness/http.h"
#include "tests/chaos/harness/load.h"
#include "tests/chaos/harness/world.h"

namespace cloudpos::chaos {

/// Shares of the workload, in percent of documents; the rest are plain sales.
struct Mix {
  int returns = 11;
  int double_returns = 2;  // the same goods twice at once: one must be refused
  int abandons = 3;        // before the sale comes
  int races = 2;           // sale and abandonment at once
  int repeats = 25;        // sent again though answered
  int at_once = 15;        // first sent on two or three connections
  int other_payloads = 4;  // the same id for another request
};

struct ClientOptions {
  int number = 0;
  int port = 0;
  uint64_t seed = 0;
  World* world = nullptr;
  Load* load = nullptr;
  Mix mix = {};
  /// Between the beginnings of two documents.
  Micros interval = 0;
  bool verifies = true;
};

/// Run is the thread. Everything it draws follows from the seed and its number.
class Client {
 public:
  Client(ClientOptions options, ClientLog log);
  void Run();

 private:
  enum class Outcome { kRecorded, kRefused, kUnknown };
  /// A document under way.
  struct Op {
    Document document;
    int attempts = 0;
    /// Some request of it may still be on its way when the last answer was read.
    bool was_unknown = false;
    std::string reply;  // of the acknowledgement
  };

  void Step();
  void Sell();
  void Return(bool twice);
  void AbandonThenSell();
  void RaceAbandon();

  /// Sends `op` until it has an outcome, or the run is over. Counts it as planned.
  Outcome Settle(Op* op, int copies);
  /// The same for two documents whose first requests go out at once.
  void SettleBoth(Op* first, Op* second);
  Outcome Repeat(Op* op);
  void Conclude(Op* op, Outcome outcome);
  /// One round of requests, at once; the best outcome among them.
  Outcome SendCopies(Op* op, int copies);
  void SendAll(const std::vector<Op*>& ops, std::vector<Outcome>* outcomes);
  Outcome Judge(Op* op, const Connection& connection, Micros sent);
  Outcome JudgeReply(Op* op, const Reply& reply, Micros sent);
  void SendAgain(const Op& op);
  void SendOtherPayload(const Op& op);
  /// At the end, with nothing on its way any more: the last word on what was refused after a loss.
  void Verify();
  void Remember(const Op& op);
  void Pause(int attempt);

  const ClientOptions options_;
  ClientLog log_;
  Dice dice_;
  std::array<std::unique_ptr<Connection>, 3> connections_;
  std::shared_ptr<const std::string> token_;
  std::deque<SoldSale> sold_;
  std::deque<Op> again_;  // to be sent once more, later
  std::vector<Op> doubtful_;
};

}  // namespace cloudpos::chaos

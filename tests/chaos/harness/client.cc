#include "tests/chaos/harness/client.h"

#include <algorithm>
#include <utility>

#include "libs/base/clock.h"

namespace cloudpos::chaos {
namespace {

/// How long a till waits for an answer before it asks again: shorter than the gateway's own limit,
/// so that requests overtake those that hang.
constexpr Micros kReplyTime = 5 * kSecond;
/// No request lives longer: the gateway's deadline for writes, and a little.
constexpr Micros kInFlightMax = 10'500 * kMilli;
constexpr Micros kPauseMin = 20 * kMilli;
constexpr Micros kPauseMax = 400 * kMilli;
/// Behind the plan by more than this, a client does not catch up.
constexpr Micros kLateMax = kSecond;
constexpr size_t kSoldKept = 50;
constexpr size_t kAgainKept = 20;

/// "code" of a problem, without building a tree for it.
std::string_view ProblemCode(std::string_view body) {
  constexpr std::string_view kName = "\"code\":\"";
  const size_t at = body.find(kName);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = body.substr(at + kName.size());
  return rest.substr(0, rest.find('"'));
}

bool IsPassing(int status) {
  return status >= 500 || status == 401 || status == 408 || status == 429;
}

/// Refusals that the workload provokes.
bool IsExpected(std::string_view kind, std::string_view code) {
  if (kind == "sale") return code == "PRICE_CHANGED" || code == "SALE_ABANDONED";
  return kind == "return" && code == "RETURN_EXCEEDS_SOLD";
}

int64_t UnixMillis() { return absl::ToUnixMillis(base::SystemClock().Now()); }

}  // namespace

Client::Client(ClientOptions options, ClientLog log)
    : options_(std::move(options)),
      log_(std::move(log)),
      dice_(options_.seed, static_cast<uint64_t>(options_.number) + 1000) {
  for (auto& connection : connections_) {
    connection = std::make_unique<Connection>(options_.port);
  }
}

void Client::Run() {
  // Spread over the first interval, so that clients do not beat as one.
  Micros next = Now() + dice_.Between(0, options_.interval);
  while (!options_.load->is_closing) {
    if (const Micros wait = next - Now(); wait > 0) {
      SleepFor(std::min(wait, 50 * kMilli));
      continue;
    }
    next = std::max(next + options_.interval, Now() - kLateMax);
    Step();
  }
  for (; !again_.empty() && !options_.load->is_over; again_.pop_front()) SendAgain(again_.front());
  Verify();
}

void Client::Step() {
  const int kind = static_cast<int>(dice_.Between(1, 100));
  const Mix& mix = options_.mix;
  if (kind <= mix.returns) {
    Return(false);
  } else if (kind <= mix.returns + mix.double_returns) {
    Return(true);
  } else if (kind <= mix.returns + mix.double_returns + mix.abandons) {
    AbandonThenSell();
  } else if (kind <= mix.returns + mix.double_returns + mix.abandons + mix.races) {
    RaceAbandon();
  } else {
    Sell();
  }
  if (again_.size() > kAgainKept || (!again_.empty() && dice_.Percent(20))) {
    SendAgain(again_.front());
    again_.pop_front();
  }
}

void Client::Sell() {
  Op op{.document = MakeSale(*options_.world, dice_.Pick(options_.world->tills), &dice_)};
  const int copies =
      dice_.Percent(options_.mix.at_once) ? static_cast<int>(dice_.Between(2, 3)) : 1;
  if (Settle(&op, copies) != Outcome::kRecorded) return;
  Remember(op);
  if (dice_.Percent(options_.mix.other_payloads)) SendOtherPayload(op);
}

void Client::Return(bool twice) {
  if (sold_.empty()) return Sell();
  const size_t index = dice_.Index(sold_.size());
  const SoldSale sale = sold_[index];
  sold_.erase(sold_.begin() + static_cast<std::ptrdiff_t>(index));
  const SoldLine line = dice_.Pick(sale.lines);
  Op op{.document = MakeReturn(sale, line, &dice_)};
  if (!twice) {
    Settle(&op, 1);
    return;
  }
  Op other{.document = MakeReturn(sale, line, &dice_)};
  SettleBoth(&op, &other);
}

void Client::AbandonThenSell() {
  Op sale{.document = MakeSale(*options_.world, dice_.Pick(options_.world->tills), &dice_)};
  const Till till{.id = sale.document.reg, .store = sale.document.store};
  Op abandon{.document = MakeAbandon(sale.document.id, till)};
  Settle(&abandon, 1);
  if (Settle(&sale, 1) == Outcome::kRecorded) {
    options_.load->NoteSurprise("an abandoned sale was sold: " + sale.document.id);
  }
}

void Client::RaceAbandon() {
  Op sale{.document = MakeSale(*options_.world, dice_.Pick(options_.world->tills), &dice_)};
  const Till till{.id = sale.document.reg, .store = sale.document.store};
  Op abandon{.document = MakeAbandon(sale.document.id, till)};
  SettleBoth(&sale, &abandon);
}

Client::Outcome Client::Settle(Op* op, int copies) {
  options_.load->Add(Load::kPlanned);
  Outcome outcome = SendCopies(op, copies);
  if (outcome == Outcome::kUnknown) outcome = Repeat(op);
  Conclude(op, outcome);
  return outcome;
}

void Client::SettleBoth(Op* first, Op* second) {
  options_.load->Add(Load::kPlanned);
  options_.load->Add(Load::kPlanned);
  std::vector<Outcome> outcomes;
  SendAll({first, second}, &outcomes);
  if (outcomes[0] == Outcome::kUnknown) outcomes[0] = Repeat(first);
  if (outcomes[1] == Outcome::kUnknown) outcomes[1] = Repeat(second);
  Conclude(first, outcomes[0]);
  Conclude(second, outcomes[1]);
}

Client::Outcome Client::Repeat(Op* op) {
  Outcome outcome = Outcome::kUnknown;
  while (outcome == Outcome::kUnknown && !options_.load->is_over) {
    Pause(op->attempts);
    outcome = SendCopies(op, 1);
  }
  return outcome;
}

void Client::Conclude(Op* op, Outcome outcome) {
  if (outcome == Outcome::kUnknown) return;
  options_.load->Add(Load::kDefinite);
  if (outcome == Outcome::kRefused) {
    options_.load->Add(Load::kRefused);
    // A request that got no answer may come to its end after this one was refused.
    if (op->was_unknown) doubtful_.push_back(std::move(*op));
    return;
  }
  if (dice_.Percent(options_.mix.repeats)) again_.push_back(*op);
}

Client::Outcome Client::SendCopies(Op* op, int copies) {
  std::vector<Outcome> outcomes;
  SendAll(std::vector<Op*>(static_cast<size_t>(copies), op), &outcomes);
  // Recorded beats refused beats unknown.
  return *std::min_element(outcomes.begin(), outcomes.end());
}

void Client::SendAll(const std::vector<Op*>& ops, std::vector<Outcome>* outcomes) {
  outcomes->assign(ops.size(), Outcome::kUnknown);
  token_ = options_.world->session->token();
  std::vector<Connection*> connections;
  std::vector<std::string> names;
  const int64_t millis = UnixMillis();
  Micros sent = Now();
  for (size_t i = 0; i < ops.size(); ++i) {
    const Document& document = ops[i]->document;
    Connection* connection = connections_[i].get();
    names.push_back(dice_.Id(millis));
    connections.push_back(connection);
    log_.Sent(names.back(), document, ++ops[i]->attempts);
    options_.load->Add(Load::kRequests);
    if (connection->Open()) {
      connection->Send(
          {.method = "POST", .path = document.path, .token = *token_, .body = document.body});
    }
  }
  AwaitAll(connections, sent + kReplyTime, [&](size_t i) {
    const Connection& connection = *connections[i];
    if (connection.reply) {
      log_.Received(names[i], *connection.reply);
    } else {
      log_.Lost(names[i], *connection.loss);
    }
    (*outcomes)[i] = Judge(ops[i], connection, sent);
  });
}

Client::Outcome Client::Judge(Op* op, const Connection& connection, Micros sent) {
  if (connection.reply) return JudgeReply(op, *connection.reply, sent);
  options_.load->Add(Load::kUnknown);
  options_.load->NoteLost({.sent = sent, .lost = Now(), .why = *connection.loss});
  // What was refused at the door is known not to have happened.
  if (*connection.loss != Loss::kRefused) op->was_unknown = true;
  return Outcome::kUnknown;
}

Client::Outcome Client::JudgeReply(Op* op, const Reply& reply, Micros sent) {
  Load& load = *options_.load;
  if (reply.replayed) load.Add(Load::kReplays);
  if (reply.status < 300) {
    if (op->reply.empty()) {
      op->reply = reply.body;
      const std::string_view kind = op->document.kind;
      if (kind == "sale") load.NoteSale(sent);
      if (kind == "return") load.Add(Load::kReturns);
      if (kind == "abandon") load.Add(Load::kAbandons);
    }
    return Outcome::kRecorded;
  }
  const std::string_view code = ProblemCode(reply.body);
  load.NoteProblem(reply.status, code);
  if (IsPassing(reply.status)) {
    load.Add(Load::kUnknown);
    if (reply.status == 401) options_.world->session->Renew(token_);
    if (reply.status != 401 && reply.status != 429) op->was_unknown = true;
    return Outcome::kUnknown;
  }
  if (!IsExpected(op->document.kind, code)) {
    load.NoteSurprise(std::string(op->document.kind) + " " + op->document.id + ": " +
                      std::to_string(reply.status) + " " + reply.body);
  }
  return Outcome::kRefused;
}

void Client::SendAgain(const Op& op) {
  Op again = op;
  again.reply = "sent before";
  const Outcome outcome = SendCopies(&again, dice_.Percent(30) ? 2 : 1);
  if (outcome == Outcome::kRefused) {
    options_.load->NoteSurprise("refused though acknowledged before: " + op.document.id);
  }
}

void Client::SendOtherPayload(const Op& op) {
  const Document document = OtherPayload(op.document);
  const std::string name = dice_.Id(UnixMillis());
  Connection& connection = *connections_[0];
  log_.Sent(name, document, 1);
  options_.load->Add(Load::kRequests);
  if (connection.Open()) {
    connection.Send({.method = "POST",
                     .path = document.path,
                     .token = *options_.world->session->token(),
                     .body = document.body});
  }
  AwaitAll({&connection}, Now() + kReplyTime, [](size_t) {});
  if (!connection.reply) {
    log_.Lost(name, *connection.loss);
    return;
  }
  log_.Received(name, *connection.reply);
  const int status = connection.reply->status;
  options_.load->NoteProblem(status, ProblemCode(connection.reply->body));
  if (status != 422 && !IsPassing(status)) {
    options_.load->NoteSurprise("another payload under the id of a sale: " +
                                std::to_string(status) + " " + connection.reply->body);
  }
}

void Client::Verify() {
  if (doubtful_.empty() || !options_.verifies) return;
  SleepFor(kInFlightMax);
  for (Op& op : doubtful_) {
    Outcome outcome = Outcome::kUnknown;
    while (outcome == Outcome::kUnknown && !options_.load->is_over) {
      outcome = SendCopies(&op, 1);
      if (outcome == Outcome::kUnknown) Pause(op.attempts);
    }
    if (outcome != Outcome::kUnknown) options_.load->Add(Load::kVerified);
  }
}

void Client::Remember(const Op& op) {
  if (!dice_.Percent(30)) return;
  SoldSale sold = ReadSold(op.reply, {.id = op.document.reg, .store = op.document.store});
  if (sold.lines.empty()) return;
  sold_.push_back(std::move(sold));
  if (sold_.size() > kSoldKept) sold_.pop_front();
}

void Client::Pause(int attempt) {
  const Micros pause = std::min(kPauseMax, kPauseMin << std::min(attempt, 6));
  SleepFor(dice_.Between(pause / 2, pause));
}

}  // namespace cloudpos::chaos

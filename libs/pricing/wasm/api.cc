#include "libs/pricing/wasm/api.h"

#include <utility>

#include "libs/journal/chain.h"
#include "libs/journal/entry.h"
#include "libs/journal/export.h"
#include "libs/pricing/allocate.h"
#include "libs/pricing/wasm/json.h"

namespace cloudpos::pricing::api {
namespace {

std::string ProblemAnswer(const Problem& problem) {
  std::string out;
  Writer w(&out);
  w.BeginObject();
  w.Key("error");
  w.BeginObject();
  w.Field("code", problem.code);
  w.OptionalField("field", problem.field);
  w.EndObject();
  w.EndObject();
  return out;
}

std::string ErrorAnswer(const Error& error) {
  std::string out;
  Writer w(&out);
  w.BeginObject();
  w.Key("error");
  w.BeginObject();
  w.Field("code", ErrorName(error.code));
  if (error.item >= 0) w.Field("item", std::int64_t{error.item});
  if (error.line >= 0) w.Field("line", std::int64_t{error.line});
  w.EndObject();
  w.EndObject();
  return out;
}

std::string ErrorAnswer(const journal::Error& error) {
  return ProblemAnswer({std::string(journal::ErrorName(error.code)), ""});
}

// {"key":value}
std::string Single(std::string_view key, std::int64_t value) {
  std::string out;
  Writer w(&out);
  w.BeginObject();
  w.Field(key, value);
  w.EndObject();
  return out;
}

std::string CallPrice(const Value& root) {
  PriceRequest request;
  Problem problem;
  bool with_trace = false;
  std::int32_t exponent = 2;
  ReadPrice(root, &request, &with_trace, &exponent, &problem);
  if (!problem.ok()) return ProblemAnswer(problem);
  PriceResult result;
  Trace trace;
  const Error error = Price(request, &result, with_trace ? &trace : nullptr);
  if (!error.ok()) return ErrorAnswer(error);
  std::vector<std::string> sentences;
  for (const TraceStep& step : trace) sentences.push_back(Explain(step, exponent));
  std::string out;
  Writer w(&out);
  WritePrice(result, with_trace ? &sentences : nullptr, &w);
  return out;
}

std::string CallRefund(const Value& root) {
  Problem problem;
  const Object object(root, {"sold", "returnedMilli", "quantityMilli"}, &problem);
  SoldLine sold;
  std::int64_t returned = 0;
  std::int64_t quantity = 0;
  ReadSold(object.Member("sold"), &sold, &problem);
  object.Int("returnedMilli", &returned);
  object.Int("quantityMilli", &quantity);
  if (!problem.ok()) return ProblemAnswer(problem);
  RefundedLine refunded;
  const Error error = Refund(sold, returned, quantity, &refunded);
  if (!error.ok()) return ErrorAnswer(error);
  std::string out;
  Writer w(&out);
  w.BeginObject();
  w.Field("amount", refunded.amount);
  w.Field("gross", refunded.gross);
  w.Field("lineDiscount", refunded.line_discount);
  w.Field("net", refunded.net);
  w.Field("orderDiscount", refunded.order_discount);
  w.Field("tax", refunded.tax);
  WriteInts("taxes", refunded.taxes, &w);
  w.Field("total", refunded.total);
  w.EndObject();
  return out;
}

std::string CallSettle(const Value& root) {
  Problem problem;
  const Object object(root, {"total", "tenders", "cashRounding", "refund"}, &problem);
  std::int64_t total = 0;
  bool refund = false;
  std::vector<Tender> tenders;
  CashRounding rounding;
  object.Int("total", &total);
  object.Bool("refund", &refund);
  ReadTenders(object.Array("tenders"), &tenders, &problem);
  ReadCashRounding(object.Member("cashRounding"), &rounding, &problem);
  if (!problem.ok()) return ProblemAnswer(problem);
  Settlement settlement;
  const Error error = refund ? SettleRefund(total, tenders, rounding, &settlement)
                             : Settle(total, tenders, rounding, &settlement);
  if (!error.ok()) return ErrorAnswer(error);
  std::string out;
  Writer w(&out);
  w.BeginObject();
  w.Field("cashMoved", settlement.cash_moved);
  w.Field("change", settlement.change);
  w.Field("dueLeft", settlement.due_left);
  w.Field("rounding", settlement.rounding);
  w.Key("tenders");
  w.BeginArray();
  for (const SettledTender& tender : settlement.tenders) {
    w.BeginObject();
    w.Field("applied", tender.applied);
    w.Field("change", tender.change);
    w.Field("rounding", tender.rounding);
    w.Field("tendered", tender.tendered);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
  return out;
}

std::string CallDrawer(const Value& root) {
  Problem problem;
  const Object object(
      root, {"opening", "cashSales", "cashRefunds", "paidIn", "paidOut", "drops", "loans"},
      &problem);
  DrawerMoves moves;
  object.Int("opening", &moves.opening);
  object.Int("cashSales", &moves.cash_sales);
  object.Int("cashRefunds", &moves.cash_refunds);
  object.Int("paidIn", &moves.paid_in);
  object.Int("paidOut", &moves.paid_out);
  object.Int("drops", &moves.drops);
  object.Int("loans", &moves.loans);
  if (!problem.ok()) return ProblemAnswer(problem);
  std::int64_t expected = 0;
  const Error error = ExpectedCash(moves, &expected);
  return error.ok() ? Single("expected", expected) : ErrorAnswer(error);
}

std::string CallAllocate(const Value& root) {
  Problem problem;
  const Object object(root, {"total", "weights"}, &problem);
  std::int64_t total = 0;
  std::vector<std::int64_t> weights;
  object.Int("total", &total);
  for (Value v = object.Array("weights").First(); v.present(); v = v.Next()) {
    weights.push_back(v.Int(-1));
  }
  if (!problem.ok()) return ProblemAnswer(problem);
  std::vector<std::int64_t> shares(weights.size());
  const Error error = Allocate(total, weights, shares);
  if (!error.ok()) return ErrorAnswer(error);
  std::string out;
  Writer w(&out);
  w.BeginObject();
  WriteInts("shares", shares, &w);
  w.EndObject();
  return out;
}

std::string CallRound(const Value& root) {
  Problem problem;
  const Object object(root, {"numerator", "denominator", "mode"}, &problem);
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
  RoundingMode mode = RoundingMode::kHalfUp;
  object.Int("numerator", &numerator);
  object.Int("denominator", &denominator);
  object.Name("mode", ParseRoundingMode, &mode);
  if (denominator < 1) problem.Set("OUT_OF_RANGE", "denominator");
  if (!problem.ok()) return ProblemAnswer(problem);
  return Single("result", static_cast<std::int64_t>(RoundDiv(numerator, denominator, mode)));
}

std::string CallCashRound(const Value& root) {
  Problem problem;
  const Object object(root, {"amount", "increment", "mode"}, &problem);
  std::int64_t amount = 0;
  std::int64_t increment = 1;
  RoundingMode mode = RoundingMode::kHalfUp;
  object.Int("amount", &amount);
  object.Int("increment", &increment);
  object.Name("mode", ParseRoundingMode, &mode);
  if (increment < 1) problem.Set("OUT_OF_RANGE", "increment");
  if (!problem.ok()) return ProblemAnswer(problem);
  return Single("result", RoundToIncrement(amount, increment, mode));
}

std::string CallEntry(const Value& root) {
  // Through the canonical form, so that the one reader of entries serves here as well; encoding
  // the struct again leaves out what has its default value.
  std::string canonical;
  journal::SaleEntry entry;
  journal::Error error = journal::Encode(root, &canonical);
  if (error.ok()) error = journal::ParseEntry(canonical, &entry);
  std::string payload;
  if (error.ok()) error = journal::EncodeEntry(entry, &payload);
  if (!error.ok()) return ErrorAnswer(error);
  std::string out;
  Writer w(&out);
  w.BeginObject();
  w.Field("payload", payload);
  w.Field("sha256", journal::ToHex(journal::Sha256Of(payload)));
  w.EndObject();
  return out;
}

std::string CallCanonical(const Value& root) {
  std::string out;
  const journal::Error error = journal::Encode(root, &out);
  return error.ok() ? out : ErrorAnswer(error);
}

std::string CallChain(const Value& root) {
  Problem problem;
  const Object object(root, {"payloads", "n", "previous"}, &problem);
  std::int64_t n = 1;
  std::string previous = journal::ToHex(journal::kGenesis);
  journal::Hash hash{};
  object.Int("n", &n);
  object.String("previous", &previous);
  if (n < 1) problem.Set("OUT_OF_RANGE", "n");
  if (!journal::ParseHash(previous, &hash)) problem.Set("BAD_VALUE", "previous");
  std::string out;
  Writer w(&out);
  w.BeginObject();
  w.Key("hashes");
  w.BeginArray();
  for (Value v = object.Array("payloads").First(); v.present(); v = v.Next()) {
    if (!v.IsString()) problem.Set("WRONG_TYPE", "payloads");
    hash = journal::ChainHash(static_cast<std::uint64_t>(n++), hash, v.String());
    w.String(journal::ToHex(hash));
  }
  w.EndArray();
  w.EndObject();
  return problem.ok() ? out : ProblemAnswer(problem);
}

std::string CallVerify(std::string_view bytes) {
  std::string signed_message;
  std::string signature;
  std::string key;
  journal::VerifyOptions options;
  // The caller checks the signature: it gets what to check.
  options.check_trailer = [&](std::string_view key_id, std::string_view message,
                              std::string_view raw) {
    key = key_id, signed_message = message, signature = raw;
    return true;
  };
  const journal::VerifyReport report = journal::VerifyExport(bytes, std::move(options));
  std::string out;
  Writer w(&out);
  w.BeginObject();
  w.Field("code", journal::ErrorName(report.error.code));
  w.Field("entries", report.entries);
  w.OptionalField("journal", report.ok() ? std::string_view() : report.journal);
  w.OptionalField("line", report.line);
  w.OptionalField("message", journal::ToHex(signed_message));
  w.OptionalField("n", report.ok() ? 0 : report.n);
  w.Field("ok", report.ok());
  w.OptionalField("reason", report.reason);
  w.OptionalField("sig", journal::ToHex(signature));
  w.OptionalField("sigKey", key);
  w.EndObject();
  return out;
}

struct Operation {
  std::string_view name;
  std::string (*call)(const Value& root);
};

constexpr Operation kOperations[] = {
    {"allocate", CallAllocate}, {"canonical", CallCanonical}, {"cashRound", CallCashRound},
    {"chain", CallChain},       {"drawer", CallDrawer},       {"entry", CallEntry},
    {"price", CallPrice},       {"refund", CallRefund},       {"round", CallRound},
    {"settle", CallSettle},
};

}  // namespace

std::string Call(std::string_view operation, std::string_view request) {
  if (operation == "verify") return CallVerify(request);
  for (const Operation& known : kOperations) {
    if (known.name != operation) continue;
    journal::Document document;
    const journal::Error error =
        journal::Document::Parse(request, journal::ParseMode::kAnyJson, &document);
    return error.ok() ? known.call(document.root()) : ErrorAnswer(error);
  }
  // Not named in the answer: it may be any bytes.
  return ProblemAnswer({"UNKNOWN_OPERATION", ""});
}

}  // namespace cloudpos::pricing::api

// What networks do to connections.

#include <algorithm>

#include "libs/base/status_macros.h"
#include "tests/chaos/harness/fault.h"

namespace cloudpos::chaos {
namespace {

/// Some ways see little traffic: a poll each second.
constexpr Micros kHitTime = 4 * kSecond;
constexpr int kTries = 3;
constexpr Micros kLongStall = 12 * kSecond;

/// A mode of the proxy, of every edge.
struct Mode {
  const char* name;
  /// The argument lies in [low, high]; none when high is 0.
  int64_t low = 0;
  int64_t high = 0;
  /// Also ends what is connected: it would go on as before.
  bool resets_first = false;
};

constexpr Mode kModes[] = {
    {.name = "refuse", .resets_first = true},
    {.name = "stall"},
    {.name = "delay", .low = 20, .high = 500},
    {.name = "truncate", .low = 0, .high = 3000},
    {.name = "drop-up"},
    {.name = "drop-down"},
};

/// The process that has to get well again: the one behind the edge, or who talks to the database.
std::vector<std::string> AwaitedOf(const std::string& edge) {
  if (edge == "redis") return {};
  return {edge.starts_with("pg-") ? edge.substr(3) : edge};
}

absl::StatusOr<int64_t> AwaitHit(Field& field, const std::string& edge) {
  int64_t hit = 0;
  WaitFor(kHitTime, 20 * kMilli, [&] {
    hit = field.proxy->Hit(edge);
    return hit > 0;
  });
  if (hit > 0) return hit;
  return absl::DeadlineExceededError("no connection of " + edge + " was hit");
}

absl::StatusOr<Effect> Break(Field& field, const Mode& mode, const std::string& edge) {
  std::string line = edge + " " + mode.name;
  if (mode.high > 0) line += " " + std::to_string(field.dice->Between(mode.low, mode.high));
  const Micros begin = Now();
  absl::StatusOr<int64_t> hit = absl::UnavailableError("");
  for (int i = 0; i < kTries && !hit.ok(); ++i) {
    // Between the two commands some may connect, and go on unharmed: then once more.
    if (mode.resets_first) CLOUDPOS_RETURN_IF_ERROR(field.proxy->Send(edge + " reset").status());
    CLOUDPOS_RETURN_IF_ERROR(field.proxy->Send(line).status());
    hit = AwaitHit(field, edge);
  }
  const Micros time = field.is_short ? kSecond : field.dice->Between(kSecond, kLongStall);
  if (hit.ok()) SleepUntil(begin + time);
  const int64_t hits = field.proxy->Hit(edge);
  CLOUDPOS_RETURN_IF_ERROR(field.proxy->Heal(edge));
  if (!hit.ok()) return hit.status();
  return Effect{.proof = line + ": " + std::to_string(hits) + " connections in " +
                         std::to_string((Now() - begin) / kMilli) + " ms",
                .over_at = field.Over(),
                .awaited = AwaitedOf(edge)};
}

/// Connections end again and again, wherever they are.
absl::StatusOr<Effect> Reset(Field& field, const std::string& edge) {
  const Micros end = Now() + (field.is_short ? kSecond : field.dice->Between(kSecond, 5 * kSecond));
  int64_t hits = 0;
  while (Now() < end || hits == 0) {
    CLOUDPOS_ASSIGN_OR_RETURN(const auto answer, field.proxy->Send(edge + " reset"));
    hits += NumberOf(answer, "hit");
    SleepFor(field.dice->Between(20, 200) * kMilli);
    if (Now() > end + kHitTime) return absl::DeadlineExceededError(edge + " has no connection");
  }
  CLOUDPOS_RETURN_IF_ERROR(field.proxy->Heal(edge));
  return Effect{.proof = edge + ": " + std::to_string(hits) + " connections reset",
                .over_at = field.Over(),
                .awaited = AwaitedOf(edge)};
}

/// The message goes through, its answer does not: whoever sent it cannot know.
struct Cut {
  const char* name;
  const char* edge;
  const char* text;
  int times;
};

constexpr Cut kCuts[] = {
    {.name = "cut-reply-t1", .edge = "pg-transaction", .text = "record_batch/", .times = 3},
    {.name = "cut-reply-commit-inventory", .edge = "pg-inventory", .text = "COMMIT", .times = 2},
    {.name = "cut-reply-commit-reporting", .edge = "pg-reporting", .text = "COMMIT", .times = 2},
    {.name = "cut-reply-commit-transaction",
     .edge = "pg-transaction",
     .text = "COMMIT",
     .times = 1},
    {.name = "cut-reply-sale", .edge = "gateway", .text = "POST /v1/sales ", .times = 3},
    {.name = "cut-reply-return", .edge = "gateway", .text = "POST /v1/returns ", .times = 1},
};

absl::StatusOr<Effect> CutReply(Field& field, const Cut& cut) {
  for (int i = 0; i < cut.times; ++i) {
    CLOUDPOS_RETURN_IF_ERROR(
        field.proxy->Send(std::string(cut.edge) + " cut-reply " + cut.text).status());
    const absl::StatusOr<int64_t> hit = AwaitHit(field, cut.edge);
    // The reply may still be on its way: it must not get through.
    SleepFor(100 * kMilli);
    CLOUDPOS_RETURN_IF_ERROR(field.proxy->Heal(cut.edge));
    if (!hit.ok()) return hit.status();
  }
  return Effect{.proof = std::to_string(cut.times) + " replies to " + cut.text + " cut",
                .over_at = field.Over(),
                .awaited = AwaitedOf(cut.edge)};
}

}  // namespace

std::vector<Fault> ProxyFaults() {
  std::vector<Fault> faults;
  for (const std::string& edge : kEdges) {
    for (const Mode& mode : kModes) {
      faults.push_back({.name = std::string("net-") + mode.name + "-" + edge,
                        .run = [&mode, edge](Field& field) { return Break(field, mode, edge); },
                        .kind = mode.name});
    }
    faults.push_back({.name = "net-reset-" + edge,
                      .run = [edge](Field& field) { return Reset(field, edge); },
                      .kind = "reset"});
  }
  for (const Cut& cut : kCuts) {
    faults.push_back(
        {.name = cut.name, .run = [&cut](Field& field) { return CutReply(field, cut); }});
  }
  return faults;
}

}  // namespace cloudpos::chaos

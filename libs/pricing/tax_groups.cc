// Level kPerRateGroup (features 5.3): every percent tax is rounded once for the document and given
// back to its lines by largest remainder, so that lines always add up to it.
#include <algorithm>
#include <numeric>
#include <vector>

#include "libs/pricing/inclusive.h"
#include "libs/pricing/taxes.h"

namespace cloudpos::pricing::internal {
namespace {

// One tax of one line, with its exact value where the tax is inclusive.
struct Use {
  std::int32_t line = 0;
  std::int32_t position = 0;
  Int128 numerator = 0;
  Int128 denominator = 1;
};

class Grouper {
 public:
  explicit Grouper(const TaxWork& work) : work_(work), uses_(work.request.taxes.size()) {}

  Error Run() {
    const bool round_net = work_.request.policy.inclusive_rounding == InclusiveRounding::kRoundNet;
    Error error = Collect();
    if (error.ok() && has_inclusive_) error = round_net ? InclusiveByNet() : InclusiveByTax();
    if (!error.ok()) return error;
    for (std::size_t i = 0; i < work_.request.lines.size(); ++i) work_.TakeNet(i);
    for (std::size_t t = 0; t < uses_.size(); ++t) {
      if (!IsPercent(t) || work_.request.taxes[t].inclusive) continue;
      if (error = Exclusive(t); !error.ok()) return error;
    }
    return {};
  }

 private:
  bool IsPercent(std::size_t tax) const {
    return work_.request.taxes[tax].kind == TaxKind::kPercent;
  }

  // Lists who uses each percent tax; computes taxes per unit inside the price on the way.
  Error Collect() {
    InclusiveLine exact;
    for (std::size_t i = 0; i < work_.request.lines.size(); ++i) {
      const bool inclusive = work_.HasInclusive(i);
      PricedLine& priced = work_.result->lines[i];
      if (inclusive) {
        const Error error = TakeApart(work_.request, i, true, &priced, &exact);
        if (!error.ok()) return error;
        has_inclusive_ = has_inclusive_ || exact.percents > 0;
      }
      for (std::size_t j = 0; j < priced.taxes.size(); ++j) {
        const auto t = static_cast<std::size_t>(priced.taxes[j].tax);
        if (!IsPercent(t)) continue;
        Use use{.line = static_cast<std::int32_t>(i), .position = static_cast<std::int32_t>(j)};
        if (work_.request.taxes[t].inclusive) {
          use.numerator = exact.numerator[j];
          use.denominator = exact.denominator;
        }
        uses_[t].push_back(use);
      }
    }
    return {};
  }

  LineTax& TaxOf(const Use& use) {
    PricedLine& line = work_.result->lines[static_cast<std::size_t>(use.line)];
    return line.taxes[static_cast<std::size_t>(use.position)];
  }

  // Gives `total` to the lines of `uses` by `weights`.
  Error GiveBack(std::size_t tax, std::int64_t total, const std::vector<Use>& uses,
                 std::span<const Int128> weights) {
    SmallArray<std::int64_t> shares(uses.size());
    SmallArray<std::int32_t> lines(uses.size());
    for (std::size_t k = 0; k < uses.size(); ++k) lines[k] = uses[k].line;
    const ShareContext context{.trace = work_.trace,
                               .stage = TraceStage::kTaxShare,
                               .index = static_cast<std::int32_t>(tax),
                               .lines = lines.data()};
    const bool inclusive = work_.request.taxes[tax].inclusive;
    if (inclusive) total = std::min(total, Room(uses));
    const Error error = AllocateExact(total, weights, shares.span(), context);
    if (!error.ok()) return {error.code, -1, static_cast<std::int32_t>(tax)};
    if (inclusive) Cap(uses, shares.span());
    for (std::size_t k = 0; k < uses.size(); ++k) TaxOf(uses[k]).amount = shares[k];
    return {};
  }

  // What the inclusive taxes so far leave of a line, or of all lines of `uses`.
  std::int64_t RoomOf(const Use& use) const {
    const auto line = static_cast<std::size_t>(use.line);
    const PricedLine& priced = work_.result->lines[line];
    std::int64_t room = priced.amount;
    for (std::size_t j = 0; j < priced.taxes.size(); ++j) {
      if (work_.TaxAt(line, j).inclusive) room -= priced.taxes[j].amount;
    }
    return room;
  }
  std::int64_t Room(const std::vector<Use>& uses) const {
    std::int64_t room = 0;
    for (const Use& use : uses) room += RoomOf(use);
    return room;
  }

  // Several taxes rounded up may ask for more than a tiny line holds: its surplus goes to the
  // first lines that have room, and there is room for all of it.
  void Cap(const std::vector<Use>& uses, std::span<std::int64_t> shares) const {
    std::int64_t surplus = 0;
    for (std::size_t k = 0; k < uses.size(); ++k) {
      const std::int64_t over = std::max<std::int64_t>(0, shares[k] - RoomOf(uses[k]));
      shares[k] -= over;
      surplus += over;
    }
    for (std::size_t k = 0; surplus > 0 && k < uses.size(); ++k) {
      const std::int64_t more = std::min(surplus, RoomOf(uses[k]) - shares[k]);
      shares[k] += more;
      surplus -= more;
    }
  }

  // Rounds numerator / denominator once for tax `tax` of the document.
  Error RoundOnce(std::size_t tax, Int128 numerator, Int128 denominator, std::int64_t* total) {
    const RoundingMode mode = work_.ModeOf(work_.request.taxes[tax]);
    if (!Fit(RoundDiv(numerator, denominator, mode), total)) {
      return {ErrorCode::kOverflow, -1, static_cast<std::int32_t>(tax)};
    }
    if (work_.trace != nullptr) {
      TraceStep step{.stage = TraceStage::kGroupTax, .index = static_cast<std::int32_t>(tax)};
      step.numerator = numerator;
      step.denominator = denominator;
      step.result = *total;
      step.mode = mode;
      work_.trace->push_back(step);
    }
    return {};
  }

  Error InclusiveByTax() {
    for (std::size_t t = 0; t < uses_.size(); ++t) {
      if (!IsPercent(t) || !work_.request.taxes[t].inclusive || uses_[t].empty()) continue;
      if (const Error error = InclusiveTax(t, uses_[t]); !error.ok()) return error;
    }
    return {};
  }

  // Lines whose sets of inclusive taxes differ have different denominators: they are brought to
  // the least common one, so that the tax is still rounded once.
  Error InclusiveTax(std::size_t tax, const std::vector<Use>& uses) {
    const std::size_t traced = work_.trace == nullptr ? 0 : work_.trace->size();
    SmallArray<Int128> weights(uses.size());
    Int128 common = 1;
    if (ToCommon(uses, weights.span(), &common)) {
      const Error error = RoundAndGiveBack(tax, uses, weights.span(), common);
      if (error.code != ErrorCode::kOverflow) return error;
      if (work_.trace != nullptr) work_.trace->resize(traced);
    }
    ToFixedPoint(uses, weights.span(), &common);
    return RoundAndGiveBack(tax, uses, weights.span(), common);
  }

  Error RoundAndGiveBack(std::size_t tax, const std::vector<Use>& uses,
                         std::span<const Int128> weights, Int128 denominator) {
    Int128 sum = 0;
    for (const Int128 weight : weights) {
      if (!Add(sum, weight, &sum)) {
        return {ErrorCode::kOverflow, -1, static_cast<std::int32_t>(tax)};
      }
    }
    std::int64_t total = 0;
    const Error error = RoundOnce(tax, sum, denominator, &total);
    return error.ok() ? GiveBack(tax, total, uses, weights) : error;
  }

  static bool ToCommon(const std::vector<Use>& uses, std::span<Int128> weights, Int128* common) {
    *common = uses[0].denominator;
    for (const Use& use : uses) {
      if (*common % use.denominator == 0) continue;
      const Int128 factor = use.denominator / Gcd(*common, use.denominator);
      if (!Mul(*common, factor, common)) return false;
    }
    for (std::size_t k = 0; k < uses.size(); ++k) {
      if (!Mul(uses[k].numerator, *common / uses[k].denominator, &weights[k])) return false;
    }
    return true;
  }

  // Sets of many odd compound rates have no common denominator that fits. Their values are taken
  // to 2^-40 of a minor unit: 2,000 lines stay exact to a billionth of one.
  static void ToFixedPoint(const std::vector<Use>& uses, std::span<Int128> weights,
                           Int128* common) {
    constexpr int kBits = 40;
    *common = Int128{1} << kBits;
    for (std::size_t k = 0; k < uses.size(); ++k) {
      Int128 denominator = uses[k].denominator;
      const Int128 whole = uses[k].numerator / denominator;
      Int128 rest = uses[k].numerator % denominator;
      while (denominator >= Int128{1} << (126 - kBits)) {
        denominator >>= 1;
        rest >>= 1;
      }
      weights[k] = whole * *common + rest * *common / denominator;
    }
  }

  static Int128 Gcd(Int128 a, Int128 b) {
    while (b != 0) {
      const Int128 rest = a % b;
      a = b;
      b = rest;
    }
    return a;
  }

  Error Exclusive(std::size_t tax) {
    const std::vector<Use>& uses = uses_[tax];
    SmallArray<Int128> weights(uses.size());
    Int128 sum = 0;
    for (std::size_t k = 0; k < uses.size(); ++k) {
      std::int64_t base = 0;
      const Error error = work_.BaseOf(static_cast<std::size_t>(uses[k].line),
                                       static_cast<std::size_t>(uses[k].position), &base);
      if (!error.ok()) return error;
      weights[k] = base;
      sum += base;
    }
    std::int64_t total = 0;
    const Error error =
        RoundOnce(tax, sum * work_.request.taxes[tax].rate_ppm, kOneMillionPpm, &total);
    return error.ok() ? GiveBack(tax, total, uses, weights.span()) : error;
  }

  // kRoundNet: lines with the same inclusive taxes form a group, whose net is rounded once.
  Error InclusiveByNet() {
    std::vector<std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < work_.request.lines.size(); ++i) {
      if (InclusivePercents(i).empty()) continue;
      const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& lines) {
        return SameInclusive(lines.front(), i);
      });
      if (group != groups.end()) {
        group->push_back(i);
      } else {
        groups.push_back({i});
      }
    }
    for (const std::vector<std::size_t>& lines : groups) {
      if (const Error error = NetOfGroup(lines); !error.ok()) return error;
    }
    return {};
  }

  std::vector<std::size_t> InclusivePercents(std::size_t line) const {
    std::vector<std::size_t> positions;
    for (std::size_t j = 0; j < work_.request.lines[line].taxes.size(); ++j) {
      const Tax& tax = work_.TaxAt(line, j);
      if (tax.inclusive && tax.kind == TaxKind::kPercent) positions.push_back(j);
    }
    return positions;
  }

  bool SameInclusive(std::size_t a, std::size_t b) const {
    const std::vector<std::int32_t>& left = work_.request.lines[a].taxes;
    const std::vector<std::int32_t>& right = work_.request.lines[b].taxes;
    std::size_t i = 0;
    std::size_t k = 0;
    while (true) {
      while (i < left.size() && !work_.TaxAt(a, i).inclusive) ++i;
      while (k < right.size() && !work_.TaxAt(b, k).inclusive) ++k;
      if (i == left.size() || k == right.size()) return i == left.size() && k == right.size();
      if (left[i++] != right[k++]) return false;
    }
  }

  Error NetOfGroup(const std::vector<std::size_t>& lines) {
    const std::vector<std::size_t> first = InclusivePercents(lines[0]);
    std::vector<std::vector<Use>> uses(first.size());
    InclusiveLine exact;
    Int128 net_sum = 0;
    Int128 rest = 0;
    for (const std::size_t i : lines) {
      PricedLine& priced = work_.result->lines[i];
      const Error error = TakeApart(work_.request, i, true, &priced, &exact);
      if (!error.ok()) return error;
      const std::vector<std::size_t> positions = InclusivePercents(i);
      if (!Add(net_sum, exact.net_numerator, &net_sum)) return ErrorAt(ErrorCode::kOverflow, i);
      for (std::size_t k = 0; k < positions.size(); ++k) {
        uses[k].push_back({.line = static_cast<std::int32_t>(i),
                           .position = static_cast<std::int32_t>(positions[k]),
                           .numerator = exact.numerator[positions[k]],
                           .denominator = exact.denominator});
      }
      rest += priced.amount - exact.fixed;
    }
    const RoundingMode mode = work_.ModeOf(work_.TaxAt(lines[0], first[0]));
    const Int128 net = RoundDiv(net_sum, exact.net_denominator, mode);
    std::int64_t tax_total = 0;
    if (!Fit(rest - net, &tax_total)) return ErrorAt(ErrorCode::kOverflow, lines[0]);
    TraceNet(net_sum, exact.net_denominator, net, mode);
    std::vector<Int128> tax_sums(first.size(), 0);
    if (!AddUp(uses, tax_sums)) return ErrorAt(ErrorCode::kOverflow, lines[0]);
    return ShareTaxes(lines[0], first, tax_total, tax_sums, uses);
  }

  // Sums of the taxes of a group, whose lines are brought to one denominator on the way: where a
  // deposit is nothing, percentages on it are nothing, and the line's denominator is a part of that
  // of the others. False on overflow.
  static bool AddUp(std::vector<std::vector<Use>>& uses, std::vector<Int128>& sums) {
    Int128 common = 1;
    for (const Use& use : uses[0]) common = std::max(common, use.denominator);
    for (std::size_t k = 0; k < uses.size(); ++k) {
      for (Use& use : uses[k]) {
        if (!Mul(use.numerator, common / use.denominator, &use.numerator)) return false;
        use.denominator = common;
        if (!Add(sums[k], use.numerator, &sums[k])) return false;
      }
    }
    return true;
  }

  void TraceNet(Int128 numerator, Int128 denominator, Int128 net, RoundingMode mode) {
    if (work_.trace == nullptr) return;
    TraceStep step{.stage = TraceStage::kNet};
    step.numerator = numerator;
    step.denominator = denominator;
    step.result = static_cast<std::int64_t>(net);
    step.mode = mode;
    work_.trace->push_back(step);
  }

  // Splits the tax of a group over its taxes, and each of them over the lines.
  Error ShareTaxes(std::size_t line, const std::vector<std::size_t>& positions,
                   std::int64_t tax_total, const std::vector<Int128>& tax_sums,
                   const std::vector<std::vector<Use>>& uses) {
    std::vector<std::int64_t> totals(positions.size());
    Error error = AllocateExact(tax_total, tax_sums, totals, {});
    for (std::size_t k = 0; error.ok() && k < positions.size(); ++k) {
      std::vector<Int128> weights;
      for (const Use& use : uses[k]) weights.push_back(use.numerator);
      const auto tax = static_cast<std::size_t>(work_.request.lines[line].taxes[positions[k]]);
      error = GiveBack(tax, totals[k], uses[k], weights);
    }
    return error;
  }

  const TaxWork& work_;
  std::vector<std::vector<Use>> uses_;  // of each percent tax
  bool has_inclusive_ = false;
};

}  // namespace

Error ApplyTaxesPerRateGroup(const TaxWork& work) { return Grouper(work).Run(); }

}  // namespace cloudpos::pricing::internal

// An independent model of features 5.1-5.4: exact rationals without bound, written for shortness
// rather than speed, and compared with Price() on generated baskets and by the fuzzer.
#pragma once

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/pricing/price.h"

namespace cloudpos::pricing {

namespace model {

using Exact = boost::multiprecision::cpp_rational;
using Whole = boost::multiprecision::cpp_int;

inline std::int64_t Round(const Exact& value, RoundingMode mode) {
  if (value < 0) return -Round(-value, mode);
  const Whole low = numerator(value) / denominator(value);
  const Exact rest = value - Exact(low);
  const Exact half(1, 2);
  bool up = false;
  if (mode == RoundingMode::kUp) up = rest > 0;
  if (mode == RoundingMode::kHalfUp) up = rest >= half;
  if (mode == RoundingMode::kHalfDown) up = rest > half;
  if (mode == RoundingMode::kHalfEven) up = rest > half || (rest == half && low % 2 == 1);
  return static_cast<std::int64_t>(low) + (up ? 1 : 0);
}

inline std::vector<std::int64_t> Split(std::int64_t total, std::vector<Exact> weights) {
  Exact sum = 0;
  for (const Exact& weight : weights) sum += weight;
  if (sum == 0) {
    for (Exact& weight : weights) weight = 1;
    sum = static_cast<std::int64_t>(weights.size());
  }
  const std::int64_t sign = total < 0 ? -1 : 1;
  std::vector<std::int64_t> shares;
  std::vector<Exact> rests;
  std::int64_t left = sign * total;
  for (const Exact& weight : weights) {
    const Exact part = Exact(sign * total) * weight / sum;
    shares.push_back(Round(part, RoundingMode::kDown));
    rests.push_back(part - Exact(shares.back()));
    left -= shares.back();
  }
  for (; left > 0; --left) {
    const auto best = std::max_element(rests.begin(), rests.end());  // the first of equals
    shares[static_cast<std::size_t>(best - rests.begin())] += 1;
    *best = -1;
  }
  for (std::int64_t& share : shares) share *= sign;
  return shares;
}

struct Model {
  const PriceRequest& request;
  std::vector<std::int64_t> gross{}, amount{}, net{}, order_discounts{};
  std::vector<std::map<std::int32_t, std::int64_t>> tax{};  // by line and tax

  const Tax& Rule(std::int32_t index) const {
    return request.taxes[static_cast<std::size_t>(index)];
  }
  RoundingMode Mode(std::int32_t index) const {
    return Rule(index).rounding.value_or(request.policy.tax_rounding);
  }
  bool InclusivePercent(std::int32_t index) const {
    return Rule(index).inclusive && Rule(index).kind == TaxKind::kPercent;
  }

  void Run() {
    for (const PriceLine& line : request.lines) {
      gross.push_back(
          Round(Exact(Whole(line.unit_price) * line.quantity_milli, Whole(line.price_per) * 1000),
                RoundingMode::kHalfUp));
    }
    amount = gross;
    tax.resize(gross.size());
    order_discounts.resize(request.order_discounts.size());
    using enum Discount::Kind;
    const bool line_first = request.policy.discount_order == DiscountOrder::kLineFirst;
    LineDiscounts(kPercent);
    if (line_first) LineDiscounts(kFixed);
    OrderDiscounts(kPercent);
    if (!line_first) LineDiscounts(kFixed);
    OrderDiscounts(kFixed);
    FixedTaxes();
    InclusiveTaxes();
    net = amount;
    for (std::size_t i = 0; i < net.size(); ++i) net[i] -= Inside(i);
    ExclusiveTaxes();
  }

  std::int64_t Taken(const Discount& discount, std::int64_t left) const {
    if (discount.kind == Discount::Kind::kFixed) return std::min(discount.amount, left);
    return Round(Exact(left) * discount.rate_ppm / 1'000'000, request.policy.discount_rounding);
  }

  void LineDiscounts(Discount::Kind kind) {
    for (std::size_t i = 0; i < amount.size(); ++i) {
      for (const Discount& discount : request.lines[i].discounts) {
        if (discount.kind == kind) amount[i] -= Taken(discount, amount[i]);
      }
    }
  }

  void OrderDiscounts(Discount::Kind kind) {
    for (std::size_t k = 0; k < order_discounts.size(); ++k) {
      if (request.order_discounts[k].kind != kind) continue;
      std::vector<Exact> weights;
      std::int64_t sum = 0;
      for (std::size_t i = 0; i < amount.size(); ++i) {
        weights.push_back(request.lines[i].discountable ? amount[i] : 0);
        if (request.lines[i].discountable) sum += amount[i];
      }
      order_discounts[k] = Taken(request.order_discounts[k], sum);
      if (order_discounts[k] == 0) continue;
      const std::vector<std::int64_t> shares = Split(order_discounts[k], weights);
      for (std::size_t i = 0; i < amount.size(); ++i) amount[i] -= shares[i];
    }
  }

  void FixedTaxes() {
    for (std::size_t i = 0; i < amount.size(); ++i) {
      for (const std::int32_t t : request.lines[i].taxes) {
        tax[i][t] = 0;
        if (Rule(t).kind != TaxKind::kFixedPerUnit) continue;
        tax[i][t] = Round(
            Exact(Whole(Rule(t).amount_per_unit) * request.lines[i].quantity_milli, 1000), Mode(t));
      }
      const Exact inside = Linear(i).second;
      if (inside <= amount[i]) continue;
      for (auto& [t, fixed] : tax[i]) {
        if (Rule(t).inclusive) {
          fixed = Round(Exact(fixed) * amount[i] / inside, RoundingMode::kDown);
        }
      }
    }
  }

  // tax_j = first * net + second for every inclusive tax; answers the sums.
  std::pair<Exact, Exact> Linear(std::size_t i,
                                 std::map<std::int32_t, std::pair<Exact, Exact>>* each = nullptr) {
    Exact g_base = 0, h_base = 0, g_sum = 0, h_sum = 0;
    for (const std::int32_t t : request.lines[i].taxes) {
      const Tax& rule = Rule(t);
      if (!rule.inclusive || rule.kind == TaxKind::kExempt) continue;
      Exact g = 0, h = 0;
      if (rule.kind == TaxKind::kFixedPerUnit) {
        h = tax[i][t];
      } else {
        const Exact rate(rule.rate_ppm, 1'000'000);
        g = rule.compound ? Exact(rate * (1 + g_base)) : rate;
        if (rule.compound) h = rate * h_base;
      }
      if (rule.affects_base) g_base += g, h_base += h;
      g_sum += g, h_sum += h;
      if (each != nullptr) (*each)[t] = {g, h};
    }
    return {g_sum, h_sum};
  }

  // What the inclusive taxes known so far take from line i.
  std::int64_t Inside(std::size_t i) const {
    std::int64_t sum = 0;
    for (const auto& [t, value] : tax[i]) sum += Rule(t).inclusive ? value : 0;
    return sum;
  }

  void InclusiveTaxes() {
    std::vector<Exact> exact_net;
    std::vector<std::map<std::int32_t, Exact>> exact(amount.size());
    for (std::size_t i = 0; i < amount.size(); ++i) {
      std::map<std::int32_t, std::pair<Exact, Exact>> each;
      const auto [g, h] = Linear(i, &each);
      exact_net.push_back((Exact(amount[i]) - h) / (1 + g));
      for (const auto& [t, form] : each) {
        if (InclusivePercent(t)) exact[i][t] = form.first * exact_net[i] + form.second;
      }
    }
    const bool per_line = request.policy.rounding_level == RoundingLevel::kPerLine;
    const bool round_net = request.policy.inclusive_rounding == InclusiveRounding::kRoundNet;
    // Lines whose nets (or taxes) are rounded together.
    std::vector<std::vector<std::size_t>> groups;
    std::map<std::vector<std::int32_t>, std::size_t> group_of;
    for (std::size_t i = 0; i < amount.size(); ++i) {
      if (exact[i].empty()) continue;
      std::vector<std::int32_t> key;
      if (per_line) key.push_back(static_cast<std::int32_t>(i));
      if (!per_line && round_net) {
        for (const std::int32_t t : request.lines[i].taxes) {
          if (Rule(t).inclusive) key.push_back(t);
        }
      }
      const auto [found, is_new] = group_of.try_emplace(key, groups.size());
      if (is_new) groups.emplace_back();
      groups[found->second].push_back(i);
    }
    for (const std::vector<std::size_t>& lines : groups) {
      round_net ? NetGroup(lines, exact_net, exact) : TaxGroup(lines, exact);
    }
  }

  void TaxGroup(const std::vector<std::size_t>& lines,
                const std::vector<std::map<std::int32_t, Exact>>& exact) {
    for (std::int32_t t = 0; t < std::ssize(request.taxes); ++t) {
      if (!InclusivePercent(t)) continue;
      Exact sum = 0;
      for (const std::size_t i : lines) sum += exact[i].contains(t) ? exact[i].at(t) : Exact(0);
      GiveBack(t, Round(sum, Mode(t)), lines, exact);
    }
  }

  void NetGroup(const std::vector<std::size_t>& lines, const std::vector<Exact>& exact_net,
                const std::vector<std::map<std::int32_t, Exact>>& exact) {
    Exact net_sum = 0;
    std::int64_t rest = 0;
    std::map<std::int32_t, Exact> sums;
    for (const std::size_t i : lines) {
      net_sum += exact_net[i];
      rest += amount[i] - Inside(i);
      for (const auto& [t, value] : exact[i]) sums[t] += value;
    }
    rest -= Round(net_sum, Mode(sums.begin()->first));
    std::vector<Exact> weights;
    for (const auto& [t, sum] : sums) weights.push_back(sum);
    const std::vector<std::int64_t> totals = Split(rest, weights);
    std::size_t k = 0;
    for (const auto& [t, sum] : sums) GiveBack(t, totals[k++], lines, exact);
  }

  void GiveBack(std::int32_t t, std::int64_t total, const std::vector<std::size_t>& lines,
                const std::vector<std::map<std::int32_t, Exact>>& exact) {
    std::vector<std::size_t> users;
    std::vector<Exact> weights;
    std::int64_t room = 0;
    for (const std::size_t i : lines) {
      if (!exact[i].contains(t)) continue;
      users.push_back(i);
      weights.push_back(exact[i].at(t));
      room += amount[i] - Inside(i);
    }
    if (users.empty()) return;
    std::vector<std::int64_t> shares = Split(std::min(total, room), weights);
    std::int64_t surplus = 0;
    for (std::size_t k = 0; k < users.size(); ++k) {
      const std::int64_t most = amount[users[k]] - Inside(users[k]);
      surplus += std::max<std::int64_t>(0, shares[k] - most);
      shares[k] = std::min(shares[k], most);
    }
    for (std::size_t k = 0; k < users.size(); ++k) {
      const std::int64_t most = amount[users[k]] - Inside(users[k]);
      const std::int64_t more = std::min(surplus, most - shares[k]);
      surplus -= more;
      tax[users[k]][t] = shares[k] + more;
    }
  }

  Exact Base(std::size_t i, std::int32_t t) const {
    Exact base = net[i];
    for (const auto& [before, value] : tax[i]) {
      if (before < t && Rule(t).compound && Rule(before).affects_base) base += value;
    }
    return base;
  }

  void ExclusiveTaxes() {
    for (std::int32_t t = 0; t < std::ssize(request.taxes); ++t) {
      if (Rule(t).inclusive || Rule(t).kind != TaxKind::kPercent) continue;
      const Exact rate(Rule(t).rate_ppm, 1'000'000);
      std::vector<std::size_t> users;
      std::vector<Exact> bases;
      Exact sum = 0;
      for (std::size_t i = 0; i < amount.size(); ++i) {
        if (!tax[i].contains(t)) continue;
        users.push_back(i);
        bases.push_back(Base(i, t));
        sum += bases.back();
        if (request.policy.rounding_level == RoundingLevel::kPerLine) {
          tax[i][t] = Round(bases.back() * rate, Mode(t));
        }
      }
      if (request.policy.rounding_level == RoundingLevel::kPerLine || users.empty()) continue;
      const std::vector<std::int64_t> shares = Split(Round(sum * rate, Mode(t)), bases);
      for (std::size_t k = 0; k < users.size(); ++k) tax[users[k]][t] = shares[k];
    }
  }
};

}  // namespace model

// Empty if Price() says the same as the model.
inline std::string DifferenceFromModel(const PriceRequest& request, const PriceResult& result) {
  model::Model model{request};
  model.Run();
  if (model.order_discounts != result.order_discounts) return "order discounts";
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const PricedLine& line = result.lines[i];
    const std::string place = " of line " + std::to_string(i);
    if (line.gross != model.gross[i]) return "gross" + place;
    if (line.amount != model.amount[i]) return "amount" + place;
    for (const LineTax& tax : line.taxes) {
      if (tax.amount != model.tax[i][tax.tax]) return "tax " + std::to_string(tax.tax) + place;
    }
    if (line.net != model.net[i]) return "net" + place;
  }
  return "";
}

}  // namespace cloudpos::pricing

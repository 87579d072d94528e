// register-sim: a register on the command line; each call is the register switched on, used and
// switched off again. README.md tells how.

#include <charconv>
#include <functional>
#include <iostream>

#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"
#include "tests/support/register/register.h"

namespace cloudpos::register_sim {
namespace {

constexpr char kUsage[] =
    "register-sim --disk DIR --book FILE --url URL [--token TOKEN] [--rescue] [--patience "
    "SECONDS]\n"
    "  enrol CODE OPERATOR            gets a key for the device of the code\n"
    "  sync                           learns prices and taxes anew\n"
    "  sell N [--offline] [--retries R] [--stating CATALOGUE_VERSION]\n"
    "  no-sale                        opens the drawer\n"
    "  upload                         sends what the server lacks\n"
    "  state\n";

struct Arguments {
  Setup setup;
  std::vector<std::string> words;  // the command and what belongs to it
  bool offline = false;
  int retries = 0;
  int stated_version = 0;
};

absl::StatusOr<int> NumberIn(const std::string& text) {
  int number = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && at == text.data() + text.size() && number >= 0) return number;
  return absl::InvalidArgumentError("no number: " + text);
}

absl::StatusOr<Arguments> ParseArguments(const std::vector<std::string>& given) {
  Arguments arguments;
  for (size_t i = 0; i < given.size(); ++i) {
    const std::string& word = given[i];
    if (!word.starts_with("--")) {
      arguments.words.push_back(word);
      continue;
    }
    if (word == "--offline" || word == "--rescue") {
      (word == "--offline" ? arguments.offline : arguments.setup.rescue) = true;
      continue;
    }
    if (++i == given.size()) return absl::InvalidArgumentError(word + " wants a value");
    const std::string& value = given[i];
    if (word == "--disk") {
      arguments.setup.disk = value;
    } else if (word == "--book") {
      arguments.setup.book = value;
    } else if (word == "--url") {
      arguments.setup.gateway = value;
    } else if (word == "--token") {
      arguments.setup.staff_token = value;
    } else if (word == "--retries") {
      CLOUDPOS_ASSIGN_OR_RETURN(arguments.retries, NumberIn(value));
    } else if (word == "--stating") {
      CLOUDPOS_ASSIGN_OR_RETURN(arguments.stated_version, NumberIn(value));
    } else if (word == "--patience") {
      CLOUDPOS_ASSIGN_OR_RETURN(const int seconds, NumberIn(value));
      arguments.setup.patience = std::chrono::seconds(seconds);
    } else {
      return absl::InvalidArgumentError("unknown option " + word);
    }
  }
  const Setup& setup = arguments.setup;
  if (arguments.words.empty() || setup.disk.empty() || setup.book.empty() ||
      setup.gateway.empty()) {
    return absl::InvalidArgumentError("something is missing");
  }
  return arguments;
}

json::object ObjectOf(const std::map<std::string, int64_t>& counts) {
  json::object object;
  for (const auto& [name, count] : counts) object[name] = count;
  return object;
}

/// A basket that differs from the next one's: one to three articles, one to three of each.
Register::Order OrderOf(const Shop& shop, size_t number, const Arguments& arguments) {
  Register::Order order;
  order.offline = arguments.offline;
  order.retries = arguments.retries;
  order.stated_version = arguments.stated_version;
  const size_t lines = std::min(shop.items.size(), 1 + number % 3);
  for (size_t i = 0; i < lines; ++i) {
    const Item& item = shop.items[(number + i) % shop.items.size()];
    const auto units = static_cast<int64_t>(1 + (number / 2 + i) % 3);
    order.basket.push_back({.variant_id = item.variant_id, .quantity_milli = units * 1000});
    order.tendered += item.price * units;
  }
  // Every other customer hands over more than is due.
  if (number % 2 == 1) order.tendered += 500 - order.tendered % 500;
  return order;
}

absl::StatusOr<json::object> Sell(Register& reg, const Arguments& arguments) {
  if (arguments.words.size() != 2) return absl::InvalidArgumentError("sell how many?");
  if (!reg.has_shop() || reg.shop().items.empty()) {
    return absl::FailedPreconditionError("the register knows no prices");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(const int count, NumberIn(arguments.words[1]));
  Sold sold;
  for (int i = 0; i < count; ++i) {
    const auto number = static_cast<size_t>(reg.journal().current().head().n);
    CLOUDPOS_RETURN_IF_ERROR(reg.Sell(OrderOf(reg.shop(), number, arguments), &sold));
  }
  return json::object{{"online", sold.online}, {"offline", sold.offline}};
}

absl::StatusOr<json::object> Upload(Register& reg) {
  CLOUDPOS_ASSIGN_OR_RETURN(const Uploaded uploaded, reg.Upload());
  return json::object{{"outcomes", ObjectOf(uploaded.outcomes)},
                      {"exceptions", ObjectOf(uploaded.exceptions)},
                      {"adopted", uploaded.adopted},
                      {"reissued", uploaded.reissued},
                      {"fetched", uploaded.fetched},
                      {"resent", uploaded.resent}};
}

json::object State(const Register& reg) {
  json::array chains;
  for (const auto& [generation, chain] : reg.journal().chains()) {
    chains.push_back(json::object{{"generation", generation},
                                  {"journal", chain.journal_id},
                                  {"first", chain.base.n + 1},
                                  {"last", chain.head().n},
                                  {"recorded", chain.recorded},
                                  {"proven", chain.proven},
                                  {"hash", base::HexEncode(BytesOf(chain.head().hash))}});
  }
  return {{"generation", reg.journal().generation()},
          {"catalogueVersion", reg.has_shop() ? reg.shop().catalogue_version : 0},
          {"chains", std::move(chains)}};
}

absl::StatusOr<json::object> Run(const Arguments& arguments) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto opened, Register::Open(arguments.setup));
  Register& reg = *opened;
  const std::string& command = arguments.words[0];
  if (command == "enrol" && arguments.words.size() == 3) {
    CLOUDPOS_RETURN_IF_ERROR(reg.Enrol(arguments.words[1], arguments.words[2]));
    return State(reg);
  }
  if (!reg.is_enrolled()) return absl::FailedPreconditionError("the register is not enrolled");
  if (command == "sync") {
    CLOUDPOS_RETURN_IF_ERROR(reg.Sync());
    return State(reg);
  }
  if (command == "sell") return Sell(reg, arguments);
  if (command == "no-sale") {
    CLOUDPOS_RETURN_IF_ERROR(reg.NoSale());
    return State(reg);
  }
  if (command == "upload") return Upload(reg);
  if (command == "state") return State(reg);
  return absl::InvalidArgumentError("unknown command " + command);
}

}  // namespace
}  // namespace cloudpos::register_sim

// Exit codes: 1 a fault, 2 usage, 3 the server refused, 4 no answer.
int main(int argc, char** argv) {
  using namespace cloudpos::register_sim;
  const auto arguments = ParseArguments({argv + 1, argv + argc});
  if (!arguments.ok()) {
    std::cerr << arguments.status().message() << "\n" << kUsage;
    return 2;
  }
  const auto done = Run(*arguments);
  if (done.ok()) {
    std::cout << boost::json::serialize(*done) << "\n";  // tidy: allow banned: a program's answer
    return 0;
  }
  std::cerr << done.status().message() << "\n";
  switch (done.status().code()) {
    case absl::StatusCode::kInvalidArgument:
      return 2;
    case absl::StatusCode::kFailedPrecondition:
      return 3;
    case absl::StatusCode::kUnavailable:
      return 4;
    default:
      return 1;
  }
}

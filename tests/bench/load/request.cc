#include "tests/bench/load/request.h"

#include <chrono>
#include <cstring>
#include <stdexcept>

namespace cloudpos::bench {
namespace {

constexpr size_t kIdLength = 36;

[[noreturn]] void Fail(const std::string& what) { throw std::runtime_error(what); }

/// Calls `on_text` and `on_name` for the text between placeholders and for their names, in order.
template <typename Text, typename Name>
void Scan(std::string_view text, Text on_text, Name on_name) {
  while (true) {
    const size_t open = text.find('<');
    const size_t close = open == text.npos ? text.npos : text.find('>', open);
    if (close == text.npos) return on_text(text);
    on_text(text.substr(0, open));
    on_name(std::string(text.substr(open + 1, close - open - 1)));
    text.remove_prefix(close + 1);
  }
}

void CheckLengths(const std::map<std::string, std::vector<std::string>>& lists) {
  for (const auto& [name, values] : lists) {
    if (values.empty()) Fail("no values of " + name);
    for (const std::string& value : values) {
      if (value.size() != values.front().size()) Fail("values of " + name + " differ in length");
    }
  }
}

void WriteHex(uint64_t value, int digits, char* at) {
  for (int i = digits - 1; i >= 0; --i, value >>= 4) at[i] = "0123456789abcdef"[value & 15];
}

}  // namespace

Template::Template(std::string_view text, Values values) : values_(std::move(values)) {
  CheckLengths(values_.drawn);
  CheckLengths(values_.per_client);
  const size_t line = text.find('\n');
  const std::string_view first = text.substr(0, line);
  const size_t space = first.find(' ');
  if (space == first.npos) Fail("the first line is not METHOD PATH");
  method_ = first.substr(0, space);
  path_ = first.substr(space + 1);
  if (line != text.npos) body_ = text.substr(line + 1);
}

std::string Template::Expand(std::string_view text, size_t number, size_t offset,
                             std::vector<Place>* places) const {
  std::map<std::string, size_t> total, seen;
  Scan(
      text, [](std::string_view) {}, [&total](const std::string& name) { ++total[name]; });
  std::string out;
  Scan(
      text, [&out](std::string_view part) { out += part; },
      [&](const std::string& name) {
        if (name == "id") {
          places->push_back({offset + out.size(), nullptr, 0, 0});
          out.append(kIdLength, '0');
          return;
        }
        if (const auto own = values_.per_client.find(name); own != values_.per_client.end()) {
          out += own->second[number % own->second.size()];
          return;
        }
        const auto list = values_.drawn.find(name);
        if (list == values_.drawn.end()) Fail("nothing is known of <" + name + ">");
        const size_t parts = total[name];
        const size_t size = list->second.size();
        if (size < parts) Fail("too few values of " + name);
        const size_t part = seen[name]++;
        places->push_back(
            {offset + out.size(), &list->second, size * part / parts, size * (part + 1) / parts});
        out += list->second.front();
      });
  return out;
}

Template::Bytes Template::For(size_t number, const Target& target) const {
  Bytes bytes;
  bytes.text = method_ + " ";
  bytes.text += Expand(path_, number, bytes.text.size(), &bytes.places);
  bytes.text += " HTTP/1.1\r\nHost: " + target.host + "\r\n";
  if (!target.token.empty()) bytes.text += "Authorization: Bearer " + target.token + "\r\n";
  Bytes body = BodyFor(number);
  if (!body.text.empty()) {
    bytes.text +=
        "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.text.size()) +
        "\r\n";
  }
  bytes.text += "\r\n";
  for (Place& place : body.places) place.at += bytes.text.size();
  bytes.places.insert(bytes.places.end(), body.places.begin(), body.places.end());
  bytes.text += body.text;
  return bytes;
}

Template::Bytes Template::BodyFor(size_t number) const {
  Bytes body;
  body.text = Expand(body_, number, 0, &body.places);
  return body;
}

void Filler::Fill(Template::Bytes* request) {
  for (const Template::Place& place : request->places) {
    char* at = request->text.data() + place.at;
    if (place.values == nullptr) {
      WriteId(at);
      continue;
    }
    const std::string& value =
        (*place.values)[place.first + random_() % (place.last - place.first)];
    std::memcpy(at, value.data(), value.size());
  }
}

// Milliseconds, then their fraction in the version's twelve bits: ids of one generator ascend, as
// those of registers do.
void Filler::WriteId(char* at) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();  // tidy: allow banned: ids
  const auto micros =
      static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  const uint64_t millis = micros / 1000;
  const uint64_t random = random_();
  WriteHex(millis >> 16, 8, at);
  at[8] = '-';
  WriteHex(millis & 0xffff, 4, at + 9);
  at[13] = '-';
  at[14] = '7';
  WriteHex(micros % 1000 * 4096 / 1000, 3, at + 15);
  at[18] = '-';
  WriteHex(0x8000 | (random >> 48 & 0x3fff), 4, at + 19);
  at[23] = '-';
  WriteHex(random & 0xffffffffffff, 12, at + 24);
}

}  // namespace cloudpos::bench

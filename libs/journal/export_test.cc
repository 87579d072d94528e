#include "libs/journal/export.h"

#include <catch2/catch.hpp>

#include "tests/support/random.h"

namespace cloudpos::journal {
namespace {

// Stands for a signature: a hash with a secret. What is verified is that the library asks for the
// right bytes and believes the answer; Ed25519 itself is tested where it is plugged in.
std::string Signed(std::string_view key, std::string_view message) {
  return ToHex(Sha256Of("secret of " + std::string(key) + std::string(message))).substr(0, 32);
}

bool IsSigned(std::string_view key, std::string_view message, std::string_view signature) {
  return Signed(key, message) == signature;
}

VerifyOptions Checking() {
  VerifyOptions options;
  options.check_trailer = IsSigned;
  options.check_entry = IsSigned;
  options.require_trailer_signature = true;
  return options;
}

struct Chain {
  std::string journal;
  std::int64_t n = 0;
  Hash head = kGenesis;
};

// Appends the next entry of `chain`.
void Append(Chain& chain, bool with_signature, ExportWriter& writer, std::string* out) {
  ++chain.n;
  const std::string payload = R"({"journal":")" + chain.journal + R"(","kind":"SALE","n":)" +
                              std::to_string(chain.n) + R"(,"total":)" +
                              std::to_string(chain.n * 100) + "}";
  const Hash previous = chain.head;
  chain.head = ChainHash(static_cast<std::uint64_t>(chain.n), previous, payload);
  ExportEntry entry{.journal = chain.journal, .n = chain.n, .payload = payload};
  entry.hash = chain.head;
  entry.previous = previous;
  std::string signature;
  if (with_signature) {
    signature = Signed("device", {reinterpret_cast<const char*>(chain.head.data()), 32});
    entry.signature = signature;
    entry.signature_key = "device";
  }
  REQUIRE(writer.Append(entry, out).ok());
}

// Two journals that interleave, one of them from the middle; some entries signed by a device.
std::string Export() {
  std::string out;
  ExportWriter writer;
  Chain first{"j1"};
  Chain second{"j2", 40, Sha256Of("earlier")};
  for (int i = 0; i < 4; ++i) {
    Append(first, i % 2 == 0, writer, &out);
    if (i % 2 == 1) Append(second, false, writer, &out);
  }
  const auto sign = [](std::string_view message) { return Signed("server", message); };
  REQUIRE(writer.Finish("server", sign, &out).ok());
  return out;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  return lines;
}

VerifyReport VerifyLines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return VerifyExport(text, Checking());
}

}  // namespace

TEST_CASE("VerifyExport: an export verifies, in any pieces", "[journal][domain]") {
  const std::string bytes = Export();
  const VerifyReport report = VerifyExport(bytes, Checking());
  INFO(report.reason);
  REQUIRE(report.ok());
  CHECK(report.entries == 6);
  CHECK(report.trailer_signature_checked);
  REQUIRE(report.heads.size() == 2);
  CHECK(report.heads[0].journal == "j1");
  CHECK(report.heads[0].last == 4);
  CHECK(report.heads[1].first == 41);
  for (const std::size_t piece : {1, 7, 100}) {
    Verifier verifier(Checking());
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      REQUIRE(verifier.Feed(std::string_view(bytes).substr(at, piece)));
    }
    CHECK(verifier.Finish().ok());
  }
}

TEST_CASE("VerifyExport: every single flipped bit is found", "[journal][property][domain]") {
  std::string bytes = Export();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      if (VerifyExport(bytes, Checking()).ok()) FAIL("byte " << at << ", bit " << bit);
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
    }
  }
  CHECK(VerifyExport(bytes, Checking()).ok());
}

TEST_CASE("VerifyExport: names the first bad record", "[journal][domain]") {
  const std::vector<std::string> lines = Lines(Export());
  REQUIRE(lines.size() == 7);
  std::vector<std::string> edited = lines;
  edited[3].replace(edited[3].find("300"), 3, "301");
  VerifyReport report = VerifyLines(edited);
  CHECK(report.error.code == ErrorCode::kBadChain);
  CHECK(report.line == 4);
  CHECK(report.journal == "j1");
  CHECK(report.n == 3);

  std::vector<std::string> deleted = lines;
  deleted.erase(deleted.begin() + 1);
  report = VerifyLines(deleted);
  CHECK(report.error.code == ErrorCode::kBadChain);
  CHECK(report.n == 3);
  CHECK(report.reason == "expected number 2");

  std::vector<std::string> swapped = lines;
  std::swap(swapped[0], swapped[1]);
  CHECK(VerifyLines(swapped).line == 1);

  std::vector<std::string> repeated = lines;
  repeated.insert(repeated.begin() + 1, lines[0]);
  CHECK(VerifyLines(repeated).line == 2);
}

TEST_CASE("VerifyExport: the end must be there, fit, and be the end", "[journal][domain]") {
  const std::vector<std::string> lines = Lines(Export());
  std::vector<std::string> cut(lines.begin(), lines.end() - 1);
  CHECK(VerifyLines(cut).error.code == ErrorCode::kBadTrailer);
  // An entry dropped from the end of a journal: only the last line knows.
  std::vector<std::string> shorter = lines;
  shorter.erase(shorter.end() - 2);
  CHECK(VerifyLines(shorter).error.code == ErrorCode::kBadTrailer);
  std::vector<std::string> longer = lines;
  longer.push_back(lines[0]);
  CHECK(VerifyLines(longer).error.code == ErrorCode::kBadTrailer);
  std::vector<std::string> open = lines;
  open.back().pop_back();
  CHECK(VerifyLines(open).error.code == ErrorCode::kSyntax);
  CHECK(VerifyLines({}).error.code == ErrorCode::kBadTrailer);
}

// Whoever can rewrite everything but has no key is stopped by the signature.
TEST_CASE("VerifyExport: a rebuilt export without the key is refused", "[journal][domain]") {
  std::string out;
  ExportWriter writer;
  Chain chain{"j1"};
  Append(chain, false, writer, &out);
  std::string unsigned_export = out;
  ExportWriter copy = writer;
  REQUIRE(copy.Finish("", nullptr, &unsigned_export).ok());
  CHECK(VerifyExport(unsigned_export, Checking()).error.code == ErrorCode::kBadSignature);
  CHECK(VerifyExport(unsigned_export, {}).ok());
  const auto forge = [](std::string_view message) { return Signed("mine", message); };
  REQUIRE(writer.Finish("server", forge, &out).ok());
  CHECK(VerifyExport(out, Checking()).error.code == ErrorCode::kBadSignature);
}

TEST_CASE("ExportWriter: refuses a gap", "[journal][domain]") {
  std::string out;
  ExportWriter writer;
  Chain chain{"j1"};
  Append(chain, false, writer, &out);
  const ExportEntry third{.journal = "j1", .n = 3, .payload = "{}"};
  CHECK(writer.Append(third, &out).code == ErrorCode::kBadChain);
}

}  // namespace cloudpos::journal

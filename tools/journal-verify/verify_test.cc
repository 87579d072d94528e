#include "tools/journal-verify/verify.h"

#include <sstream>

#include "catch2/catch.hpp"
#include "libs/journal/chain.h"
#include "libs/token/device_jwk.h"
#include "libs/token/device_key.h"
#include "libs/token/token.h"

namespace cloudpos::journal_verify {
namespace {

/// A journal of entries 1 to n, exportable in parts.
class Journal {
 public:
  explicit Journal(int entries, const std::string& sku = "sku") {
    hashes_.push_back(journal::kGenesis);
    for (int n = 1; n <= entries; ++n) {
      payloads_.push_back("{\"journal\":\"j\",\"n\":" + std::to_string(n) + ",\"sku\":\"" + sku +
                          "\"}");
      hashes_.push_back(
          journal::ChainHash(static_cast<uint64_t>(n), hashes_.back(), payloads_.back()));
    }
  }

  /// With `device` each entry carries its signature.
  std::string Export(int from, int to, bool is_signed = true,
                     const token::DeviceKey* device = nullptr) const {
    journal::ExportWriter writer;
    std::string out;
    for (int n = from; n <= to; ++n) {
      const size_t i = static_cast<size_t>(n);
      const std::string_view hash(reinterpret_cast<const char*>(hashes_[i].data()),
                                  hashes_[i].size());
      const std::string signature = device == nullptr ? "" : device->Sign(hash);
      const std::string key = device == nullptr ? "" : token::P256KeyId(device->public_point());
      REQUIRE(writer
                  .Append({.journal = "j",
                           .n = n,
                           .payload = payloads_[i - 1],
                           .hash = hashes_[i],
                           .previous = hashes_[i - 1],
                           .signature = signature,
                           .signature_key = key},
                          &out)
                  .ok());
    }
    journal::ExportWriter::Signer sign;
    if (is_signed) {
      sign = [this](std::string_view message) { return signer_->SignBytes(message); };
    }
    REQUIRE(writer.Finish(signer_->key_id(), sign, &out).ok());
    return out;
  }

  Keys PublicKeys() const {
    auto keys = token::ParseJwks(token::MakeJwks({signer_->PublicJwk()}));
    REQUIRE(keys.ok());
    return *keys;
  }

 private:
  std::vector<std::string> payloads_;
  std::vector<journal::Hash> hashes_;
  absl::StatusOr<token::Signer> signer_ = token::Signer::FromPem(token::GenerateKeyPem());
};

std::string ProblemIn(ExportVerifier& verifier, const std::string& text) {
  std::istringstream in(text);
  const auto result = verifier.Verify("file", in);
  return result.problem ? result.problem->text : std::string();
}

TEST_CASE("journal-verify: an export passes, with its counts and head", "[journal-verify]") {
  const Journal journal(5);
  ExportVerifier verifier(journal.PublicKeys());
  std::istringstream in(journal.Export(1, 5));
  const auto result = verifier.Verify("file", in);
  CHECK_FALSE(result.problem);
  CHECK(result.report.entries == 5);
  CHECK(result.report.trailer_signature_checked);
  CHECK(verifier.journals().at("j").last == 5);
}

TEST_CASE("journal-verify: any flipped bit fails", "[journal-verify]") {
  const Journal journal(3);
  const std::string good = journal.Export(1, 3);
  const Keys keys = journal.PublicKeys();
  int passed = 0;
  for (size_t i = 0; i < good.size() * 8; ++i) {
    std::string bad = good;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << (i % 8)));
    ExportVerifier verifier(keys);
    if (ProblemIn(verifier, bad).empty()) ++passed;
  }
  CHECK(passed == 0);
}

TEST_CASE("journal-verify: any byte missing or added fails", "[journal-verify]") {
  const Journal journal(2);
  const std::string good = journal.Export(1, 2);
  const Keys keys = journal.PublicKeys();
  for (size_t i = 0; i < good.size(); ++i) {
    ExportVerifier cut(keys), less(keys), more(keys);
    CHECK_FALSE(ProblemIn(cut, good.substr(0, i)).empty());
    CHECK_FALSE(ProblemIn(less, std::string(good).erase(i, 1)).empty());
    CHECK_FALSE(ProblemIn(more, std::string(good).insert(i, 1, ' ')).empty());
  }
}

TEST_CASE("journal-verify: the first bad record is named", "[journal-verify]") {
  const Journal journal(4);
  std::string bad = journal.Export(1, 4);
  const size_t at = bad.find("\"n\":3,\"sku");
  REQUIRE(at != std::string::npos);
  bad[at + 4] = '7';
  ExportVerifier verifier(journal.PublicKeys());
  const std::string problem = ProblemIn(verifier, bad);
  CHECK(problem.find("line 3") != std::string::npos);
  CHECK(problem.find("entry 3") != std::string::npos);
}

TEST_CASE("journal-verify: parts must follow one another", "[journal-verify]") {
  const Journal journal(9);
  const Keys keys = journal.PublicKeys();
  ExportVerifier good(keys), gap(keys), twice(keys);
  CHECK(ProblemIn(good, journal.Export(1, 4)).empty());
  CHECK(ProblemIn(good, journal.Export(5, 9)).empty());
  CHECK(good.journals().at("j").count == 9);
  CHECK(ProblemIn(gap, journal.Export(1, 4)).empty());
  CHECK(ProblemIn(gap, journal.Export(6, 9)).find("ended at 4") != std::string::npos);
  CHECK(ProblemIn(twice, journal.Export(1, 4)).empty());
  CHECK_FALSE(ProblemIn(twice, journal.Export(1, 4)).empty());

  // Another history of the same length: each part is sound by itself.
  const Journal other(9, "other");
  ExportVerifier fork(std::nullopt);
  CHECK(ProblemIn(fork, journal.Export(1, 4)).empty());
  CHECK(ProblemIn(fork, other.Export(5, 9)).find("not chained") != std::string::npos);
}

TEST_CASE("journal-verify: signatures by strangers, or none", "[journal-verify]") {
  const Journal journal(2), stranger(2);
  ExportVerifier wrong_key(stranger.PublicKeys());
  CHECK(ProblemIn(wrong_key, journal.Export(1, 2)).find("BAD_SIGNATURE") != std::string::npos);
  ExportVerifier unsigned_export(journal.PublicKeys());
  CHECK_FALSE(ProblemIn(unsigned_export, journal.Export(1, 2, false)).empty());
  ExportVerifier unchecked(std::nullopt);
  CHECK(ProblemIn(unchecked, journal.Export(1, 2, false)).empty());
  CHECK_FALSE(ProblemIn(unchecked, "").empty());
}

TEST_CASE("journal-verify: devices' signatures are checked by their keys", "[journal-verify]") {
  const Journal journal(3);
  const token::DeviceKey device = token::DeviceKey::Generate();
  const token::DeviceKey stranger = token::DeviceKey::Generate();
  const auto keys_of = [](const token::DeviceKey& key) {
    auto keys = token::ParseP256Jwks(token::MakeJwks({token::P256Jwk(key.public_point())}));
    REQUIRE(keys.ok());
    return *keys;
  };
  const std::string text = journal.Export(1, 3, true, &device);
  ExportVerifier good(journal.PublicKeys(), keys_of(device));
  std::istringstream in(text);
  const auto result = good.Verify("file", in);
  CHECK_FALSE(result.problem);
  CHECK(result.report.entry_signatures_checked == 3);

  ExportVerifier wrong(journal.PublicKeys(), keys_of(stranger));
  CHECK(ProblemIn(wrong, text).find("line 1, journal j, entry 1: BAD_SIGNATURE") !=
        std::string::npos);
  // Whoever holds the server's key alone cannot put another device's word into an export.
  std::string forged = text;
  const size_t at = forged.find("\"sig\":\"", forged.find("\"n\":2")) + 7;
  forged[at] = forged[at] == '0' ? '1' : '0';
  ExportVerifier changed(std::nullopt, keys_of(device));
  CHECK(ProblemIn(changed, forged).find("entry 2: BAD_SIGNATURE") != std::string::npos);
  // What no device signed is no error: the server's own journals.
  ExportVerifier unsigned_entries(journal.PublicKeys(), keys_of(device));
  CHECK(ProblemIn(unsigned_entries, journal.Export(1, 3)).empty());
}

}  // namespace
}  // namespace cloudpos::journal_verify

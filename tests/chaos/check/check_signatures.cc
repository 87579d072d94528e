// I9 of registers' own journals: a signature is of a key that its device has or had, over the
// entry's hash. OpenSSL alone, so that nothing is shared with the code that took them in.

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "libs/base/status_macros.h"
#include "tests/chaos/check/checks.h"

namespace cloudpos::chaos {
namespace {

constexpr Query kKeys{"device_keys", R"sql(
  SELECT device_id, public_key FROM transaction.device_keys WHERE tenant_id = $1::uuid)sql"};

constexpr Query kSignatures{"journal_signatures", R"sql(
  SELECT s.journal_id, s.journal_no, s.signature, e.hash
  FROM transaction.journal_signatures AS s
  LEFT JOIN transaction.journal_entries AS e ON e.tenant_id = s.tenant_id
    AND e.journal_id = s.journal_id AND e.journal_no = s.journal_no
  WHERE s.tenant_id = $1::uuid)sql"};

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

/// DER of a SubjectPublicKeyInfo of P-256 up to the point.
constexpr unsigned char kSpkiStart[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                        0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

Key KeyOf(std::string_view point) {
  std::string der(reinterpret_cast<const char*>(kSpkiStart), sizeof kSpkiStart);
  der += point;
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  return Key(d2i_PUBKEY(nullptr, &bytes, static_cast<long>(der.size())));
}

/// r || s as DER; empty when it cannot be.
std::string DerOf(std::string_view signature) {
  constexpr int kHalf = 32;
  if (signature.size() != 2 * kHalf) return {};
  const auto* raw = reinterpret_cast<const unsigned char*>(signature.data());
  std::string der;
  ECDSA_SIG* const parts = ECDSA_SIG_new();
  if (ECDSA_SIG_set0(parts, BN_bin2bn(raw, kHalf, nullptr),
                     BN_bin2bn(raw + kHalf, kHalf, nullptr)) == 1) {
    unsigned char* bytes = nullptr;
    const int size = i2d_ECDSA_SIG(parts, &bytes);
    if (size > 0) der.assign(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
    OPENSSL_free(bytes);
  }
  ECDSA_SIG_free(parts);
  return der;
}

bool Fits(EVP_PKEY* key, std::string_view message, const std::string& der) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const bool fits =
      EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(der.data()), der.size(),
                       reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1;
  EVP_MD_CTX_free(context);
  return fits;
}

}  // namespace

absl::Status CheckSignatures(const Evidence& e) {
  std::map<base::Uuid, std::vector<Key>> keys;
  CLOUDPOS_RETURN_IF_ERROR(e.database->Read(kKeys, [&keys](const Row& row) {
    if (Key key = KeyOf(row.Text(1)); key != nullptr) keys[row.Id(0)].push_back(std::move(key));
  }));
  int64_t signatures = 0;
  CLOUDPOS_RETURN_IF_ERROR(e.database->Stream(kSignatures, [&](const Row& row) {
    ++signatures;
    e.report->Compared(Rule::kChain, 1);
    const auto journal = e.books->index.find(row.Id(0));
    const base::Uuid device =
        journal == e.books->index.end() ? base::Uuid() : e.books->journals[journal->second].device;
    const std::string der = DerOf(row.Text(2));
    for (const Key& key : keys[device]) {
      if (Fits(key.get(), row.Text(3), der)) return;
    }
    e.report->Broken(Rule::kChain,
                     "journal " + row.Id(0).ToString() + " entry " + std::to_string(row.Int(1)) +
                         ": the signature is of no key of device " + device.ToString());
  }));
  e.report->Note("signatures", signatures);
  return absl::OkStatus();
}

}  // namespace cloudpos::chaos

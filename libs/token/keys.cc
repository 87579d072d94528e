#include "libs/token/keys.h"

#include <cstdlib>

#include "boost/json.hpp"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/token/jws.h"
#include "libs/token/token.h"
#include "openssl/bio.h"
#include "openssl/evp.h"
#include "openssl/pem.h"

namespace cloudpos::token {
namespace {

namespace json = boost::json;

constexpr size_t kPublicBytes = 32;
constexpr size_t kSignatureBytes = 64;

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct ContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextFree>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Key Own(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

// RFC 8037 appendix A.3: the members that make the key, in this order, without white space.
std::string Thumbprint(std::string_view public_raw) {
  return base::Base64UrlEncode(base::Sha256("{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" +
                                            base::Base64UrlEncode(public_raw) + "\"}"));
}

// A passphrase is never asked for: without this OpenSSL would read the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

absl::Status Malformed(std::string_view what) {
  return base::Fail(common::v1::INVALID_ARGUMENT, what);
}

std::string Member(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

}  // namespace

Key PublicKeyFromRaw(std::string_view raw) {
  if (raw.size() != kPublicBytes) return nullptr;
  return Own(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, Bytes(raw), raw.size()));
}

bool VerifyWith(EVP_PKEY* key, std::string_view data, std::string_view signature) {
  if (signature.size() != kSignatureBytes) return false;
  const Context context(EVP_MD_CTX_new());
  return context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(data),
                          data.size()) == 1;
}

bool VerifyBytes(std::string_view public_raw, std::string_view data, std::string_view signature) {
  const Key key = PublicKeyFromRaw(public_raw);
  return key != nullptr && VerifyWith(key.get(), data, signature);
}

absl::StatusOr<std::map<std::string, Key>> ParseJwks(std::string_view text) {
  json::error_code error;
  const json::value document = json::parse({text.data(), text.size()}, error);
  if (error || !document.is_object()) return Malformed("the key set is not a JSON object");
  const json::value* list = document.get_object().if_contains("keys");
  if (list == nullptr || !list->is_array()) return Malformed("the key set has no list of keys");
  std::map<std::string, Key> keys;
  for (const json::value& entry : list->get_array()) {
    if (!entry.is_object()) return Malformed("a key is not a JSON object");
    const json::object& jwk = entry.get_object();
    if (jwk.contains("d")) return Malformed("the key set holds a private key");
    if (Member(jwk, "kty") != "OKP" || Member(jwk, "crv") != "Ed25519") continue;
    const std::string key_id = Member(jwk, "kid");
    const auto raw = base::Base64UrlDecode(Member(jwk, "x"));
    Key key = raw ? PublicKeyFromRaw(*raw) : nullptr;
    if (key_id.empty() || key == nullptr) return Malformed("a key is malformed");
    if (!keys.emplace(key_id, std::move(key)).second) return Malformed("a key id occurs twice");
  }
  if (keys.empty()) return Malformed("the key set has no Ed25519 key");
  return keys;
}

std::string MakeJwks(const std::vector<std::string>& jwks) {
  std::string text = "{\"keys\":[";
  for (const std::string& jwk : jwks) {
    if (text.back() != '[') text += ',';
    text += jwk;
  }
  return text + "]}";
}

std::string GenerateKeyPem() {
  const Key key = Own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const std::unique_ptr<BIO, BioFree> bio(BIO_new(BIO_s_mem()));
  // Only memory can run out here, and then nothing else works either.
  if (key == nullptr || bio == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    std::abort();
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

absl::StatusOr<Signer> Signer::FromPem(std::string_view pem) {
  const std::unique_ptr<BIO, BioFree> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) return Malformed("the signing key cannot be read");
  const Key key = Own(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) {
    return Malformed("the signing key is not an unencrypted Ed25519 private key in PEM form");
  }
  Signer signer;
  signer.public_raw_.resize(kPublicBytes);
  size_t size = kPublicBytes;
  if (EVP_PKEY_get_raw_public_key(
          key.get(), reinterpret_cast<unsigned char*>(signer.public_raw_.data()), &size) != 1) {
    return Malformed("the signing key has no public half");
  }
  signer.key_ = key;
  signer.key_id_ = Thumbprint(signer.public_raw_);
  return signer;
}

std::string Signer::Sign(const Claims& claims) const {
  std::string token = EncodeHeader(key_id_) + '.' + EncodeClaims(claims);
  const std::string signature = SignBytes(token);
  return token + '.' + base::Base64UrlEncode(signature);
}

std::string Signer::SignBytes(std::string_view data) const {
  const Context context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  auto* key = static_cast<EVP_PKEY*>(key_.get());
  // Ed25519 of a loaded key cannot fail short of memory running out.
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     Bytes(data), data.size()) != 1) {
    std::abort();
  }
  return signature;
}

std::string Signer::PublicJwk() const {
  return "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"use\":\"sig\",\"alg\":\"EdDSA\",\"kid\":\"" +
         key_id_ + "\",\"x\":\"" + base::Base64UrlEncode(public_raw_) + "\"}";
}

}  // namespace cloudpos::token

#include "libs/token/device_key.h"

#include <array>
#include <cstdlib>
#include <vector>

#include "libs/base/error.h"
#include "openssl/bio.h"
#include "openssl/bn.h"
#include "openssl/core_names.h"
#include "openssl/ecdsa.h"
#include "openssl/evp.h"
#include "openssl/params.h"
#include "openssl/pem.h"

namespace cloudpos::token {
namespace {

constexpr char kCurve[] = "P-256";
constexpr char kUncompressed = 0x04;
constexpr int kNumberBytes = 32;  // of r and of s

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
// BIO_free answers whether it worked; there is nothing to be done about it.
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Context = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;
using Key = std::shared_ptr<EVP_PKEY>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Key Own(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

/// nullptr unless it is a point on the curve.
Key PublicKeyFromPoint(std::string_view point) {
  if (point.size() != kP256PointBytes || point[0] != kUncompressed) return nullptr;
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  std::string curve = kCurve;
  std::string bytes(point);
  const std::array<OSSL_PARAM, 3> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes.data(), bytes.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  // Decoding the point refuses one that is not on the curve; the cofactor of P-256 is 1, so each
  // point of the curve belongs to the group.
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY,
                        const_cast<OSSL_PARAM*>(params.data())) != 1) {
    return nullptr;
  }
  return Own(key);
}

/// r||s in the form that OpenSSL reads; empty when memory ran out.
std::string ToDer(std::string_view signature) {
  Number r(BN_bin2bn(Bytes(signature), kNumberBytes, nullptr));
  Number s(BN_bin2bn(Bytes(signature.substr(kNumberBytes)), kNumberBytes, nullptr));
  const Signature pair(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || pair == nullptr) return {};
  if (ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  static_cast<void>(r.release());  // the pair owns them now
  static_cast<void>(s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return text;
}

/// Each number at its full width: WebCrypto and this library know no shorter form.
std::string FromDer(const std::string& der) {
  const unsigned char* at = Bytes(der);
  const Signature pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  std::string text(kP256SignatureBytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(text.data());
  if (pair == nullptr ||
      BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, kNumberBytes) != kNumberBytes ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + kNumberBytes, kNumberBytes) !=
          kNumberBytes) {
    std::abort();
  }
  return text;
}

/// The public half, or empty when the key is not a P-256 one.
std::string PointOf(EVP_PKEY* key) {
  std::array<char, 32> curve{};
  size_t size = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), curve.size(),
                                     &size) != 1 ||
      std::string_view(curve.data(), size) != "prime256v1") {
    return {};
  }
  std::string point(kP256PointBytes, '\0');
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY,
                                      reinterpret_cast<unsigned char*>(point.data()), point.size(),
                                      &size) != 1 ||
      !IsP256Point(std::string_view(point).substr(0, size))) {
    return {};
  }
  return point;
}

// A passphrase is never asked for: without this OpenSSL would read the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

bool IsP256Point(std::string_view point) { return PublicKeyFromPoint(point) != nullptr; }

bool VerifyP256(std::string_view point, std::string_view message, std::string_view signature) {
  if (signature.size() != kP256SignatureBytes) return false;
  const Key key = PublicKeyFromPoint(point);
  const Context context(EVP_MD_CTX_new());
  const std::string der = ToDer(signature);
  return key != nullptr && context != nullptr && !der.empty() &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(der), der.size(), Bytes(message), message.size()) ==
             1;
}

DeviceKey DeviceKey::Generate() {
  Key key = Own(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kCurve));
  // Only memory or randomness can run out here, and then nothing else works either.
  if (key == nullptr) std::abort();
  std::string point = PointOf(key.get());
  if (point.empty()) std::abort();
  return {std::move(key), std::move(point)};
}

absl::StatusOr<DeviceKey> DeviceKey::FromPem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key = bio == nullptr
                ? nullptr
                : Own(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  std::string point = key == nullptr ? std::string() : PointOf(key.get());
  if (point.empty()) {
    return base::Fail(common::v1::INVALID_ARGUMENT,
                      "The device key is not an unencrypted P-256 private key in PEM form.");
  }
  return DeviceKey(std::move(key), std::move(point));
}

std::string DeviceKey::ToPem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0,
                                                      nullptr, nullptr) != 1) {
    std::abort();
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string DeviceKey::Sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  std::string der(kP256SignatureBytes + 16, '\0');  // DER adds at most eight bytes
  size_t size = der.size();
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(der.data()), &size,
                     Bytes(message), message.size()) != 1) {
    std::abort();
  }
  der.resize(size);
  return FromDer(der);
}

}  // namespace cloudpos::token

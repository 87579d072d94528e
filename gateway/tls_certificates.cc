#include "gateway/tls_certificates.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "libs/base/status_macros.h"
#include "libs/log/log.h"
#include "libs/metrics/metrics.h"

namespace cloudpos::gateway {
namespace {

namespace ssl = boost::asio::ssl;

constexpr absl::Duration kCheckEvery = absl::Seconds(5);

absl::Status Fault(std::string_view what, const std::string& file) {
  return absl::FailedPreconditionError(std::string(what) + ": " + file);
}

int SelectProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* in, unsigned int in_size, void*) {
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof(kHttp11), in, in_size);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

void PublishExpiry(SSL_CTX* context) {
  const X509* certificate = SSL_CTX_get0_certificate(context);
  std::tm expiry{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &expiry) != 1)
    return;
  metrics::Gauge("cloudpos_gateway_tls_certificate_not_after_seconds",
                 "Unix time at which the certificate shown to HTTPS clients expires")
      .Set(static_cast<double>(absl::ToUnixSeconds(absl::FromTM(expiry, absl::UTCTimeZone()))));
}

}  // namespace

TlsCertificates::TlsCertificates(std::string certificate_file, std::string key_file,
                                 const base::Clock& clock)
    : certificate_file_(std::move(certificate_file)),
      key_file_(std::move(key_file)),
      clock_(clock) {}

absl::StatusOr<std::shared_ptr<TlsCertificates>> TlsCertificates::Load(
    const std::string& certificate_file, const std::string& key_file, const base::Clock& clock) {
  std::shared_ptr<TlsCertificates> result(new TlsCertificates(certificate_file, key_file, clock));
  CLOUDPOS_RETURN_IF_ERROR(result->Reload());
  return result;
}

absl::Status TlsCertificates::Reload() {
  stamp_ = Stamp();
  checked_at_ = clock_.Now();
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(
      native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Forward secrecy and AEAD only for 1.2; 1.3 has nothing else.
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_alpn_select_cb(native, SelectProtocol, nullptr);
  boost::system::error_code ec;
  context->use_certificate_chain_file(certificate_file_, ec);
  if (ec) return Fault("cannot use the certificate", certificate_file_);
  context->use_private_key_file(key_file_, ssl::context::pem, ec);
  if (ec || SSL_CTX_check_private_key(native) != 1) {
    return Fault("cannot use the key, or it is another certificate's", key_file_);
  }
  PublishExpiry(native);
  context_ = std::move(context);
  return absl::OkStatus();
}

std::pair<TlsCertificates::FileTime, TlsCertificates::FileTime> TlsCertificates::Stamp() const {
  std::error_code ec;
  return {std::filesystem::last_write_time(certificate_file_, ec),
          std::filesystem::last_write_time(key_file_, ec)};
}

std::shared_ptr<ssl::context> TlsCertificates::Current() {
  const std::lock_guard lock(mutex_);
  if (clock_.Now() - checked_at_ < kCheckEvery) return context_;
  checked_at_ = clock_.Now();
  if (Stamp() == stamp_) return context_;
  const absl::Status status = Reload();
  if (status.ok()) {
    log::Info("certificate reloaded", {{"file", certificate_file_}});
  } else {
    log::Error("certificate not reloaded", {{"cause", std::string(status.message())}});
  }
  return context_;
}

}  // namespace cloudpos::gateway

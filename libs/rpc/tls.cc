#include "libs/rpc/tls.h"

#include <ctime>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <string_view>

#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "libs/base/status_macros.h"
#include "openssl/bio.h"
#include "openssl/pem.h"
#include "openssl/x509.h"

namespace cloudpos::rpc {
namespace {

using grpc::experimental::FileWatcherCertificateProvider;

constexpr unsigned kRefreshSeconds = 2;
constexpr std::string_view kTrustDomain = "spiffe://cloudpos/";

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

absl::Status Refuse(const std::string& path, const std::string& what) {
  return absl::FailedPreconditionError(path + ": " + what);
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) return Refuse(path, "cannot be read or is empty");
  return text.str();
}

absl::StatusOr<Owned<X509>> ReadCertificate(const std::string& path) {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string pem, ReadFile(path));
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Owned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return Refuse(path, "is not a certificate in PEM form");
  return certificate;
}

int NoPassphrase(char*, int, int, void*) { return -1; }

absl::StatusOr<Owned<EVP_PKEY>> ReadKey(const std::string& path) {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string pem, ReadFile(path));
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) return Refuse(path, "is not an unencrypted private key in PEM form");
  return key;
}

// The watcher only logs when files are bad and would then never answer a handshake; a program
// refuses to start instead.
absl::Status CheckFiles(const TlsFiles& files) {
  CLOUDPOS_RETURN_IF_ERROR(ReadCertificate(files.ca).status());
  CLOUDPOS_ASSIGN_OR_RETURN(const Owned<X509> certificate, ReadCertificate(files.certificate));
  CLOUDPOS_ASSIGN_OR_RETURN(const Owned<EVP_PKEY> key, ReadKey(files.key));
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Refuse(files.key, "does not belong to " + files.certificate);
  }
  return absl::OkStatus();
}

// One watcher (and one thread of gRPC's) per set of files in a process.
std::shared_ptr<FileWatcherCertificateProvider> Watcher(const TlsFiles& files) {
  static auto* mutex = new std::mutex;
  static auto* watchers = new std::map<std::string, std::weak_ptr<FileWatcherCertificateProvider>>;
  const std::lock_guard lock(*mutex);
  auto& slot = (*watchers)[files.ca + '\n' + files.certificate + '\n' + files.key];
  auto watcher = slot.lock();
  if (watcher == nullptr) {
    watcher = std::make_shared<FileWatcherCertificateProvider>(files.key, files.certificate,
                                                               files.ca, kRefreshSeconds);
    slot = watcher;
  }
  return watcher;
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(const TlsFiles& files) {
  CLOUDPOS_RETURN_IF_ERROR(CheckFiles(files));
  grpc::experimental::TlsServerCredentialsOptions options(Watcher(files));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> ClientCredentials(const TlsFiles& files) {
  CLOUDPOS_RETURN_IF_ERROR(CheckFiles(files));
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(Watcher(files));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_certificate_verifier(
      std::make_shared<grpc::experimental::HostNameCertificateVerifier>());
  return grpc::experimental::TlsCredentials(options);
}

absl::StatusOr<absl::Time> CertificateExpiry(const TlsFiles& files) {
  CLOUDPOS_ASSIGN_OR_RETURN(const Owned<X509> certificate, ReadCertificate(files.certificate));
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &time) != 1) {
    return Refuse(files.certificate, "has no readable end");
  }
  return absl::FromTM(time, absl::UTCTimeZone());
}

std::string PeerName(const std::string& uri) {
  if (uri.compare(0, kTrustDomain.size(), kTrustDomain) != 0) return {};
  std::string name = uri.substr(kTrustDomain.size());
  return name.find('/') == std::string::npos ? name : std::string();
}

}  // namespace cloudpos::rpc

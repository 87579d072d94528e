#include "libs/testing/certificates.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "openssl/evp.h"
#include "openssl/pem.h"
#include "openssl/x509.h"
#include "openssl/x509v3.h"

namespace cloudpos::testing {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

void Check(bool is_fine, const char* what) {
  if (is_fine) return;
  std::fprintf(stderr, "test certificates: %s\n", what);
  std::abort();
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  Check(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

Owned<X509> NewCertificate(const std::string& name, EVP_PKEY* key, long seconds, long serial) {
  Owned<X509> certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), seconds);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

template <typename F>
void WriteFile(const std::string& path, F&& write) {
  const std::string fresh = path + ".new";
  std::FILE* file = std::fopen(fresh.c_str(), "w");
  Check(file != nullptr && write(file) == 1 && std::fclose(file) == 0, "write");
  std::filesystem::rename(fresh, path);
}

template <typename T, typename F>
T* ReadFile(const std::string& path, F&& read) {
  std::FILE* file = std::fopen(path.c_str(), "r");
  Check(file != nullptr, path.c_str());
  T* thing = read(file);
  std::fclose(file);
  Check(thing != nullptr, path.c_str());
  return thing;
}

std::string NewFolder() {
  std::string pattern = std::filesystem::temp_directory_path() / "cloudpos-ca-XXXXXX";
  Check(mkdtemp(pattern.data()) != nullptr, "mkdtemp");
  return pattern;
}

}  // namespace

struct CertificateAuthority::Impl {
  std::string folder;
  Owned<EVP_PKEY> key;
  Owned<X509> certificate;
  long serial = 1;
};

CertificateAuthority::CertificateAuthority() : impl_(std::make_unique<Impl>()) {
  impl_->folder = NewFolder();
  impl_->key.reset(EVP_EC_gen("P-256"));
  X509* ca = (impl_->certificate = NewCertificate("test CA", impl_->key.get(), 86400, 1)).get();
  X509_set_issuer_name(ca, X509_get_subject_name(ca));
  AddExtension(ca, ca, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign");
  Check(X509_sign(ca, impl_->key.get(), EVP_sha256()) > 0, "sign");
  WriteFile(impl_->folder + "/ca.pem", [&](std::FILE* f) { return PEM_write_X509(f, ca); });
}

CertificateAuthority::CertificateAuthority(const std::string& certificate_file,
                                           const std::string& key_file)
    : impl_(std::make_unique<Impl>()) {
  impl_->folder = NewFolder();
  impl_->certificate.reset(ReadFile<X509>(
      certificate_file, [](std::FILE* f) { return PEM_read_X509(f, nullptr, nullptr, nullptr); }));
  impl_->key.reset(ReadFile<EVP_PKEY>(
      key_file, [](std::FILE* f) { return PEM_read_PrivateKey(f, nullptr, nullptr, nullptr); }));
  X509* ca = impl_->certificate.get();
  WriteFile(impl_->folder + "/ca.pem", [&](std::FILE* f) { return PEM_write_X509(f, ca); });
}

CertificateAuthority::~CertificateAuthority() { std::filesystem::remove_all(impl_->folder); }

const std::string& CertificateAuthority::folder() const { return impl_->folder; }

CertificateAuthority::Files CertificateAuthority::Issue(const std::string& name, long seconds) {
  return IssueWithUri(name, "spiffe://cloudpos/" + name, seconds);
}

CertificateAuthority::Files CertificateAuthority::IssueWithUri(const std::string& name,
                                                               const std::string& uri,
                                                               long seconds) {
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  Owned<X509> certificate = NewCertificate(name, key.get(), seconds, ++impl_->serial);
  X509* ca = impl_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(ca));
  AddExtension(certificate.get(), ca, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(certificate.get(), ca, NID_ext_key_usage, "serverAuth,clientAuth");
  AddExtension(
      certificate.get(), ca, NID_subject_alt_name,
      (uri.empty() ? "" : "URI:" + uri + ",") + "DNS:" + name + ",DNS:localhost,IP:127.0.0.1");
  Check(X509_sign(certificate.get(), impl_->key.get(), EVP_sha256()) > 0, "sign");
  const Files files{.ca = impl_->folder + "/ca.pem",
                    .certificate = impl_->folder + "/" + name + ".pem",
                    .key = impl_->folder + "/" + name + ".key"};
  WriteFile(files.key, [&](std::FILE* f) {
    return PEM_write_PrivateKey(f, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  WriteFile(files.certificate, [&](std::FILE* f) { return PEM_write_X509(f, certificate.get()); });
  return files;
}

}  // namespace cloudpos::testing

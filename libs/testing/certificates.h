#pragma once

// A certificate authority for tests, in a folder of its own that goes with it.

#include <memory>
#include <string>

namespace cloudpos::testing {

/// Aborts the test program when OpenSSL or the file system fails.
class CertificateAuthority {
 public:
  CertificateAuthority();
  /// One that exists already (PEM files), say a suite's own; what it issues lies in a folder of its
  /// own all the same.
  CertificateAuthority(const std::string& certificate_file, const std::string& key_file);
  ~CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;

  struct Files {
    std::string ca;
    std::string certificate;
    std::string key;
  };
  /// A certificate as the suite issues them: URI spiffe://cloudpos/<name>, DNS <name> and
  /// localhost, IP 127.0.0.1. Valid from an hour ago for `seconds` from now (negative: expired).
  /// Written to <folder>/<name>.pem and .key, in one rename each; again = renewed.
  Files Issue(const std::string& name, long seconds = 3600);
  /// The same with the URI given: empty for none.
  Files IssueWithUri(const std::string& name, const std::string& uri, long seconds = 3600);
  const std::string& folder() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cloudpos::testing

#include "tests/security/strangers/certificates.h"

#include "libs/testing/certificates.h"

namespace cloudpos::strangers {
namespace {

using testing::CertificateAuthority;

constexpr long kExpired = -60;

rpc::TlsFiles Tls(const CertificateAuthority::Files& files) {
  return {.ca = files.ca, .certificate = files.certificate, .key = files.key};
}

struct Stranger {
  std::string name;
  Peer peer;
  bool is_connected;  // it gets as far as being told that it may not call
};

std::vector<Stranger> StrangersOf(CertificateAuthority& issuer, CertificateAuthority& others,
                                  const Addresses& services) {
  CertificateAuthority::Files foreign = others.Issue("gateway");
  foreign.ca = issuer.folder() + "/ca.pem";  // it trusts us; we do not trust it
  std::vector<Stranger> strangers;
  const auto add = [&](const std::string& name, const CertificateAuthority::Files& files,
                       bool is_connected) {
    strangers.push_back({name, Peer(services, Tls(files)), is_connected});
  };
  add("another authority's certificate", foreign, false);
  add("an expired certificate", issuer.Issue("gateway", kExpired), false);
  add("a certificate without a name", issuer.IssueWithUri("nameless", ""), true);
  add("another domain's gateway", issuer.IssueWithUri("elsewhere", "spiffe://elsewhere/gateway"),
      true);
  add("a longer name", issuer.IssueWithUri("longer", "spiffe://cloudpos/gateway/x"), true);
  add("two names",
      issuer.IssueWithUri("two", "spiffe://cloudpos/stranger,URI:spiffe://cloudpos/gateway"), true);
  strangers.push_back({"no certificate", Peer::WithoutCertificate(services, foreign.ca), false});
  return strangers;
}

}  // namespace

std::map<std::string, Peer> PeersOf(const std::vector<std::string>& names,
                                    const Authority& authority, const Addresses& services) {
  static CertificateAuthority issuer(authority.certificate, authority.key);
  std::map<std::string, Peer> peers;
  for (const std::string& name : names) {
    peers.emplace(name, Peer(services, Tls(issuer.Issue(name))));
  }
  return peers;
}

void TryStrangeCertificates(const std::vector<Rpc>& rpcs, const Authority& authority,
                            const Addresses& services, const World& world, Findings* findings) {
  CertificateAuthority issuer(authority.certificate, authority.key);
  CertificateAuthority others;
  const Person& admin = world.a().admin;
  const auto expect = [&](const std::string& what, const Answer& answer, base::ErrorCode code) {
    findings->Count("strange certificates");
    if (answer.code != code) {
      findings->Add(what + ": expected " + common::v1::ErrorCode_Name(code) + ", got " +
                    answer.ToString());
    }
  };
  for (const Stranger& stranger : StrangersOf(issuer, others, services)) {
    for (const Rpc& rpc : rpcs) {
      const Filled filled = Fill(rpc, {}, world.a().own);
      const Answer answer = stranger.peer.Call(rpc, filled, admin.token);
      if (answer.code == common::v1::UNIMPLEMENTED) continue;
      expect(rpc.name() + " | " + stranger.name, answer,
             stranger.is_connected ? common::v1::CALLER_NOT_ALLOWED : common::v1::UNAVAILABLE);
    }
  }
  // Who asks for one service does not talk to another at its address.
  const rpc::TlsFiles gateway = Tls(issuer.Issue("gateway"));
  for (const Rpc& rpc : rpcs) {
    for (const auto& [name, address] : services) {
      if (name == rpc.process) continue;
      const Peer deceived({{rpc.process, address}}, gateway);
      const Filled filled = Fill(rpc, {}, world.a().own);
      expect(rpc.name() + " at the address of " + name, deceived.Call(rpc, filled, admin.token),
             common::v1::UNAVAILABLE);
      break;
    }
  }
}

}  // namespace cloudpos::strangers

#include "tests/support/register/register.h"

#include "libs/base/encoding.h"
#include "libs/base/status_macros.h"

namespace cloudpos::register_sim {
namespace {

constexpr char kKeyFile[] = "device-key.pem";
constexpr char kTokenFile[] = "token.json";
// Renewed so long before it ends, so that no call arrives with a token that just did.
constexpr absl::Duration kMargin = absl::Minutes(1);

std::string Base64Of(std::string_view bytes) { return base::Base64Encode(bytes); }

}  // namespace

Register::Register(const Setup& setup, replay::HttpAddress gateway)
    : setup_(setup),
      disk_(setup.disk),
      book_(setup.book),
      api_(std::move(gateway), setup.patience) {}

absl::StatusOr<std::unique_ptr<Register>> Register::Open(const Setup& setup) {
  CLOUDPOS_ASSIGN_OR_RETURN(replay::HttpAddress gateway, replay::ParseAddress(setup.gateway));
  auto reg = std::unique_ptr<Register>(new Register(setup, std::move(gateway)));
  CLOUDPOS_RETURN_IF_ERROR(reg->disk_.Lock());
  CLOUDPOS_RETURN_IF_ERROR(reg->Load());
  return reg;
}

absl::Status Register::Load() {
  if (!disk_.Has(kKeyFile)) return absl::OkStatus();
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string pem, disk_.Read(kKeyFile));
  CLOUDPOS_ASSIGN_OR_RETURN(key_, token::DeviceKey::FromPem(pem));
  CLOUDPOS_ASSIGN_OR_RETURN(identity_, ReadIdentity(disk_));
  CLOUDPOS_ASSIGN_OR_RETURN(
      journal_,
      OwnJournal::Open(disk_, {.register_id = identity_->register_id, .device = identity_->device},
                       *key_));
  CLOUDPOS_RETURN_IF_ERROR(CatchUpBook());
  CLOUDPOS_ASSIGN_OR_RETURN(const Answers answers, ReadAnswers(disk_));
  if (answers.catalogue.empty()) return absl::OkStatus();
  CLOUDPOS_ASSIGN_OR_RETURN(shop_, ShopFrom(answers, *identity_));
  return absl::OkStatus();
}

/// Switched off between writing a sale down and printing it: the receipt comes now.
absl::Status Register::CatchUpBook() {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto written, book_.Hashes());
  for (const auto& [generation, chain] : journal_->chains()) {
    for (const KeptEntry& kept : chain.entries) {
      journal::SaleEntry entry;
      if (!journal::ParseEntry(kept.payload, &entry).ok() || entry.receipt_no == 0) continue;
      const auto found = written.find(entry.sale_id);
      if (found != written.end() && found->second == kept.after.hash) continue;
      CLOUDPOS_RETURN_IF_ERROR(
          book_.Write(entry, identity_->ReceiptNumber(entry), kept.after.hash));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<json::object> Register::Fetch(const std::string& target, const std::string& token) {
  CLOUDPOS_ASSIGN_OR_RETURN(Answer answer, api_.Get(target, token));
  if (!answer.ok()) return Refused("GET " + target, answer);
  return std::move(answer.body);
}

absl::Status Register::Enrol(const std::string& code, const std::string& operator_id) {
  const token::DeviceKey key = token::DeviceKey::Generate();
  const json::object request{{"code", code},
                             {"publicKey", Base64Of(key.public_point())},
                             {"signature", Base64Of(key.Sign("cloudpos-enrol/1\n" + code))}};
  CLOUDPOS_ASSIGN_OR_RETURN(const Answer answer, api_.Post("/v1/devices:enrol", "", request));
  if (!answer.ok()) return Refused("enrol", answer);
  key_ = key;
  CLOUDPOS_RETURN_IF_ERROR(disk_.Replace(kTokenFile, "{}"));  // of an earlier key
  CLOUDPOS_RETURN_IF_ERROR(LearnPlace(answer.body, operator_id));
  // The key last: without it the disk counts as empty.
  CLOUDPOS_RETURN_IF_ERROR(WriteIdentity(disk_, *identity_));
  CLOUDPOS_RETURN_IF_ERROR(disk_.Replace(kKeyFile, key.ToPem()));
  CLOUDPOS_RETURN_IF_ERROR(Load());
  CLOUDPOS_RETURN_IF_ERROR(StartFreshGeneration());
  return Sync();
}

absl::Status Register::LearnPlace(const json::object& enrolled, const std::string& operator_id) {
  const json::object& device = Object(enrolled, "device");
  identity_ = Identity{.tenant = Text(enrolled, "tenantId"),
                       .store = Text(device, "storeId"),
                       .register_id = Text(device, "registerId"),
                       .device = Text(device, "deviceId"),
                       .store_code = Text(enrolled, "storeCode"),
                       .register_code = Text(enrolled, "registerCode"),
                       .device_code = Text(device, "code"),
                       .operator_id = operator_id,
                       .currency = {},
                       .time_zone = {},
                       .cutoff_minutes = 0};
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string token, DeviceToken());
  CLOUDPOS_ASSIGN_OR_RETURN(const json::object store,
                            Fetch("/v1/stores/" + identity_->store, token));
  identity_->currency = Text(store, "currencyCode");
  identity_->time_zone = Text(store, "timeZone");
  identity_->cutoff_minutes = static_cast<int>(Number(store, "cutoffMinutes"));
  return absl::OkStatus();
}

absl::Status Register::StartFreshGeneration() {
  if (!journal_->current().entries.empty() || journal_->generation() > 1) return absl::OkStatus();
  for (int generation = 1;; ++generation) {
    CLOUDPOS_ASSIGN_OR_RETURN(const Answer answer, CallUpload(generation, 0));
    if (!answer.ok()) return Refused("the journal's head", answer);
    if (Number(Object(answer.body, "head"), "journalNo") > 0) continue;
    return generation == 1 ? absl::OkStatus() : journal_->Open(generation);
  }
}

absl::StatusOr<std::string> Register::DeviceToken() {
  const absl::Time now = clock_.Now();
  if (disk_.Has(kTokenFile)) {
    CLOUDPOS_ASSIGN_OR_RETURN(const std::string text, disk_.Read(kTokenFile));
    const json::value stored = json::parse(text);
    if (absl::FromUnixSeconds(Number(stored.as_object(), "expiresAt")) > now + kMargin) {
      return Text(stored.as_object(), "token");
    }
  }
  const std::string path = "/v1/devices/" + identity_->device;
  CLOUDPOS_ASSIGN_OR_RETURN(const Answer asked, api_.Post(path + ":challenge", "", {}));
  if (!asked.ok()) return Refused("challenge", asked);
  const auto challenge = base::Base64Decode(Text(asked.body, "challenge"));
  if (!challenge) return absl::InternalError("the challenge is no base64");
  const json::object request{
      {"challenge", Base64Of(*challenge)},
      {"signature", Base64Of(key_->Sign("cloudpos-device-token/1\n" + *challenge))}};
  CLOUDPOS_ASSIGN_OR_RETURN(const Answer answer, api_.Post(path + ":token", "", request));
  if (!answer.ok()) return Refused("token", answer);
  const std::string token = Text(answer.body, "accessToken");
  const absl::Time ends = now + absl::Seconds(Number(answer.body, "expiresInS"));
  CLOUDPOS_RETURN_IF_ERROR(disk_.Replace(
      kTokenFile,
      json::serialize(json::object{{"token", token}, {"expiresAt", absl::ToUnixSeconds(ends)}})));
  return token;
}

absl::StatusOr<std::string> Register::UploadToken() {
  return setup_.rescue ? absl::StatusOr<std::string>(setup_.staff_token) : DeviceToken();
}

absl::Status Register::Sync() {
  CLOUDPOS_ASSIGN_OR_RETURN(const std::string token, DeviceToken());
  CLOUDPOS_ASSIGN_OR_RETURN(Answers answers, ReadAnswers(disk_));
  for (bool more = true; more;) {
    const int64_t since = Number(answers.catalogue, "version");
    CLOUDPOS_ASSIGN_OR_RETURN(
        const json::object page,
        Fetch("/v1/catalogue/changes?pageSize=2000&latestOnly=true&since=" + std::to_string(since),
              token));
    MergeChanges(page, &answers.catalogue);
    more = Flag(page, "more");
  }
  CLOUDPOS_ASSIGN_OR_RETURN(answers.taxes, Fetch("/v1/taxes", token));
  CLOUDPOS_ASSIGN_OR_RETURN(answers.categories, Fetch("/v1/taxCategories", token));
  CLOUDPOS_ASSIGN_OR_RETURN(answers.policy,
                            Fetch("/v1/stores/" + identity_->store + "/policy", token));
  CLOUDPOS_RETURN_IF_ERROR(WriteAnswers(disk_, answers));
  CLOUDPOS_ASSIGN_OR_RETURN(shop_, ShopFrom(answers, *identity_));
  return absl::OkStatus();
}

}  // namespace cloudpos::register_sim

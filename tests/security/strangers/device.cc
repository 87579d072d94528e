#include "tests/security/strangers/device.h"

#include <stdexcept>

#include "boost/json.hpp"
#include "libs/base/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/ids.h"
#include "libs/journal/chain.h"
#include "libs/journal/entry.h"

namespace cloudpos::strangers {
namespace {

namespace json = boost::json;

std::string Text(const json::object& object, std::string_view name) {
  return json::value_to<std::string>(object.at(json::string_view(name.data(), name.size())));
}

journal::SaleEntry OddEntry(const Names& names) {
  base::RandomIdSource ids;
  const absl::Time now = base::SystemClock().Now();
  journal::SaleEntry entry;
  entry.tenant = names.at("tenant_id");
  entry.store = names.at("store_id");
  entry.register_id = names.at("register_id");
  entry.device = names.at("device_id");
  entry.generation = 1;
  entry.journal =
      base::DeriveUuidV5(*base::Uuid::Parse(entry.register_id), "journal/" + entry.device + "/1")
          .ToString();
  entry.series = "SALES";
  entry.kind = journal::kKindSale;
  entry.n = 1;
  entry.receipt_no = 1;
  entry.sale_id = ids.NewId().ToString();
  entry.currency = "GBP";
  entry.occurred_at_us = absl::ToUnixMicros(now);
  entry.business_date = absl::FormatTime("%Y-%m-%d", now, absl::UTCTimeZone());
  entry.posting_date = entry.business_date;
  return entry;
}

}  // namespace

Device::Device(Rest& rest, const Names& names, const std::string& admin_token)
    : rest_(rest), names_(names) {
  const std::string id = names.at("device_id");
  const std::string code = Text(
      rest.Call("POST",
                "/v1/stores/" + names.at("store_id") + "/devices/" + id + ":createEnrolmentCode",
                admin_token),
      "code");
  rest.Call("POST", "/v1/devices:enrol", "",
            {{"code", code},
             {"publicKey", base::Base64Encode(key_.public_point())},
             {"signature", Sign("cloudpos-enrol/1\n" + code)}});
  const std::string challenge =
      Text(rest.Call("POST", "/v1/devices/" + id + ":challenge", ""), "challenge");
  const auto bytes = base::Base64Decode(challenge);
  if (!bytes) throw std::runtime_error("a challenge that is no base64");
  token_ = Text(rest.Call("POST", "/v1/devices/" + id + ":token", "",
                          {{"challenge", challenge},
                           {"signature", Sign("cloudpos-device-token/1\n" + *bytes)}}),
                "accessToken");
}

std::string Device::Sign(const std::string& message) const {
  return base::Base64Encode(key_.Sign(message));
}

std::string Device::UploadOddEntry() {
  const journal::SaleEntry entry = OddEntry(names_);
  std::string payload;
  if (!journal::EncodeEntry(entry, &payload).ok()) {
    throw std::runtime_error("an entry cannot be written");
  }
  const journal::Hash hash = journal::ChainHash(1, journal::kGenesis, payload);
  const std::string signature = Sign({reinterpret_cast<const char*>(hash.data()), hash.size()});
  const json::object answer =
      rest_.Call("POST", "/v1/devices/" + entry.device + "/journals/1:upload", token_,
                 {{"entries", json::array{json::object{{"payload", base::Base64Encode(payload)},
                                                       {"signature", signature}}}}});
  const json::object& result = answer.at("results").as_array().at(0).as_object();
  if (Text(result, "outcome") != "QUARANTINED") {
    throw std::runtime_error("the odd entry: " + json::serialize(result));
  }
  return entry.journal;
}

}  // namespace cloudpos::strangers

#include "tests/security/strangers/world.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "boost/json.hpp"
#include "cloudpos/auth/v1/identity.pb.h"
#include "libs/base/clock.h"
#include "libs/base/ids.h"
#include "tests/security/strangers/device.h"

namespace cloudpos::strangers {
namespace {

namespace json = boost::json;

// Read models of the other services follow by events.
constexpr std::chrono::seconds kPatience{20};

std::string NewId() {
  base::RandomIdSource ids;
  return ids.NewId().ToString();
}

std::string Text(const json::object& object, std::string_view name) {
  return json::value_to<std::string>(object.at(json::string_view(name.data(), name.size())));
}

/// Asks again while things are on their way.
template <typename F>
auto Within(const F& ask) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    try {
      return ask();
    } catch (const std::exception&) {
      if (std::chrono::steady_clock::now() > until) throw;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

json::object SignInBody(const std::string& email, const std::string& password) {
  return {{"email", email}, {"password", password}, {"refreshDelivery", "BODY"}};
}

}  // namespace

// --- tokens ---

Mint::Mint(const std::string& key_pem)
    : signer_([&] {
        auto signer = token::Signer::FromPem(key_pem);
        if (!signer.ok()) throw std::runtime_error(signer.status().ToString());
        return *std::move(signer);
      }()) {
  static const base::SystemClock clock;
  verifier_ = std::make_unique<token::Verifier>(clock);
  if (!verifier_->SetKeys(token::MakeJwks({signer_.PublicJwk()})).ok()) {
    throw std::runtime_error("the signing key makes no JWKS");
  }
}

token::Claims Mint::Read(const std::string& token) const {
  const auto claims = verifier_->Verify(token);
  if (!claims.ok()) throw std::runtime_error("a token of auth's: " + claims.status().ToString());
  return **claims;
}

// --- the world ---

World::World(Rest& rest, const Peer& operator_peer, const Mint& mint)
    : rest_(rest), operator_(operator_peer), mint_(mint) {
  b_ = Found(kWordOfB);
  b_.own = OpenStore(b_, "Z1", kWordOfB);
  Stock(kWordOfB, &b_);
  Trade(b_, &b_.own);
  a_ = Found("aardvark");
  a_.own = OpenStore(a_, "S1", "aardvark");
  a_.other = OpenStore(a_, "S2", kWordOfOtherStore);
  Stock("aardvark", &a_);
  device_token_ = Trade(a_, &a_.own);
  Trade(a_, &a_.other);
  Employ();
  Part();
}

Tenant World::Found(const std::string& word) {
  const auto* method = google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
      "cloudpos.auth.v1.OperatorService.CreateTenant");
  const auto request = std::make_shared<auth::v1::CreateTenantRequest>();
  const std::string email = "owner@" + word + ".example";
  request->set_slug(word + "-" + NewId().substr(24));
  request->set_name(word + " trading");
  request->set_email(email);
  request->set_password(kPassword);
  request->set_display_name(word + " owner");
  const Answer made =
      operator_.Call({.method = method, .process = "auth"}, {.message = request}, "");
  if (!made.ok()) throw std::runtime_error("a tenant: " + made.ToString());
  Tenant tenant{.admin = SignIn("owner", email, kPassword)};
  tenant.id = tenant.admin.claims.tenant.ToString();
  return tenant;
}

Person World::SignIn(const std::string& name, const std::string& email,
                     const std::string& password) {
  const json::object answer =
      rest_.Call("POST", "/v1/auth/signin", "", SignInBody(email, password));
  Person person{.name = name, .token = Text(answer, "accessToken")};
  person.claims = mint_.Read(person.token);
  const json::object spare = rest_.Call("POST", "/v1/auth/signin", "", SignInBody(email, password));
  person.session = Text(spare, "sessionId");
  return person;
}

Names World::OpenStore(const Tenant& tenant, const std::string& code, const std::string& word) {
  const std::string& token = tenant.admin.token;
  Names names{{"store_id", NewId()}, {"register_id", NewId()}, {"device_id", NewId()}};
  const std::string store = "/v1/stores/" + names["store_id"];
  rest_.Call("POST", "/v1/stores", token,
             {{"storeId", names["store_id"]},
              {"code", code},
              {"name", word + " street"},
              {"timeZone", "Europe/London"},
              {"currencyCode", "GBP"}});
  rest_.Call("POST", store + "/registers", token,
             {{"registerId", names["register_id"]}, {"code", "R1"}, {"name", word + " till"}});
  rest_.Call("POST", store + "/devices", token,
             {{"deviceId", names["device_id"]},
              {"code", "D1"},
              {"name", word + " tablet"},
              {"registerId", names["register_id"]}});
  names["tenant_id"] = tenant.id;
  return names;
}

/// What belongs to the tenant as a whole.
void World::Stock(const std::string& word, Tenant* tenant) {
  const std::string& token = tenant->admin.token;
  Names names{{"tax_id", NewId()},     {"category_id", NewId()},
              {"product_id", NewId()}, {"variant_id", NewId()},
              {"role_id", NewId()},    {"staff_id", NewId()},
              {"code", word + "-1"},   {"q", word}};
  rest_.Call("PUT", "/v1/taxes/" + names["tax_id"], token,
             {{"name", word + " tax"},
              {"jurisdiction", "GB"},
              {"ratePpm", 200000},
              {"inclusion", "INCLUSIVE"}});
  rest_.Call(
      "PUT", "/v1/taxCategories/standard", token,
      {{"name", word + " rate"},
       {"assignments", json::array{json::object{{"taxIds", json::array{names["tax_id"]}}}}}});
  rest_.Call("POST", "/v1/categories", token,
             {{"categoryId", names["category_id"]}, {"name", word + " goods"}});
  const json::object price{{"amount", {{"currencyCode", "GBP"}, {"minorUnits", 100}}},
                           {"pricePer", 1}};
  rest_.Call("POST", "/v1/products", token,
             {{"productId", names["product_id"]},
              {"name", word + " mug"},
              {"categoryId", names["category_id"]},
              {"taxCategory", "standard"},
              {"variants", json::array{json::object{{"variantId", names["variant_id"]},
                                                    {"sku", names["code"]},
                                                    {"prices", json::array{price}}}}}});
  rest_.Call("POST", "/v1/roles", token,
             {{"roleId", names["role_id"]},
              {"name", word + " helper"},
              {"permissions", json::array{"REPORT_READ"}}});
  const std::string email = "victim@" + word + ".example";
  rest_.Call("POST", "/v1/staff", token,
             {{"staffId", names["staff_id"]},
              {"displayName", word + " victim"},
              {"email", email},
              {"initialPassword", kPassword}});
  names["session_id"] = SignIn("victim", email, kPassword).session;
  names["actor_id"] = names["staff_id"];
  tenant->own.insert(names.begin(), names.end());
  tenant->other.insert(names.begin(), names.end());
}

/// A sale, a correction of stock and an entry that was set aside, so that there are documents,
/// journals and movements. The token of the store's device.
std::string World::Trade(const Tenant& tenant, Names* store) {
  const std::string& token = tenant.admin.token;
  Names& names = *store;
  names["sale_id"] = NewId();
  names["adjustment_id"] = NewId();
  // Much of it, so that it can be returned piece by piece.
  const json::object line{{"variantId", names["variant_id"]}, {"quantityMilli", 1000000}};
  Within([&] {
    return rest_.Call(
        "POST", "/v1/sales", token,
        {{"saleId", names["sale_id"]},
         {"storeId", names["store_id"]},
         {"registerId", names["register_id"]},
         {"lines", json::array{line}},
         {"tenders", json::array{json::object{{"type", "CASH"}, {"amountMinor", 100000}}}}});
  });
  Within([&] {
    return rest_.Call("POST", "/v1/stock/adjustments", token,
                      {{"adjustmentId", names["adjustment_id"]},
                       {"storeId", names["store_id"]},
                       {"reasonCode", "COUNT"},
                       {"lines", json::array{line}}});
  });
  const json::object places = Within([&] {
    return rest_.Call("GET", "/v1/stores/" + names["store_id"] + "/stock-locations", token);
  });
  names["location_id"] = Text(places.at("locations").as_array().at(0).as_object(), "locationId");
  Device device(rest_, names, token);
  names["journal_id"] = Within([&] { return device.UploadOddEntry(); });
  return device.token();
}

// --- people ---

Person World::Hire(const std::string& name, const std::string& role, bool everywhere) {
  const std::string& token = a_.admin.token;
  const std::string id = NewId(), email = id + "@aardvark.example";
  const json::object made = rest_.Call("POST", "/v1/staff", token,
                                       {{"staffId", id},
                                        {"displayName", name},
                                        {"email", email},
                                        {"initialPassword", "for the first day only"}});
  if (!role.empty()) {
    json::object grant{{"roleId", role}};
    grant[everywhere ? "allStores" : "storeIds"] =
        everywhere ? json::value(true) : json::value(json::array{a_.own.at("store_id")});
    rest_.Call("PUT", "/v1/staff/" + id + "/grants", token,
               {{"version", made.at("version")}, {"grants", json::array{grant}}});
  }
  const json::object first =
      rest_.Call("POST", "/v1/auth/signin", "", SignInBody(email, "for the first day only"));
  rest_.Call("POST", "/v1/auth/password", Text(first, "accessToken"),
             {{"currentPassword", "for the first day only"}, {"newPassword", kPassword}});
  return SignIn(name, email, kPassword);
}

void World::Employ() {
  const json::object roles = rest_.Call("GET", "/v1/roles?pageSize=200", a_.admin.token);
  for (const json::value& value : roles.at("roles").as_array()) {
    const json::object& role = value.as_object();
    if (!role.contains("builtIn") || !role.at("builtIn").as_bool()) continue;
    const std::string name = Text(role, "name");
    people_.push_back(Hire(name + " everywhere", Text(role, "roleId"), true));
    people_.push_back(Hire(name + " of one store", Text(role, "roleId"), false));
  }
  if (people_.empty()) throw std::runtime_error("there are no built-in roles");
  people_.push_back(Hire("somebody without a role", "", false));
  Person device{.name = "the store's device", .token = device_token_};
  device.claims = mint_.Read(device.token);
  people_.push_back(std::move(device));
}

/// Two who were people of A until now.
void World::Part() {
  const Person leaver = Hire("a leaver", "", false), dismissed = Hire("a dismissed", "", false);
  leaver_ = leaver.claims;
  dismissed_ = dismissed.claims;
  const std::string staff = "/v1/staff/" + dismissed_.subject.ToString();
  const json::object stored = rest_.Call("GET", staff, a_.admin.token);
  // Times of tokens are whole seconds: one that was issued in the second of the dismissal counts.
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  rest_.Call("PATCH", staff, a_.admin.token,
             {{"version", stored.at("version")}, {"active", false}});
  rest_.Call("POST", "/v1/auth/signout", leaver.token);
  gone_at_ = std::chrono::steady_clock::now();
}

}  // namespace cloudpos::strangers

// Every method x every role x {own store, other store}, through a real server: exactly the allowed
// set, and a grant in one store gives nothing in another.

#include <algorithm>
#include <map>
#include <set>

#include "catch2/catch.hpp"
#include "cloudpos/common/v1/policy.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "libs/rpc/client.h"
#include "libs/testing/certificates.h"
#include "services/auth/test_world.h"

namespace cloudpos::auth {
namespace {

using namespace common::v1;  // error codes and permissions

// Who may call what: a = admin, m = manager, c = cashier; in capitals only when the role is held in
// every store (the method is about the whole tenant).
const std::map<std::string, std::string> kAllowed = {
    {"AuthService.BootstrapAdmin", "public"},
    {"AuthService.SignIn", "public"},
    {"AuthService.RefreshSession", "public"},
    {"AuthService.SignOut", "self"},
    {"AuthService.ChangePassword", "self"},
    {"AuthService.GetMe", "self"},
    {"AuthService.ListSessions", "self"},
    {"AuthService.RevokeSession", "self"},
    {"AuthService.ListPermissions", "self"},
    {"OrganisationService.GetTenant", "self"},
    {"OrganisationService.UpdateTenant", "A"},
    {"OrganisationService.CreateStore", "A"},
    {"OrganisationService.GetStore", "amc"},
    {"OrganisationService.ListStores", "amc"},
    {"OrganisationService.UpdateStore", "a"},
    {"OrganisationService.ArchiveStore", "A"},
    {"OrganisationService.RestoreStore", "A"},
    {"OrganisationService.CreateRegister", "am"},
    {"OrganisationService.GetRegister", "amc"},
    {"OrganisationService.ListRegisters", "amc"},
    {"OrganisationService.UpdateRegister", "am"},
    {"OrganisationService.CreateDevice", "am"},
    {"OrganisationService.GetDevice", "amc"},
    {"OrganisationService.ListDevices", "amc"},
    {"OrganisationService.UpdateDevice", "am"},
    {"OrganisationService.RevokeDevice", "am"},
    {"EnrolmentService.CreateEnrolmentCode", "am"},
    {"EnrolmentService.EnrolDevice", "public"},
    {"EnrolmentService.ChallengeDevice", "public"},
    {"EnrolmentService.CreateDeviceToken", "public"},
    {"StaffService.CreateStaff", "A"},
    {"StaffService.GetStaff", "AM"},
    {"StaffService.ListStaff", "AM"},
    {"StaffService.UpdateStaff", "A"},
    {"StaffService.SetStaffGrants", "A"},
    {"StaffService.SetStaffPassword", "A"},
    {"StaffService.UnlockStaff", "A"},
    {"StaffService.ListStaffSessions", "A"},
    {"StaffService.RevokeStaffSessions", "A"},
    {"StaffService.CreateRole", "A"},
    {"StaffService.GetRole", "AM"},
    {"StaffService.ListRoles", "AM"},
    {"StaffService.UpdateRole", "A"},
    {"StaffService.DeleteRole", "A"},
    {"AuditService.ListAuditEvents", "AM"},
    {"IdentityService.GetIdentity", "public"},  // of every peer, the gateway among them
    {"IdentityService.GetJwks", "public"},
    {"OperatorService.ProvisionReplayTenant", "peer"},
    {"OperatorService.CreateTenant", "peer"},
};

struct Person {
  std::string name;
  char role;  // a, m, c; 0 = not signed in
  bool everywhere;
  std::string token;
};

enum class Place { kOwn, kOther };

/// The class of answer that the table asks for.
enum class Answer { kServed, kDenied, kHidden, kSignIn, kWrongCaller };

Answer Expected(const std::string& allowed, const Person& person, bool has_store, Place place) {
  if (allowed == "peer") return Answer::kWrongCaller;
  if (allowed == "public") return Answer::kServed;
  if (person.role == 0) return Answer::kSignIn;
  if (allowed == "self") return Answer::kServed;
  const char capital = static_cast<char>(person.role - 'a' + 'A');
  const bool whole_tenant = allowed.find(capital) != std::string::npos;
  if (whole_tenant) return person.everywhere ? Answer::kServed : Answer::kDenied;
  if (has_store && place == Place::kOther && !person.everywhere) return Answer::kHidden;
  return allowed.find(person.role) != std::string::npos ? Answer::kServed : Answer::kDenied;
}

Answer Seen(ErrorCode code) {
  switch (code) {
    case CALLER_NOT_ALLOWED: return Answer::kWrongCaller;
    case PERMISSION_DENIED: return Answer::kDenied;
    default: return Answer::kServed;
  }
}

/// A server with everything auth serves, and a gateway's channel to it.
struct Served {
  explicit Served(World& w) : world(w) {
    const auto files = authority.Issue("auth");
    server = std::make_unique<rpc::Server>(
        rpc::ServerOptions{
            .name = "auth",
            .listen = "127.0.0.1:0",
            .tls = {.ca = files.ca, .certificate = files.certificate, .key = files.key}},
        rpc::ServerDeps{.verifier = &world.verifier, .clock = &world.clock});
    server->Add(world.auth.Methods());
    server->Add(world.organisation.Methods());
    server->Add(world.enrolment.Methods());
    server->Add(world.staff.Methods());
    server->Add(world.audit.Methods());
    server->Add(world.identity_handler.Methods());
    server->Add(world.operator_handler.Methods());
    const absl::Status started = server->Start();
    INFO(started);
    REQUIRE(started.ok());
    const auto own = authority.Issue("gateway");
    channel = *rpc::Connect("auth", "127.0.0.1:" + std::to_string(server->port()),
                            {.ca = own.ca, .certificate = own.certificate, .key = own.key});
  }

  absl::Status Call(const google::protobuf::MethodDescriptor* method, const std::string& token,
                    const google::protobuf::Message& request) {
    std::unique_ptr<google::protobuf::Message> response(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(method->output_type())
            ->New());
    return rpc::Call(channel, "/" + method->service()->full_name() + "/" + method->name(),
                     {.deadline = base::SystemClock().Now() + absl::Seconds(10), .token = token},
                     request, response.get());
  }

  World& world;
  testing::CertificateAuthority authority;
  std::unique_ptr<rpc::Server> server;
  std::shared_ptr<grpc::Channel> channel;
};

constexpr const char* kServices[] = {"AuthService",    "OrganisationService", "EnrolmentService",
                                     "StaffService",   "AuditService",        "IdentityService",
                                     "OperatorService"};

const google::protobuf::ServiceDescriptor* ServiceByName(const std::string& name) {
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      "cloudpos.auth.v1." + name);
  REQUIRE(service != nullptr);
  return service;
}

/// A request with every id filled in, about this store.
std::unique_ptr<google::protobuf::Message> RequestFor(World& world,
                                                      const google::protobuf::Descriptor* type,
                                                      const std::string& store) {
  std::unique_ptr<google::protobuf::Message> request(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  for (int i = 0; i < type->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = type->field(i);
    if (field->is_repeated() || field->cpp_type() != field->CPPTYPE_STRING) continue;
    if (!field->name().ends_with("_id")) continue;
    request->GetReflection()->SetString(request.get(), field,
                                        field->name() == "store_id" ? store : world.NewId());
  }
  return request;
}

std::vector<Person> People(World& world, const std::string& admin, const std::string& store) {
  std::vector<Person> people = {{"nobody", 0, false, ""}, {"admin everywhere", 'a', true, admin}};
  const std::pair<BuiltInRole, char> roles[] = {{BuiltInRole::kAdmin, 'a'},
                                                {BuiltInRole::kManager, 'm'},
                                                {BuiltInRole::kCashier, 'c'}};
  for (const auto& [role, letter] : roles) {
    for (const bool everywhere : {true, false}) {
      if (letter == 'a' && everywhere) continue;  // the owner
      const std::string name = std::string(BuiltInName(role)) + (everywhere ? "" : "-one");
      const std::string email = name + "@example.com";
      world.MakeStaff(admin, email, role,
                      everywhere ? std::vector<std::string>{} : std::vector<std::string>{store});
      people.push_back(
          {name, letter, everywhere, world.SignIn(email, World::kPassword)->access_token()});
    }
  }
  return people;
}

}  // namespace

TEST_CASE("Every method x every role x every store: exactly the allowed set",
          "[auth][handler][slow]") {
  World world;
  const std::string admin = world.Bootstrap().access_token();
  const std::string own = world.MakeStore(admin, "S1").store_id();
  const std::string other = world.MakeStore(admin, "S2").store_id();
  const auto people = People(world, admin, own);
  world.deps.rules.lockout.failures = 1000;
  Served served(world);
  std::set<std::string> tested;
  for (const char* name : kServices) {
    const auto* service = ServiceByName(name);
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      const std::string key = std::string(name) + "." + method->name();
      INFO(key);
      REQUIRE(kAllowed.contains(key));
      tested.insert(key);
      const bool has_store = method->options().GetExtension(policy).scope() == STORE;
      for (const Person& person : people) {
        for (const Place place : {Place::kOwn, Place::kOther}) {
          const auto request =
              RequestFor(world, method->input_type(), place == Place::kOwn ? own : other);
          const absl::Status status = served.Call(method, person.token, *request);
          INFO(person.name << (place == Place::kOwn ? " own " : " other ") << status);
          const ErrorCode code = base::CodeOf(status);
          CHECK(code != INTERNAL);
          switch (Expected(kAllowed.at(key), person, has_store, place)) {
            case Answer::kSignIn: CHECK(code == UNAUTHENTICATED); break;
            case Answer::kHidden: CHECK(code == NOT_FOUND); break;
            case Answer::kDenied: CHECK(Seen(code) == Answer::kDenied); break;
            case Answer::kWrongCaller: CHECK(Seen(code) == Answer::kWrongCaller); break;
            case Answer::kServed: CHECK(Seen(code) == Answer::kServed); break;
          }
        }
      }
    }
  }
  CHECK(tested.size() == kAllowed.size());
}

TEST_CASE("Every method refuses the peers that its contract does not name", "[auth][handler]") {
  World world;
  const std::string admin = world.Bootstrap().access_token();
  Served served(world);
  for (const char* peer : {"gateway", "inventory", "transaction", "reporting", "pos", "stranger"}) {
    const auto own = served.authority.Issue(peer);
    served.channel = *rpc::Connect("auth", "127.0.0.1:" + std::to_string(served.server->port()),
                                   {.ca = own.ca, .certificate = own.certificate, .key = own.key});
    for (const char* name : kServices) {
      const auto* service = ServiceByName(name);
      for (int i = 0; i < service->method_count(); ++i) {
        const auto* method = service->method(i);
        const auto& callers = method->options().GetExtension(policy).callers();
        const bool is_named = std::find(callers.begin(), callers.end(), peer) != callers.end();
        INFO(peer << " " << method->full_name());
        const auto request = RequestFor(world, method->input_type(), world.NewId());
        const ErrorCode code = base::CodeOf(served.Call(method, admin, *request));
        CHECK((code == CALLER_NOT_ALLOWED) == !is_named);
        const bool is_for_people = std::string(name) != "IdentityService" &&
                                   std::string(name) != "OperatorService";
        if (is_for_people) CHECK(is_named == (std::string(peer) == "gateway"));
      }
    }
  }
}

}  // namespace cloudpos::auth

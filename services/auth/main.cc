#include "services/auth/auth_service.h"

int main(int argc, char** argv) {
  using namespace cloudpos;
  return service::Main(
      argc, argv,
      {.name = "auth",
       .migrations = {events::Migrations(), {"auth", &auth::Migrations()}},
       .peers = auth::kAuditedServices,
       .is_identity_source = true,
       .make = [] { return std::make_unique<auth::AuthService>(); }});
}

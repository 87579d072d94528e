#include "tools/replay/command.h"

#include <charconv>
#include <chrono>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include "cloudpos/auth/v1/identity.pb.h"
#include "libs/base/clock.h"
#include "libs/base/status_macros.h"
#include "libs/config/config.h"
#include "libs/config/service.h"
#include "libs/rpc/client.h"
#include "libs/rpc/status.h"
#include "tools/replay/figures.h"
#include "tools/replay/progress.h"
#include "tools/replay/replay.h"

namespace cloudpos::replay {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kWorkersDefault = 4;
constexpr int kWorkersMax = 64;
constexpr size_t kSkippedShown = 20;
constexpr absl::Duration kProvisionTimeout = absl::Seconds(10);
constexpr int kProvisionAttempts = 30;
constexpr std::chrono::seconds kProvisionPause{1};

constexpr std::string_view kHelp =
    "usage: cloudpos-replay FILE [--json] [--plan] [--concurrency N]\n"
    "         [--gateway URL] [--auth HOST:PORT] [--ca FILE] [--cert FILE] [--key FILE]\n"
    "\n"
    "Sends the invoices of FILE (UCI \"Online Retail\", CSV) through the gateway as products,\n"
    "sales, returns and stock corrections of the tenant \"replay\", waits until the reports hold\n"
    "them, and prints what the reports say of each day.\n"
    "\n"
    "  --json           the figures as one JSON object\n"
    "  --plan           only reads FILE and prints the figures that must come out\n"
    "  --concurrency N  calls at once, 1 to 64; 4\n"
    "\n"
    "Addresses and the operator's certificate (\"pos\") come from CLOUDPOS_GATEWAY_URL,\n"
    "CLOUDPOS_AUTH_ADDR, CLOUDPOS_TLS_CA_FILE, CLOUDPOS_TLS_CERT_FILE and CLOUDPOS_TLS_KEY_FILE,\n"
    "or from the options.\n";

struct Arguments {
  std::string file;
  bool is_json = false;
  bool is_plan = false;
  int workers = kWorkersDefault;
  config::Values values;  // options that stand for settings
};

std::optional<Arguments> Parse(int argc, char** argv) {
  static const std::map<std::string_view, const char*> kSettings = {
      {"--gateway", "CLOUDPOS_GATEWAY_URL"}, {"--auth", "CLOUDPOS_AUTH_ADDR"},
      {"--ca", "CLOUDPOS_TLS_CA_FILE"},      {"--cert", "CLOUDPOS_TLS_CERT_FILE"},
      {"--key", "CLOUDPOS_TLS_KEY_FILE"}};
  Arguments arguments;
  arguments.values = config::Environment();
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const auto setting = kSettings.find(arg);
    if (setting != kSettings.end() && i + 1 < argc) {
      arguments.values[setting->second] = argv[++i];
    } else if (arg == "--concurrency" && i + 1 < argc) {
      const std::string_view text = argv[++i];
      const auto end = text.data() + text.size();
      const auto [at, error] = std::from_chars(text.data(), end, arguments.workers);
      if (error != std::errc() || at != end) return std::nullopt;
    } else if (arg == "--json") {
      arguments.is_json = true;
    } else if (arg == "--plan") {
      arguments.is_plan = true;
    } else if (arg.starts_with("-") || !arguments.file.empty()) {
      return std::nullopt;
    } else {
      arguments.file = arg;
    }
  }
  if (arguments.file.empty() || arguments.workers < 1 || arguments.workers > kWorkersMax) {
    return std::nullopt;
  }
  return arguments;
}

absl::StatusOr<Plan> ReadPlan(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) return absl::NotFoundError("it cannot be read, or is empty");
  return MakePlan(text.str());
}

void Describe(const Plan& plan) {
  size_t lines = 0;
  for (const Document& document : plan.documents) lines += document.lines.size();
  std::cerr << plan.products.size() << " products, " << plan.documents.size()
            << " documents with " << lines << " lines, " << plan.days.size() << " days\n";
  if (plan.skipped.empty()) return;
  std::cerr << "SKIPPED " << plan.skipped.size() << " rows that no document can hold:\n";
  for (size_t i = 0; i < std::min(plan.skipped.size(), kSkippedShown); ++i) {
    std::cerr << "  " << plan.skipped[i] << "\n";
  }
  if (plan.skipped.size() > kSkippedShown) {
    std::cerr << "  and " << plan.skipped.size() - kSkippedShown << " more\n";
  }
}

struct Settings {
  HttpAddress gateway;
  std::string auth;
  rpc::TlsFiles tls;
};

absl::StatusOr<Settings> ReadSettings(const config::Values& values) {
  config::Reader reader(values);
  const std::string url = reader.Required("CLOUDPOS_GATEWAY_URL", "URL of the gateway");
  Settings settings;
  settings.auth = config::ReadPeerAddress(reader, "auth");
  settings.tls = {
      .ca = reader.ExistingPath("CLOUDPOS_TLS_CA_FILE", "PEM of the authority that signs peers"),
      .certificate = reader.ExistingPath("CLOUDPOS_TLS_CERT_FILE", "PEM of certificate \"pos\""),
      .key = reader.ExistingPath("CLOUDPOS_TLS_KEY_FILE", "PEM of its private key")};
  CLOUDPOS_RETURN_IF_ERROR(reader.Finish());
  CLOUDPOS_ASSIGN_OR_RETURN(settings.gateway, ParseAddress(url));
  return settings;
}

/// On a channel of its own: minutes lie between two calls. A service that is just starting again is
/// waited for.
absl::StatusOr<auth::v1::ProvisionReplayTenantResponse> Provision(const Settings& settings) {
  CLOUDPOS_ASSIGN_OR_RETURN(const auto auth, rpc::Connect("auth", settings.auth, settings.tls));
  auth::v1::ProvisionReplayTenantResponse response;
  absl::Status status;
  for (int attempt = 0; attempt < kProvisionAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(kProvisionPause);
    status = rpc::Call(auth, "/cloudpos.auth.v1.OperatorService/ProvisionReplayTenant",
                       {.deadline = base::SystemClock().Now() + kProvisionTimeout},
                       auth::v1::ProvisionReplayTenantRequest(), &response);
    if (!absl::IsUnavailable(status)) break;
  }
  if (!status.ok()) return status;
  return response;
}

Token TokenOf(const auth::v1::ProvisionReplayTenantResponse& response) {
  return {.text = response.access_token(),
          .expires_at = absl::FromUnixSeconds(response.expires_at().seconds())};
}

absl::StatusOr<std::map<absl::CivilDay, DayFigures>> Send(const Plan& plan,
                                                          const Arguments& arguments) {
  CLOUDPOS_ASSIGN_OR_RETURN(const Settings settings, ReadSettings(arguments.values));
  CLOUDPOS_ASSIGN_OR_RETURN(const auto place, Provision(settings));
  Session session({.gateway = settings.gateway, .new_token = [&]() -> absl::StatusOr<Token> {
                     CLOUDPOS_ASSIGN_OR_RETURN(const auto again, Provision(settings));
                     return TokenOf(again);
                   }});
  ProgressLine line;
  absl::StatusOr<std::map<absl::CivilDay, DayFigures>> days =
      Replay(plan, {.session = &session,
                    .place = {.store_id = place.store_id(), .register_id = place.register_id()},
                    .workers = arguments.workers,
                    .progress = [&line](const char* what, size_t done, size_t all) {
                      line.Tell(what, done, all);
                    }});
  line.End();
  if (session.throttled() > 0) {
    std::cerr << "the gateway's rate limit was met " << session.throttled()
              << " times (CLOUDPOS_RATE_WRITE_PER_SECOND)\n";
  }
  return days;
}

int Fail(const std::string& text) {
  std::cerr << "cloudpos-replay: " << text << std::endl;
  return kFailed;
}

}  // namespace

int RunCommand(int argc, char** argv) {
  const std::optional<Arguments> arguments = Parse(argc, argv);
  if (!arguments) {
    std::cerr << kHelp;
    return kUsage;
  }
  const absl::StatusOr<Plan> plan = ReadPlan(arguments->file);
  if (!plan.ok()) return Fail(arguments->file + ": " + rpc::CauseOf(plan.status()));
  Describe(*plan);
  std::map<absl::CivilDay, DayFigures> days = plan->days;
  if (!arguments->is_plan) {
    absl::StatusOr<std::map<absl::CivilDay, DayFigures>> reported = Send(*plan, *arguments);
    if (!reported.ok()) return Fail(rpc::CauseOf(reported.status()));
    days = *std::move(reported);
    if (days != plan->days) {
      // Not an error by itself: an earlier replay may have put other invoices on the same days.
      std::cerr << "note: the reports hold other figures than this file alone would give\n";
    }
  }
  std::cout << (arguments->is_json ? FiguresJson(days) + "\n" : FiguresTable(days)) << std::flush;
  return 0;
}

}  // namespace cloudpos::replay

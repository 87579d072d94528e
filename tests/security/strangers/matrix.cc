#include "tests/security/strangers/matrix.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

namespace cloudpos::strangers {
namespace {

// As many as wait for answers at once; the machine's cores are the servers'.
constexpr int kThreads = 4;
// Everybody is told within this time (architecture section 5).
constexpr std::chrono::seconds kRevocationMax{5};
constexpr int kRepeats = 5;

/// Nothing about the caller: the machine is slow.
bool IsOfTheMoment(base::ErrorCode code) {
  return code == common::v1::UNAVAILABLE || code == common::v1::OVERLOADED ||
         code == common::v1::DEADLINE_EXCEEDED;
}

/// What belongs to the store, not to the tenant.
bool IsOfStore(const Tenant& tenant, const std::string& key) {
  const auto other = tenant.other.find(key);
  return other != tenant.other.end() && other->second != tenant.own.at(key);
}

/// The own store's id with everything else of `other`.
Names Smuggled(const Names& own, const Names& other) {
  Names names = other;
  names["store_id"] = own.at("store_id");
  return names;
}

std::string StoreOf(const Rpc& rpc, const Filled& filled) {
  for (const auto& [key, value] : filled.named) {
    if (key == "store_id") return value;
  }
  if (rpc.access == Access::kStore)
    throw std::runtime_error(rpc.name() + ": no store was filled in");
  return {};
}

token::PermissionSet AllBut(token::Permission left_out) {
  token::PermissionSet set;
  const auto* all = common::v1::Permission_descriptor();
  for (int i = 1; i < all->value_count(); ++i) {
    const auto permission = static_cast<token::Permission>(all->value(i)->number());
    if (permission != left_out) set.Add(permission);
  }
  return set;
}

std::string PermissionName(token::Permission permission) {
  return common::v1::Permission_descriptor()
      ->FindValueByNumber(permission)
      ->options()
      .GetExtension(common::v1::permission_name);
}

bool IsEverywhere(const token::Claims& claims) {
  return std::any_of(claims.grants.begin(), claims.grants.end(),
                     [](const token::Grant& grant) { return grant.stores.empty(); });
}

}  // namespace

Matrix::Matrix(MatrixOptions options, const std::vector<Rpc>& rpcs, const World& world,
               const Mint& mint, const std::map<std::string, Peer>& peers, BookKeeper* books,
               Findings* findings)
    : options_(std::move(options)),
      rpcs_(rpcs),
      world_(world),
      mint_(mint),
      forge_(mint.signer(), world.leaver(), world.dismissed()),
      peers_(peers),
      books_(*books),
      findings_(*findings) {}

// --- who asks ---

std::vector<Person> Matrix::PeopleFor(const Rpc& rpc) const {
  std::vector<Person> people = world_.people();
  const token::Permission permission = rpc.policy.permission();
  if (permission == common::v1::PERMISSION_UNSPECIFIED) return people;
  // Tokens with just the right that is asked for, and with all others: a method that asks for more
  // or for another one than its policy says is found out.
  const auto somebody = std::find_if(people.begin(), people.end(), [](const Person& person) {
    return person.name == "somebody without a role";
  });
  const base::Uuid store = *base::Uuid::Parse(world_.a().own.at("store_id"));
  token::PermissionSet only;
  only.Add(permission);
  std::vector<Person> made;
  for (const bool is_everywhere : {true, false}) {
    const std::string where = is_everywhere ? " everywhere" : " in one store";
    for (const bool is_only : {true, false}) {
      Person person{.name = (is_only ? "only " : "all but ") + PermissionName(permission) + where,
                    .claims = somebody->claims,
                    .session = somebody->session};
      person.claims.grants = {{.stores = {}, .permissions = is_only ? only : AllBut(permission)}};
      if (!is_everywhere) person.claims.grants[0].stores = {store};
      person.token = mint_.signer().Sign(person.claims);
      made.push_back(std::move(person));
    }
  }
  people.insert(people.end(), made.begin(), made.end());
  return people;
}

// --- what is asked ---

std::string Matrix::Cell::key() const {
  return std::string(side == Side::kRest ? "REST " : "gRPC ") + rpc->name() +
         (binding == nullptr ? "" : " " + binding->verb + " " + binding->path) + " | " +
         person.name + " | " + NameOf(place) + " | " + NameOf(proof) +
         (side == Side::kGrpc ? " | " + certificate : "");
}

Matrix::Cell Matrix::At(const Rpc& rpc, const Person& person, Place place) const {
  const Tenant& a = world_.a();
  Cell cell{.rpc = &rpc, .person = person, .place = place, .mine = a.own};
  if (rpc.access == Access::kSelf) {
    cell.mine["session_id"] = person.session.empty() ? a.own.at("staff_id") : person.session;
  }
  Names names = cell.mine;
  switch (place) {
    case Place::kOwn:
      break;
    case Place::kOtherStore:
      names = a.other;
      break;
    case Place::kOtherTenant:
      names = world_.b().own;
      break;
    case Place::kSmuggledFromStore:
      names = Smuggled(a.own, a.other);
      break;
    case Place::kSmuggledFromTenant:
      names = Smuggled(a.own, world_.b().own);
      break;
  }
  cell.filled = Fill(rpc, probes_.at(&rpc).recipe, names);
  cell.asked = {
      .place = place,
      .is_foreign = cell.filled.IsForeignTo(cell.mine),
      .store = StoreOf(rpc, cell.filled),
      .is_of_store = std::any_of(cell.filled.named.begin(), cell.filled.named.end(),
                                 [&a](const auto& named) { return IsOfStore(a, named.first); })};
  return cell;
}

void Matrix::Plan() {
  for (const Rpc& rpc : rpcs_) {
    if (!probes_.contains(&rpc)) continue;
    for (const Person& person : PeopleFor(rpc)) PlanFor(rpc, person);
    PlanTricks(rpc);
  }
}

void Matrix::PlanFor(const Rpc& rpc, const Person& person) {
  for (const Place place : kPlaces) {
    Cell cell = At(rpc, person, place);
    const bool is_smuggled =
        place == Place::kSmuggledFromStore || place == Place::kSmuggledFromTenant;
    // Only where it makes a difference: a store named, and something else in it.
    if (is_smuggled && (!cell.filled.HasKey("store_id") || !cell.filled.IsForeignTo(cell.mine))) {
      continue;
    }
    cell.proof = Proof::kGood;
    PlanSide(cell);
    if (place != Place::kOwn) continue;
    for (const Proof proof : kBadProofs) {
      cell.proof = proof;
      PlanSide(cell);
    }
  }
}

void Matrix::PlanSide(Cell cell) {
  cell.certificate = "gateway";
  cell.side = Side::kGrpc;
  cell.binding = nullptr;
  cell.verdict = cell.rpc->IsFor("gateway") ? VerdictOf(cell, false) : Verdict::kWrongCaller;
  Put(cell);
  if (cell.place == Place::kOwn && cell.proof == Proof::kGood) PlanCertificates(cell);
  cell.side = Side::kRest;
  cell.certificate = {};
  cell.verdict = VerdictOf(cell, true);
  if (cell.rpc->bindings.empty()) return Put(std::move(cell));
  for (const Binding& binding : cell.rpc->bindings) {
    cell.binding = &binding;
    Put(cell);
  }
}

Verdict Matrix::VerdictOf(const Cell& cell, bool through_gateway) const {
  if (cell.proof != Proof::kGood && cell.rpc->needs_token()) return Verdict::kSignIn;
  const token::Claims& claims = cell.person.claims;
  // The gateway knows no stores: who holds the right nowhere gets no further.
  if (through_gateway && IsDeniedEverywhere(*cell.rpc, claims)) return Verdict::kDenied;
  return Expected(*cell.rpc, claims, cell.asked, world_.a().other.at("store_id"));
}

/// Each further certificate of the installation with a good token.
void Matrix::PlanCertificates(const Cell& base) {
  for (const auto& [name, peer] : peers_) {
    if (name == "gateway") continue;
    Cell cell = base;
    cell.certificate = name;
    cell.verdict = cell.rpc->IsFor(name) ? Verdict::kServed : Verdict::kWrongCaller;
    Put(std::move(cell));
  }
}

/// Tokens of more ingenious strangers, once for each RPC.
void Matrix::PlanTricks(const Rpc& rpc) {
  if (!rpc.needs_token()) return;
  const Person& admin = world_.a().admin;
  for (const Forge::Trick& trick : forge_.Tricks(admin.claims, admin.token)) {
    Cell cell = At(rpc, admin, Place::kOwn);
    cell.person.name = "a forger: " + trick.name;
    cell.person.token = trick.token;
    cell.proof = Proof::kNoToken;
    PlanSide(std::move(cell));
  }
}

void Matrix::Put(Cell cell) {
  const bool is_route = cell.side == Side::kGrpc || cell.binding != nullptr;
  const bool is_smuggled =
      cell.place == Place::kSmuggledFromStore || cell.place == Place::kSmuggledFromTenant;
  const bool is_let_in =
      is_route && (cell.verdict == Verdict::kServed || cell.verdict == Verdict::kOpen ||
                   (cell.verdict == Verdict::kHidden && is_smuggled));
  (is_let_in ? in_ : away_).push_back(std::move(cell));
}

// --- the run ---

void Matrix::ProbeAll() {
  std::map<std::string, bool> is_served;  // of the shared ones
  for (const Rpc& rpc : rpcs_) {
    if (rpc.name().find(options_.only) == std::string::npos) continue;
    const Person& admin = world_.people().front();
    Names names = world_.a().own;
    if (rpc.access == Access::kSelf) names["session_id"] = admin.session;
    const Cell cell{.rpc = &rpc, .person = admin, .proof = Proof::kGood};
    Probe probe = ProbeOf(rpc, CallerOf(rpc, peers_), names,
                          rpc.needs_token() ? TokenOf(cell) : std::string());
    // What every service could serve, some do not.
    const bool is_shared = rpc.method->file()->package() == "cloudpos.common.v1";
    if (is_shared) is_served[rpc.path()] |= probe.answer.code != common::v1::UNIMPLEMENTED;
    if (is_shared && probe.answer.code == common::v1::UNIMPLEMENTED) continue;
    const std::string fault = Fault(Verdict::kServed, rpc, probe.answer);
    if (!fault.empty()) findings_.Add("probe: " + rpc.name() + ": " + fault);
    probes_[&rpc] = std::move(probe);
  }
  for (const auto& [path, is] : is_served) {
    if (!is) findings_.Add("probe: nobody serves " + path);
  }
}

void Matrix::AwaitRevocations() {
  std::set<std::string> known;
  Rest rest(options_.gateway);
  for (const auto& [rpc, probe] : probes_) {
    if (!rpc->needs_token() || !rpc->IsFor("gateway") || rpc->bindings.empty()) continue;
    for (const Side side : {Side::kGrpc, Side::kRest}) {
      const std::string process = side == Side::kGrpc ? rpc->process : "gateway";
      if (!known.insert(process).second) continue;
      for (const Proof proof : {Proof::kRevoked, Proof::kDismissed}) {
        Cell cell = At(*rpc, world_.people().front(), Place::kOwn);
        cell.side = side;
        cell.binding = side == Side::kRest ? &rpc->bindings[0] : nullptr;
        cell.certificate = "gateway";
        cell.proof = proof;
        while (Ask(cell, cell.filled, rest).code != common::v1::TOKEN_REVOKED) {
          if (std::chrono::steady_clock::now() > world_.gone_at() + kRevocationMax) {
            findings_.Add(process + ": takes a " + NameOf(proof) + " after five seconds");
            break;
          }
          std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
      }
    }
  }
}

void Matrix::TurnAway() {
  Plan();
  const std::vector<std::string> both = {world_.a().id, world_.b().id};
  const Books before = books_.ReadWhenQuiet(both);
  Run(away_, kThreads);
  Compare(before, both, "after strangers were turned away");
}

void Matrix::LetIn() {
  const std::vector<std::string> victim = {world_.b().id};
  const Books before = books_.ReadWhenQuiet(victim);
  Run(in_, kThreads);
  Rest rest(options_.gateway);
  for (const auto& [cell, answer] : later_) JudgeHidden(cell, answer, rest);
  Compare(before, victim, "after people of tenant A did their work");
}

void Matrix::Compare(const Books& before, const std::vector<std::string>& tenants,
                     const std::string& when) {
  findings_.Count("tables compared", static_cast<int64_t>(before.size()));
  for (const std::string& table : Differences(before, books_.Read(tenants))) {
    findings_.Add(when + " the rows of " + table + " are not what they were");
  }
}

void Matrix::Run(const Cells& cells, int threads) {
  std::atomic<size_t> next{0};
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) {
    workers.emplace_back([&] {
      Rest rest(options_.gateway);
      for (size_t at; (at = next.fetch_add(1)) < cells.size();) {
        try {
          Execute(cells[at], rest);
        } catch (const std::exception& error) {
          findings_.Add(cells[at].key() + ": no answer: " + error.what());
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
}

std::string Matrix::TokenOf(const Cell& cell) const {
  if (cell.person.name.starts_with("a forger")) return cell.person.token;
  if (cell.proof != Proof::kGood) return forge_.Make(cell.proof, cell.person.claims);
  if (cell.rpc->access != Access::kSelf || cell.rpc->is_read()) return cell.person.token;
  // It may end the session it is called in: one that nobody needs.
  token::Claims claims = cell.person.claims;
  base::RandomIdSource ids;
  claims.session = ids.NewId();
  return mint_.signer().Sign(claims);
}

Answer Matrix::Ask(const Cell& cell, const Filled& filled, Rest& rest) const {
  const std::string token = TokenOf(cell);
  if (cell.side == Side::kGrpc) return peers_.at(cell.certificate).Call(*cell.rpc, filled, token);
  HttpRequest request = ToHttp(*cell.rpc, cell.binding, filled);
  request.token = token;
  if (token.empty()) {
    // Where no proof belongs: a good token counts for nothing there.
    const std::string good = "Bearer " + cell.person.token;
    request.headers = {{"X-Authorization", good},
                       {"Proxy-Authorization", good},
                       {"X-Forwarded-Authorization", good},
                       {"Grpc-Metadata-Authorization", good},
                       {"X-Fwd-Authorization", good},
                       {"Cookie", "authorization=" + cell.person.token},
                       {"X-Tenant-Id", cell.person.claims.tenant.ToString()},
                       {"X-User-Id", cell.person.claims.subject.ToString()}};
  }
  return rest.Send(request);
}

Answer Matrix::AskPatiently(const Cell& cell, Rest& rest) const {
  for (int repeat = 0;; ++repeat) {
    Answer answer = Ask(cell, cell.filled, rest);
    if (!IsOfTheMoment(answer.code) || repeat == kRepeats) return answer;
    findings_.Count("asked again");
    std::this_thread::sleep_for(std::chrono::milliseconds(200 << repeat));
  }
}

void Matrix::Execute(const Cell& cell, Rest& rest) {
  const Answer answer = AskPatiently(cell, rest);
  findings_.Cell(cell.key());
  findings_.Count("calls");
  CheckLeaks(cell, answer);
  Judge(cell, answer, rest);
}

void Matrix::Judge(const Cell& cell, const Answer& answer, Rest& rest) {
  const auto expect = [&](bool is_as_expected, const std::string& expected) {
    if (!is_as_expected) {
      findings_.Add(cell.key() + ": expected " + expected + ", got " + answer.ToString());
    }
  };
  if (cell.side == Side::kRest && cell.binding == nullptr) {
    findings_.Count("without a route");
    return expect(
        answer.code == common::v1::ROUTE_NOT_FOUND || answer.code == common::v1::METHOD_NOT_ALLOWED,
        "no such route");
  }
  findings_.Count(NameOf(cell.verdict));
  if (cell.verdict == Verdict::kSignIn) {
    const base::ErrorCode code = CodeOf(cell.proof);
    return expect(answer.code == code, common::v1::ErrorCode_Name(code));
  }
  if (cell.verdict == Verdict::kHidden && !answer.IsNotFound()) {
    const bool is_away = cell.place == Place::kOtherStore || cell.place == Place::kOtherTenant;
    if (!is_away) return JudgeHidden(cell, answer, rest);
    const std::lock_guard lock(later_mutex_);
    later_.emplace_back(cell, answer);
    return;
  }
  const std::string fault = Fault(cell.verdict, *cell.rpc, answer);
  if (!fault.empty()) return findings_.Add(cell.key() + ": " + fault);
  const Probe& probe = probes_.at(cell.rpc);
  if (cell.verdict == Verdict::kServed && cell.place == Place::kOwn && answer.IsNotFound() &&
      cell.rpc->access != Access::kSelf && probe.depth != Depth::kNotFound) {
    findings_.Add(cell.key() + ": does not find what the administrator finds");
  }
}

/// Not NOT_FOUND: then the same as for things that do not exist at all.
void Matrix::JudgeHidden(const Cell& cell, const Answer& answer, Rest& rest) {
  Answer given = answer, strange;
  // Of one's own things, where one has no right to them, all are put in question.
  const Names* kept = cell.asked.is_foreign ? &cell.mine : nullptr;
  // Others are at work: what both hold of the caller's own things may move between the two.
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    strange = Ask(cell, WithStrangeNames(cell.filled, kept), rest);
    if (WithoutIds(strange) == WithoutIds(given)) {
      findings_.Count("hidden by likeness");
      findings_.Count("hidden by likeness: " + cell.rpc->name() + " " + given.ToString());
      return;
    }
    given = Ask(cell, cell.filled, rest);
  }
  findings_.Add(cell.key() + ": tells what exists: " + given.ToString() +
                ", but of what does not exist: " + strange.ToString());
}

/// Whoever gets an answer, it holds nothing of tenant B, and for people of one store nothing of the
/// other, but what the request named itself.
void Matrix::CheckLeaks(const Cell& cell, const Answer& answer) {
  if (cell.rpc->access == Access::kPeer || answer.text.empty()) return;
  findings_.Count("answers searched");
  const auto search = [&](const std::string& word, const std::string& whose) {
    if (answer.text.find(word) == std::string::npos) return;
    for (const auto& [key, value] : cell.filled.named) {
      if (value.find(word) != std::string::npos) return;
    }
    findings_.Add(cell.key() + ": the answer holds " + word + " of " + whose);
  };
  search(kWordOfB, "tenant B");
  for (const auto& [key, id] : world_.b().own) {
    if (key.ends_with("_id")) search(id, "tenant B (" + key + ")");
  }
  if (IsEverywhere(cell.person.claims)) return;
  search(kWordOfOtherStore, "the other store");
  for (const auto& [key, id] : world_.a().other) {
    // That there is a store is no secret: the catalogue names it where it has a price of its own.
    if (id == world_.a().other.at("store_id")) continue;
    if (IsOfStore(world_.a(), key)) search(id, "the other store (" + key + ")");
  }
}

// --- nothing was left out ---

void Matrix::CheckComplete() {
  int64_t planned = 0;
  for (const auto& [rpc, probe] : probes_) {
    const auto people = static_cast<int64_t>(PeopleFor(*rpc).size());
    const auto situations = static_cast<int64_t>(3 + std::size(kBadProofs));
    const auto ways = static_cast<int64_t>(std::max<size_t>(1, rpc->bindings.size()) + 1);
    planned += people * situations * ways;
    planned += people * static_cast<int64_t>(peers_.size() - 1);
  }
  findings_.Count("cells that must be", planned);
  int64_t executed = 0;
  for (const std::string& key : findings_.cells()) {
    const bool is_more = key.find("under the own store") != std::string::npos ||
                         key.find("a forger") != std::string::npos;
    findings_.Count(is_more ? "further cells" : "cells");
    if (!is_more) ++executed;
  }
  if (executed != planned) {
    findings_.Add("of " + std::to_string(planned) + " cells " + std::to_string(executed) +
                  " were executed");
  }
}

// --- findings ---

void Findings::Count(const std::string& what, int64_t by) {
  const std::lock_guard lock(mutex_);
  counts_[what] += by;
}

void Findings::Add(const std::string& fault) {
  const std::lock_guard lock(mutex_);
  faults_.push_back(fault);
}

void Findings::Cell(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (!cells_.insert(key).second) faults_.push_back("executed twice: " + key);
}

int64_t Findings::count(const std::string& what) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(what);
  return found == counts_.end() ? 0 : found->second;
}

}  // namespace cloudpos::strangers

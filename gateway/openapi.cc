#include "gateway/openapi.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cloudpos/common/v1/error.pb.h"
#include "gateway/json_index.h"
#include "gateway/openapi_schema.h"
#include "gateway/proto_comments.h"

namespace cloudpos::gateway {
namespace {

namespace json = boost::json;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr char kIntroduction[] =
    "REST interface of the CloudPOS suite. Errors are application/problem+json with a stable "
    "`code`. "
    "64-bit integers are JSON numbers within 2^53-1; times are RFC 3339 in UTC. Writes that say so "
    "take an Idempotency-Key or carry their own id: repeating them changes nothing and is answered "
    "with `Idempotency-Replayed: true`.";

class OpenApi {
 public:
  explicit OpenApi(const RouteTable& routes) : routes_(routes), schemas_(comments_) {}

  std::string Make() {
    for (const auto& route : routes_.routes()) {
      schemas_.MarkRequest(route->request->GetDescriptor());
      if (!route->cookie_response.empty()) schemas_.Omit(route->cookie_response.last());
    }
    json::object paths;
    for (const auto& route : routes_.routes()) AddPath(*route, &paths);
    json::object document{{"openapi", "3.1.0"},
                          {"info", Info()},
                          {"servers", json::array{json::object{{"url", "/"}}}},
                          {"security", json::array{json::object{{"bearer", json::array{}}}}},
                          {"tags", Tags()},
                          {"paths", std::move(paths)},
                          {"components", Components()}};
    return json::serialize(document);
  }

 private:
  static json::object Info() {
    return {{"title", "CloudPOS API"},
            {"version", "1"},
            {"description", kIntroduction},
            {"license", json::object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}};
  }

  json::array Tags() const {
    std::set<const google::protobuf::ServiceDescriptor*> seen;
    json::array tags;
    for (const auto& route : routes_.routes()) {
      const auto* service = route->method->service();
      if (!seen.insert(service).second) continue;
      json::object tag{{"name", service->name()}};
      const std::string comment = comments_.Of(*service);
      if (!comment.empty()) tag["description"] = comment;
      tags.push_back(std::move(tag));
    }
    return tags;
  }

  struct Path {
    std::string text;                // "/v1/toys/{toyId}:break"
    std::vector<std::string> names;  // of its parameters
  };

  /// Paths of one shape are one path to OpenAPI, whatever their fields are called: the names that
  /// came first stay.
  const Path& PathOf(const Route& route) {
    std::string shape;
    Path path;
    for (size_t i = 0; i < route.path.segments.size(); ++i) {
      const auto variable =
          std::find_if(route.path.variables.begin(), route.path.variables.end(),
                       [i](const PathTemplate::Variable& v) { return v.begin <= i && i < v.end; });
      if (variable == route.path.variables.end()) {
        shape += "/" + route.path.segments[i].literal;
        path.text += "/" + route.path.segments[i].literal;
      } else if (variable->begin == i) {
        const auto index = static_cast<size_t>(variable - route.path.variables.begin());
        std::string name = route.variables[index].last()->json_name();
        const bool is_taken =
            std::find(path.names.begin(), path.names.end(), name) != path.names.end();
        if (is_taken) name = route.variables[index].JsonName();
        shape += "/{}";
        path.text += "/{" + name + "}";
        path.names.push_back(std::move(name));
      }
    }
    const std::string verb = route.path.verb.empty() ? "" : ":" + route.path.verb;
    path.text += verb;
    return paths_.emplace(shape + verb, std::move(path)).first->second;
  }

  std::string OperationId(const Route& route) {
    std::string id = route.method->name();
    id[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(id[0])));
    if (ids_.insert(id).second) return id;
    const std::string base = route.is_additional ? id : route.service + route.method->name();
    std::string unique = base;
    for (int n = 2; !ids_.insert(unique).second; ++n) unique = base + std::to_string(n);
    return unique;
  }

  void AddPath(const Route& route, json::object* paths) {
    std::string verb = route.verb;
    std::transform(verb.begin(), verb.end(), verb.begin(),
                   [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    json::value& item = (*paths)[PathOf(route).text];
    if (!item.is_object()) item = json::object{};
    item.as_object()[verb] = Operation(route);
  }

  json::object Operation(const Route& route) {
    const std::string comment = comments_.Of(*route.method);
    const std::string summary = FirstSentence(comment);
    json::object operation{{"operationId", OperationId(route)},
                           {"summary", summary.empty() ? route.method->name() : summary},
                           {"tags", json::array{route.method->service()->name()}}};
    if (!comment.empty()) operation["description"] = comment;
    json::array parameters = Parameters(route);
    if (!parameters.empty()) operation["parameters"] = std::move(parameters);
    if (route.body != Route::Body::kNone) operation["requestBody"] = RequestBody(route);
    operation["responses"] = Responses(route);
    if (!route.needs_token()) operation["security"] = json::array{};
    AddPolicy(*route.policy, &operation);
    return operation;
  }

  static void AddPolicy(const common::v1::Policy& policy, json::object* operation) {
    if (policy.permission() != common::v1::PERMISSION_UNSPECIFIED) {
      const auto* value =
          common::v1::Permission_descriptor()->FindValueByNumber(policy.permission());
      (*operation)["x-permission"] = value->options().GetExtension(common::v1::permission_name);
    }
    if (policy.scope() != common::v1::SCOPE_UNSPECIFIED) {
      (*operation)["x-scope"] = common::v1::Scope_Name(policy.scope());
    }
    (*operation)["x-rate-class"] = common::v1::RateClass_Name(policy.rate_class());
    (*operation)["x-idempotency"] = common::v1::Idempotency_Name(policy.idempotency());
  }

  json::array Parameters(const Route& route) {
    json::array parameters;
    const Path& path = PathOf(route);
    for (size_t i = 0; i < route.variables.size(); ++i) {
      const FieldDescriptor* field = route.variables[i].last();
      parameters.push_back(Parameter("path", path.names[i], field, schemas_.OfField(field)));
    }
    if (route.body != Route::Body::kWhole) {
      AddQuery(route, route.request->GetDescriptor(), "", 0, &parameters);
    }
    AddHeaders(route, &parameters);
    return parameters;
  }

  json::object Parameter(const char* in, const std::string& name, const FieldDescriptor* field,
                         json::object schema) const {
    json::object described;
    schemas_.Describe(field, &described);
    json::object parameter{{"name", name}, {"in", in}};
    if (std::string_view(in) == "path") parameter["required"] = true;
    if (described.contains("description")) parameter["description"] = described["description"];
    if (described.contains("examples")) schema["examples"] = described["examples"];
    parameter["schema"] = std::move(schema);
    return parameter;
  }

  /// Every field that neither path nor body fills; fields of nested messages with dots.
  void AddQuery(const Route& route, const Descriptor* type, const std::string& prefix, int depth,
                json::array* parameters) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      const std::string name = prefix + field->json_name();
      const bool is_path =
          std::any_of(route.variables.begin(), route.variables.end(),
                      [&name](const FieldPath& p) { return p.JsonName() == name; });
      const bool is_body = !route.body_field.empty() && route.body_field.JsonName() == name;
      if (is_path || is_body || field->is_map()) continue;
      const Descriptor* inner = field->message_type();
      if (inner == nullptr || IndexOf(inner).well_known != WellKnown::kNone) {
        parameters->push_back(Parameter("query", name, field, schemas_.OfField(field)));
      } else if (!field->is_repeated() && depth < 2) {
        AddQuery(route, inner, name + ".", depth + 1, parameters);
      }
    }
  }

  static void AddHeaders(const Route& route, json::array* parameters) {
    const auto add = [parameters](const std::string& name, const char* what, bool is_required) {
      json::object parameter{{"name", name},
                             {"in", "header"},
                             {"description", what},
                             {"schema", json::object{{"type", "string"}}}};
      if (is_required) parameter["required"] = true;
      parameters->push_back(std::move(parameter));
    };
    const common::v1::Policy& policy = *route.policy;
    if (policy.idempotency() == common::v1::REQUIRED) {
      const bool has_own_id = !policy.id_field().empty();
      add("Idempotency-Key",
          has_own_id ? "Optional: the request's own id is the key; must equal it when given."
                     : "A key of the caller's choice: the same key repeats the same call.",
          !has_own_id);
    }
    if (!policy.etag_field().empty() && route.verb == "GET") {
      add("If-None-Match", "An ETag: answered with 304 when nothing has changed.", false);
    }
    for (const std::string& name : policy.forward_headers())
      add(name, "Passed on as it is.", false);
  }

  json::object RequestBody(const Route& route) {
    json::object content;
    if (route.policy->raw_request()) {
      content["*/*"] =
          json::object{{"schema", json::object{{"type", "string"}, {"format", "binary"}}}};
    } else {
      const Descriptor* type = route.body == Route::Body::kField
                                   ? route.body_field.last()->message_type()
                                   : route.request->GetDescriptor();
      std::set<const FieldDescriptor*> by_path;
      for (const FieldPath& path : route.variables) {
        if (route.body == Route::Body::kWhole && path.fields().size() == 1)
          by_path.insert(path.last());
      }
      content["application/json"] = json::object{{"schema", schemas_.BodyOf(type, by_path)}};
    }
    return {{"required", true}, {"content", std::move(content)}};
  }

  json::object Responses(const Route& route) {
    const int status = route.policy->http_status() != 0 ? route.policy->http_status() : 200;
    json::object success{{"description", status == 201   ? "Created"
                                         : status == 204 ? "Done"
                                                         : "OK"}};
    json::object headers;
    if (!route.etag.empty()) headers["ETag"] = TextHeader("Version of the representation.");
    if (route.policy->idempotency() == common::v1::REQUIRED) {
      headers["Idempotency-Replayed"] = TextHeader("\"true\" when this repeats an earlier answer.");
    }
    if (!route.cookie_response.empty()) headers["Set-Cookie"] = TextHeader("The session's cookie.");
    if (!headers.empty()) success["headers"] = std::move(headers);
    if (status != 204) success["content"] = ResponseContent(route);
    json::object responses;
    responses[std::to_string(status)] = std::move(success);
    if (!route.etag.empty() && route.verb == "GET") {
      responses["304"] = json::object{{"description", "Not modified"}};
    }
    responses["4XX"] = json::object{{"$ref", "#/components/responses/Problem"}};
    responses["5XX"] = json::object{{"$ref", "#/components/responses/Problem"}};
    return responses;
  }

  static json::object TextHeader(const char* what) {
    return {{"description", what}, {"schema", json::object{{"type", "string"}}}};
  }

  json::object ResponseContent(const Route& route) {
    if (route.policy->raw_response()) {
      return {{"*/*",
               json::object{{"schema", json::object{{"type", "string"}, {"format", "binary"}}}}}};
    }
    json::object schema = schemas_.OfMessage(route.response->GetDescriptor());
    if (!route.is_streaming)
      return {{"application/json", json::object{{"schema", std::move(schema)}}}};
    return {{"text/event-stream",
             json::object{{"schema", json::object{{"type", "string"},
                                                  {"description",
                                                   "Server-sent events; the data of each "
                                                   "is one message as JSON."}}},
                          {"x-event-schema", std::move(schema)}}}};
  }

  static json::object ProblemSchema() {
    const json::object text{{"type", "string"}};
    json::array codes;
    const auto* type = common::v1::ErrorCode_descriptor();
    for (int i = 1; i < type->value_count(); ++i) codes.emplace_back(type->value(i)->name());
    const json::object field_error{{"type", "object"},
                                   {"required", json::array{"field", "detail"}},
                                   {"properties", json::object{{"field", text}, {"detail", text}}}};
    return {
        {"type", "object"},
        {"description", "RFC 9457. Clients branch on `code`, never on text."},
        {"required", json::array{"type", "title", "status", "code", "instance"}},
        {"properties",
         json::object{
             {"type", json::object{{"type", "string"},
                                   {"examples", json::array{"urn:cloudpos:problem:not-found"}}}},
             {"title", text},
             {"status", json::object{{"type", "integer"}, {"format", "int32"}}},
             {"code", json::object{{"type", "string"}, {"enum", std::move(codes)}}},
             {"detail", text},
             {"instance", json::object{{"type", "string"}, {"description", "The request's id."}}},
             {"errors", json::object{{"type", "array"}, {"items", field_error}}},
             {"hint", text},
             {"data", json::object{{"type", "object"}, {"additionalProperties", text}}}}}};
  }

  json::object Components() {
    json::object schemas = schemas_.Take();
    schemas["Problem"] = ProblemSchema();
    const json::object content{
        {"application/problem+json",
         json::object{{"schema", json::object{{"$ref", "#/components/schemas/Problem"}}}}}};
    return {{"securitySchemes", json::object{{"bearer", json::object{{"type", "http"},
                                                                     {"scheme", "bearer"},
                                                                     {"bearerFormat", "JWT"}}}}},
            {"responses", json::object{{"Problem", json::object{{"description", "What went wrong"},
                                                                {"content", content}}}}},
            {"schemas", std::move(schemas)}};
  }

  const RouteTable& routes_;
  ProtoComments comments_;
  SchemaSet schemas_;
  std::map<std::string, Path> paths_;  // by shape
  std::set<std::string> ids_;
};

}  // namespace

std::string MakeOpenApi(const RouteTable& routes) { return OpenApi(routes).Make(); }

}  // namespace cloudpos::gateway

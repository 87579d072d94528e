#include "tests/security/strangers/rest.h"

#include <stdexcept>

#include "boost/asio/connect.hpp"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/beast/core/flat_buffer.hpp"
#include "boost/beast/core/tcp_stream.hpp"
#include "boost/beast/http.hpp"
#include "boost/json.hpp"
#include "google/protobuf/util/json_util.h"

namespace cloudpos::strangers {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr uint64_t kBodyMax = 16 << 20;

std::string Escaped(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

/// The field at a dotted path is taken out of the message; its text.
std::string Take(Message* message, std::string_view path) {
  const size_t dot = path.find('.');
  const FieldDescriptor* field =
      message->GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
  const auto* r = message->GetReflection();
  if (dot != std::string_view::npos) {
    return Take(r->MutableMessage(message, field), path.substr(dot + 1));
  }
  std::string text = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING
                         ? r->GetString(*message, field)
                     : field->cpp_type() == FieldDescriptor::CPPTYPE_INT32
                         ? std::to_string(r->GetInt32(*message, field))
                         : std::to_string(r->GetInt64(*message, field));
  r->ClearField(message, field);
  return text;
}

std::string ToJson(const Message& message) {
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text);
  if (!status.ok()) throw std::runtime_error("no JSON: " + status.ToString());
  return text;
}

void AddQuery(const json::value& value, const std::string& name, std::string* query) {
  if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      const std::string key(member.key());
      AddQuery(member.value(), name.empty() ? key : name + "." + key, query);
    }
  } else if (value.is_array()) {
    for (const json::value& element : value.get_array()) AddQuery(element, name, query);
  } else {
    *query += query->empty() ? '?' : '&';
    const std::string text =
        value.is_string() ? std::string(value.get_string().c_str()) : json::serialize(value);
    *query += name + "=" + Escaped(text);
  }
}

std::string Path(const Binding& binding, Message* message) {
  std::string path;
  for (size_t at = 0; at < binding.path.size();) {
    if (binding.path[at] != '{') {
      path += binding.path[at++];
      continue;
    }
    const size_t end = binding.path.find('}', at);
    const std::string variable = binding.path.substr(at + 1, end - at - 1);
    path += Escaped(Take(message, variable.substr(0, variable.find('='))));
    at = end + 1;
  }
  return path;
}

Answer ToAnswer(unsigned status, std::string body) {
  Answer answer{.detail = {}, .text = std::move(body)};
  if (status >= 200 && status < 300) return answer;
  answer.code = common::v1::INTERNAL;
  boost::system::error_code error;
  const json::value problem = json::parse(answer.text, error);
  if (error || !problem.is_object()) {
    answer.detail = "HTTP " + std::to_string(status) + " without a problem";
    return answer;
  }
  const json::object& object = problem.get_object();
  const auto text = [&object](const char* name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string().c_str())
                                                  : std::string();
  };
  if (!common::v1::ErrorCode_Parse(text("code"), &answer.code)) {
    answer.code = common::v1::INTERNAL;
  }
  answer.detail = text("detail");
  // The request's own id is new each time.
  json::object rest = object;
  rest.erase("instance");
  answer.text = json::serialize(rest);
  return answer;
}

}  // namespace

HttpRequest ToHttp(const Rpc& rpc, const Binding* binding, const Filled& filled) {
  if (binding == nullptr) {
    return {.verb = "POST", .target = rpc.path(), .token = {}, .body = ToJson(*filled.message)};
  }
  const std::unique_ptr<Message> message(filled.message->New());
  message->CopyFrom(*filled.message);
  HttpRequest request{
      .verb = binding->verb, .target = Path(*binding, message.get()), .token = {}, .body = {}};
  if (binding->body == "*") {
    request.body = ToJson(*message);
    return request;
  }
  if (!binding->body.empty()) {
    const auto* field = message->GetDescriptor()->FindFieldByName(binding->body);
    request.body = ToJson(message->GetReflection()->GetMessage(*message, field));
    message->GetReflection()->ClearField(message.get(), field);
  }
  std::string query;
  AddQuery(json::parse(ToJson(*message)), "", &query);
  request.target += query;
  return request;
}

struct Rest::Impl {
  explicit Impl(replay::HttpAddress a) : address(std::move(a)), stream(io) {}

  void Connect() {
    stream.close();
    buffer.clear();
    asio::ip::tcp::resolver resolver(io);
    stream.connect(resolver.resolve(address.host, address.port));
    stream.socket().set_option(asio::ip::tcp::no_delay(true));
    is_connected = true;
  }

  Answer Exchange(const HttpRequest& call) {
    http::request<http::string_body> request(http::string_to_verb(call.verb), call.target, 11);
    request.set(http::field::host, address.host + ":" + address.port);
    if (!call.token.empty()) request.set(http::field::authorization, "Bearer " + call.token);
    for (const auto& [name, value] : call.headers) request.set(name, value);
    if (!call.body.empty()) {
      request.set(http::field::content_type, "application/json");
      request.body() = call.body;
    }
    request.prepare_payload();
    http::write(stream, request);
    http::response_parser<http::string_body> parser;
    parser.body_limit(kBodyMax);
    http::read_header(stream, buffer, parser);
    // Events go on for as long as the token lives; that they began is the answer.
    if (parser.get()[http::field::content_type].starts_with("text/event-stream")) {
      is_connected = false;
      return ToAnswer(parser.get().result_int(), "");
    }
    http::read(stream, buffer, parser);
    auto response = parser.release();
    if (!response.keep_alive()) is_connected = false;
    return ToAnswer(response.result_int(), std::move(response.body()));
  }

  const replay::HttpAddress address;
  asio::io_context io;
  beast::tcp_stream stream;
  beast::flat_buffer buffer;
  bool is_connected = false;
};

Rest::Rest(replay::HttpAddress gateway) : impl_(std::make_unique<Impl>(std::move(gateway))) {}
Rest::~Rest() = default;

Answer Rest::Send(const HttpRequest& request) {
  if (!impl_->is_connected) impl_->Connect();
  return impl_->Exchange(request);
}

json::object Rest::Call(const std::string& verb, const std::string& target,
                        const std::string& token, const json::object& body) {
  const Answer answer = Send({.verb = verb,
                              .target = target,
                              .token = token,
                              .body = verb == "GET" ? "" : json::serialize(body)});
  if (!answer.ok()) {
    throw std::runtime_error(verb + " " + target + ": " + answer.ToString() + " " + answer.text);
  }
  return json::parse(answer.text).as_object();
}

}  // namespace cloudpos::strangers

#include "gateway/proto_comments.h"

#include "google/protobuf/descriptor.pb.h"

// The file goes into the program as it is.
asm(".section .rodata\n"
    ".balign 16\n"
    "cloudpos_descriptors_begin:\n"
    ".incbin \"" CLOUDPOS_DESCRIPTOR_SET
    "\"\n"
    "cloudpos_descriptors_end:\n"
    ".byte 0\n"
    ".globl cloudpos_descriptors_begin\n"
    ".globl cloudpos_descriptors_end\n"
    ".previous\n");

extern "C" {
extern const char cloudpos_descriptors_begin[];
extern const char cloudpos_descriptors_end[];
}

namespace cloudpos::gateway {
namespace {

std::string Clean(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
    if (!clean.empty()) clean += clean.back() == '\n' || line.empty() ? "\n" : " ";
    clean += line;
  }
  while (!clean.empty() && (clean.back() == '\n' || clean.back() == ' ')) clean.pop_back();
  return clean;
}

template <typename Thing>
std::string CommentOf(const Thing* thing) {
  google::protobuf::SourceLocation location;
  if (thing == nullptr || !thing->GetSourceLocation(&location)) return "";
  return Clean(location.leading_comments.empty() ? location.trailing_comments
                                                 : location.leading_comments);
}

}  // namespace

ProtoComments::ProtoComments() {
  google::protobuf::FileDescriptorSet files;
  const auto size = cloudpos_descriptors_end - cloudpos_descriptors_begin;
  if (!files.ParseFromArray(cloudpos_descriptors_begin, static_cast<int>(size))) return;
  for (const auto& file : files.file()) pool_.BuildFile(file);
}

std::string ProtoComments::Of(const google::protobuf::Descriptor& message) const {
  return CommentOf(pool_.FindMessageTypeByName(message.full_name()));
}
std::string ProtoComments::Of(const google::protobuf::FieldDescriptor& field) const {
  return CommentOf(pool_.FindFieldByName(field.full_name()));
}
std::string ProtoComments::Of(const google::protobuf::EnumDescriptor& type) const {
  return CommentOf(pool_.FindEnumTypeByName(type.full_name()));
}
std::string ProtoComments::Of(const google::protobuf::ServiceDescriptor& service) const {
  return CommentOf(pool_.FindServiceByName(service.full_name()));
}
std::string ProtoComments::Of(const google::protobuf::MethodDescriptor& method) const {
  return CommentOf(pool_.FindMethodByName(method.full_name()));
}

std::string FirstSentence(std::string_view comment) {
  size_t end = comment.find_first_of(".\n:");
  while (end != comment.npos && comment[end] != '\n' && end + 1 < comment.size() &&
         comment[end + 1] != ' ' && comment[end + 1] != '\n') {
    end = comment.find_first_of(".\n:", end + 1);
  }
  return std::string(comment.substr(0, end));
}

}  // namespace cloudpos::gateway

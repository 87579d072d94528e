#include "gateway/linked_protos.h"

#include <algorithm>
#include <string>

#include "google/protobuf/descriptor_database.h"

namespace cloudpos::gateway {

std::vector<const google::protobuf::FileDescriptor*> LinkedProtoFiles() {
  using google::protobuf::DescriptorPool;
  std::vector<std::string> names;
  // The only way protobuf has to list the linked files; public, though named internal.
  DescriptorPool::internal_generated_database()->FindAllFileNames(&names);
  std::sort(names.begin(), names.end());
  std::vector<const google::protobuf::FileDescriptor*> files;
  for (const std::string& name : names) {
    files.push_back(DescriptorPool::generated_pool()->FindFileByName(name));
  }
  return files;
}

}  // namespace cloudpos::gateway

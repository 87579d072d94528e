#include "services/transaction/domain/numbering.h"

namespace cloudpos::transaction {

base::Uuid JournalId(const base::Uuid& reg, const base::Uuid& device, int generation,
                     std::string_view series) {
  std::string name = "journal/" + device.ToString() + "/" + std::to_string(generation);
  if (series != kSalesSeries) name.append("/").append(series);
  return base::DeriveUuidV5(reg, name);
}

std::string ReceiptPrefix(const Store& store, const Register& reg, const Device* device,
                          int generation) {
  std::string code = device == nullptr ? "0" : device->code;
  if (device != nullptr && generation > 1) code += "." + std::to_string(generation);
  return store.code + "-" + reg.code + "-" + code + "-";
}

}  // namespace cloudpos::transaction

// The transaction service: taxes and store policy, journals, sales, returns, receipts.

#include "services/transaction/migrations.h"
#include "services/transaction/transaction_service.h"

int main(int argc, char** argv) {
  using namespace cloudpos;
  return service::Main(
      argc, argv,
      {.name = "transaction",
       .migrations = {events::Migrations(), {"transaction", &transaction::Migrations()}},
       .peers = {"auth", "inventory"},
       .workers = 64,  // they wait for the sale batcher
       .make = [] { return std::make_unique<transaction::TransactionService>(); }});
}

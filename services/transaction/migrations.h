#pragma once

#include <vector>

#include "libs/pg/migrate.h"

namespace cloudpos::transaction {

/// migrations/*.sql, compiled in (cmake/EmbedMigrations.cmake).
const std::vector<pg::Migration>& Migrations();

}  // namespace cloudpos::transaction

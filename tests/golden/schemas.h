#pragma once

// The schemas of all services; the list is made by CMake.

#include <vector>

#include "libs/pg/migrate.h"

namespace cloudpos::golden {

/// One set a service, named as it.
std::vector<pg::MigrationSet> Schemas();

}  // namespace cloudpos::golden

#pragma once

// Lists kept beside the tests. What differs is either a mistake, or a change of something that
// others rely on: then tests/golden/update rewrites the lists, and the diff is reviewed like code.

#include <string>
#include <vector>

namespace cloudpos::golden {

/// Fails the test, naming the lines that came and went, unless file `name` holds exactly `lines`.
/// With POS_TEST_GOLDEN=update in the environment the file is written instead.
void CheckLines(const std::string& name, const std::vector<std::string>& lines);

}  // namespace cloudpos::golden

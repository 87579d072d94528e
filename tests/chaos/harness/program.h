#pragma once

// `chaos --state FOLDER ...`: what tests/chaos/run starts once the suite runs.

namespace cloudpos::chaos {

/// Answers the exit code: 0 good, 1 broken or invalid, 2 the call is wrong.
int RunProgram(int argc, char** argv);

}  // namespace cloudpos::chaos

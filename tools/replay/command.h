#pragma once

// `cloudpos-replay FILE [--json] ...`.

namespace cloudpos::replay {

/// Answers the exit code: 0 done, 1 failed, 2 the call is wrong.
int RunCommand(int argc, char** argv);

}  // namespace cloudpos::replay

#pragma once

namespace cloudpos::rpc {

/// Once per process: Debian builds Abseil with its mutex deadlock detector on, whose one global
/// graph every lock inside gRPC passes through: 5 % of a call's CPU time for a debugging aid.
void TuneOnce();

}  // namespace cloudpos::rpc

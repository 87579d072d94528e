#pragma once

// Faults and mistakes on demand, in programs built for tests alone (build/faulty; README.md). In
// the programs that run shops these macros are nothing.
//
// For .cc files only: those that include this are compiled a second time with CLOUDPOS_FAULTS.

#ifdef CLOUDPOS_FAULTS

#include <cstdint>

namespace cloudpos::faults {

void Reach(const char* point);
void ReachMeanwhile(const char* point);
bool ReachAndFail(const char* point);
bool HasBug(const char* name);
int64_t ClockShiftSeconds();

/// `query` with `to` in place of its text `from`, if the bug is on. Ends the program when `from` is
/// not there: the statement has changed and the bug must follow it.
const char* RewriteSql(const char* bug, const char* sql, const char* from, const char* to);

template <typename Query>
Query Rewrite(const char* bug, Query query, const char* from, const char* to) {
  query.sql = RewriteSql(bug, query.sql, from, to);
  return query;
}

}  // namespace cloudpos::faults

#define FAIL_POINT(point) ::cloudpos::faults::Reach(point)
#define FAIL_POINT_MEANWHILE(point) ::cloudpos::faults::ReachMeanwhile(point)
#define FAIL_POINT_ERROR(point) ::cloudpos::faults::ReachAndFail(point)
#define SEEDED_BUG(name) ::cloudpos::faults::HasBug(name)
#define SEEDED_SQL(name, query, from, to) ::cloudpos::faults::Rewrite(name, query, from, to)
#define CLOCK_SHIFT_SECONDS() ::cloudpos::faults::ClockShiftSeconds()

#else

/// Here the process may be killed or stopped, or sleep.
#define FAIL_POINT(point) static_cast<void>(0)
/// The same a moment later, while the caller goes on.
#define FAIL_POINT_MEANWHILE(point) static_cast<void>(0)
/// The same, or true: the caller fails.
#define FAIL_POINT_ERROR(point) false
/// Whether the mistake of that name is made: tests/chaos/README.md lists them.
#define SEEDED_BUG(name) false
/// The statement, or with the mistake of that name one in which `from` reads `to`.
#define SEEDED_SQL(name, query, from, to) (query)
/// How far the program's clock is out.
#define CLOCK_SHIFT_SECONDS() 0

#endif

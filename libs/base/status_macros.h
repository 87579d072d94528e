#pragma once

// Early return for absl::Status and absl::StatusOr:
//   CLOUDPOS_RETURN_IF_ERROR(Validate(request));
//   CLOUDPOS_ASSIGN_OR_RETURN(const Store store, SelectStore(tx, id));

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define CLOUDPOS_CONCAT_(a, b) a##b
#define CLOUDPOS_CONCAT(a, b) CLOUDPOS_CONCAT_(a, b)

// Names count up, so that a lambda inside the expression may use the macros, too.
#define CLOUDPOS_RETURN_IF_ERROR(expression) \
  CLOUDPOS_RETURN_IF_ERROR_(CLOUDPOS_CONCAT(status_, __COUNTER__), expression)

#define CLOUDPOS_RETURN_IF_ERROR_(status, expression)                              \
  do {                                                                             \
    if (absl::Status status = (expression); !status.ok()) [[unlikely]] return status; \
  } while (false)

#define CLOUDPOS_ASSIGN_OR_RETURN(target, expression) \
  CLOUDPOS_ASSIGN_OR_RETURN_(CLOUDPOS_CONCAT(result_, __COUNTER__), target, expression)

#define CLOUDPOS_ASSIGN_OR_RETURN_(result, target, expression)   \
  auto result = (expression);                                    \
  if (!result.ok()) [[unlikely]] return std::move(result).status(); \
  target = *std::move(result)

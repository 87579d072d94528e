// The WebAssembly module: bytes in and out through linear memory.
//   p = pos_alloc(size); write the operation's name and the request there
//   size = pos_call(op, op_size, request, request_size); read `size` bytes at pos_answer()
//   pos_free(p). The answer stays valid until the next pos_call.
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

#include "libs/pricing/wasm/api.h"

namespace {

std::string& Answer() {
  static std::string answer;
  return answer;
}

}  // namespace

// The library's own throws bad_alloc and drags in the whole exception runtime.
void* operator new(std::size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) __builtin_trap();
  return memory;
}
void* operator new[](std::size_t size) { return operator new(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

extern "C" {

// Debian's compiler-rt for wasm32 (128-bit division) is built with a stack protector that
// wasi-libc lacks; the sandbox makes the guard's value irrelevant.
std::size_t __stack_chk_guard = 0x5a17c0de;
[[noreturn]] void __stack_chk_fail() { __builtin_trap(); }

__attribute__((export_name("pos_alloc"))) void* pos_alloc(std::size_t size) {
  return std::malloc(size);
}

__attribute__((export_name("pos_free"))) void pos_free(void* memory) { std::free(memory); }

__attribute__((export_name("pos_call"))) std::size_t pos_call(const char* operation,
                                                              std::size_t operation_size,
                                                              const char* request,
                                                              std::size_t request_size) {
  Answer() = cloudpos::pricing::api::Call({operation, operation_size}, {request, request_size});
  return Answer().size();
}

__attribute__((export_name("pos_answer"))) const char* pos_answer() { return Answer().data(); }

}  // extern "C"

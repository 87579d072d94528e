# Language level, warnings, hardening, sanitizers and the linker: the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# -g1 keeps line numbers for stack traces at a third of the object size.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Warnings are errors in our code; generated code and system headers are exempt (Targets.cmake).
set(CLOUDPOS_WARNINGS -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor
    -Wcast-align -Woverloaded-virtual -Wconversion -Wno-sign-conversion -Wnull-dereference
    -Wimplicit-fallthrough
    # Designated initialisers leave the rest to its defaults on purpose.
    -Wno-missing-field-initializers)

add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_compile_options(-fstack-protector-strong)
add_link_options(-Wl,-z,relro,-z,now)

set(CLOUDPOS_SANITIZE "" CACHE STRING "empty, address or thread")
if(CLOUDPOS_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer
                      -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
  # g++ 12 reports false positives in inlined code under sanitizers.
  list(APPEND CLOUDPOS_WARNINGS -Wno-maybe-uninitialized -Wno-null-dereference)
elseif(CLOUDPOS_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
  list(APPEND CLOUDPOS_WARNINGS -Wno-tsan -Wno-maybe-uninitialized -Wno-null-dereference)
else()
  add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()

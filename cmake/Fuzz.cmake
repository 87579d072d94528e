# Fuzz targets: programs for libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer, in
# build/fuzz, compiled by clang within the same build tree. Only the sources under test are compiled
# for them; generated protos are linked as they are, which is what makes this cheap.
#
#   cloudpos_fuzz_code(name SOURCES... DEPS...)   sources under test
#   cloudpos_fuzz_target(name CODE names...)      build/fuzz/<name> from <name>_target.cc

find_program(FUZZ_CLANG NAMES clang++-14)
file(GLOB FUZZ_RUNTIME /usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a)
set(CLOUDPOS_FUZZ OFF)
if(FUZZ_CLANG AND FUZZ_RUNTIME AND NOT CLOUDPOS_SANITIZE)
  set(CLOUDPOS_FUZZ ON)
else()
  message(STATUS "Fuzz targets: left out, need clang-14 libclang-rt-14-dev and no sanitizer")
endif()

set(CLOUDPOS_FUZZ_SANITIZERS address,undefined)
set(CLOUDPOS_FUZZ_OPTIONS -fsanitize=${CLOUDPOS_FUZZ_SANITIZERS},fuzzer-no-link
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1 -g1
    # Needs type information that the protos and the libraries of the system do not give.
    -fno-sanitize=vptr
    # AddressSanitizer checks what it checks, and better.
    -U_FORTIFY_SOURCE -Wall -Wextra -Werror -Wno-missing-field-initializers)

function(cloudpos_fuzz_options target)
  set_target_properties(${target} PROPERTIES
    CXX_COMPILER_LAUNCHER ${PROJECT_SOURCE_DIR}/cmake/with-clang
    CXX_LINKER_LAUNCHER ${PROJECT_SOURCE_DIR}/cmake/with-clang)
  target_compile_options(${target} PRIVATE ${CLOUDPOS_FUZZ_OPTIONS})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()

function(cloudpos_fuzz_code name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  list(TRANSFORM ARG_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/)
  add_library(fuzz_code_${name} OBJECT ${ARG_SOURCES})
  cloudpos_fuzz_options(fuzz_code_${name})
  target_link_libraries(fuzz_code_${name} PUBLIC ${ARG_DEPS})
endfunction()

function(cloudpos_fuzz_target name)
  cmake_parse_arguments(ARG "" "" "CODE" ${ARGN})
  add_executable(fuzz_${name} ${name}_target.cc entry.cc)
  cloudpos_fuzz_options(fuzz_${name})
  string(SUBSTRING ${name} 0 1 first)
  string(TOUPPER ${first} first)
  string(SUBSTRING ${name} 1 -1 rest)
  target_compile_definitions(fuzz_${name} PRIVATE FUZZ_TARGET=k${first}${rest})
  list(TRANSFORM ARG_CODE PREPEND fuzz_code_)
  foreach(code ${ARG_CODE})
    target_sources(fuzz_${name} PRIVATE $<TARGET_OBJECTS:${code}>)
    target_link_libraries(fuzz_${name} PRIVATE $<TARGET_PROPERTY:${code},INTERFACE_LINK_LIBRARIES>)
  endforeach()
  target_link_options(fuzz_${name} PRIVATE -fsanitize=${CLOUDPOS_FUZZ_SANITIZERS},fuzzer)
  set_target_properties(fuzz_${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
endfunction()

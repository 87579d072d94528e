# Programs for tests alone, in build/faulty: those of the suite with faults that can be switched on
# (libs/faults), and tools of tests. Part of target `all`; target `faulty` is them alone. Nothing of
# this is in bin/.
#
# There is no second tree of libraries: of what a program links, the sources that include
# libs/faults/faults.h are compiled a second time with CLOUDPOS_FAULTS, and linked before the
# archives, whose members of the same names are then left out.

add_custom_target(faulty)

# cloudpos_faulty_program(name): also build program cloudpos-<name> of this folder as
# build/faulty/cloudpos-<name>.
function(cloudpos_faulty_program name)
  set_property(GLOBAL APPEND PROPERTY CLOUDPOS_FAULTY_PROGRAMS ${name})
  set_property(GLOBAL PROPERTY CLOUDPOS_FAULTY_MAIN_${name} ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
endfunction()

# cloudpos_test_program(name DEPS... [TEST_DEPS...]): a tool of tests, build/faulty/<name>, of this
# folder's main.cc; the rest of the folder is library cloudpos::<name>_lib with its tests.
function(cloudpos_test_program name)
  cmake_parse_arguments(ARG "" "" "DEPS;TEST_DEPS" ${ARGN})
  cloudpos_library(${name}_lib DEPS ${ARG_DEPS} TEST_DEPS ${ARG_TEST_DEPS})
  add_executable(${name} main.cc)
  cloudpos_options(${name})
  target_link_libraries(${name} PRIVATE cloudpos::${name}_lib)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/faulty)
  add_dependencies(faulty ${name})
endfunction()

# cloudpos_build_faulty(): to be called when all libraries are known.
function(cloudpos_build_faulty)
  get_property(programs GLOBAL PROPERTY CLOUDPOS_FAULTY_PROGRAMS)
  foreach(name ${programs})
    get_property(main GLOBAL PROPERTY CLOUDPOS_FAULTY_MAIN_${name})
    set(program faulty-cloudpos-${name})
    add_executable(${program} ${main})
    cloudpos_options(${program})
    # The folder within the name: otherwise `ninja cloudpos-<name>` would mean this one.
    set_target_properties(${program} PROPERTIES
      OUTPUT_NAME faulty/cloudpos-${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
    cloudpos_linked_libraries(cloudpos_${name}_lib libraries)
    foreach(library ${libraries})
      cloudpos_faulty_objects(${library} objects)
      if(objects)
        target_sources(${program} PRIVATE $<TARGET_OBJECTS:${objects}>)
      endif()
    endforeach()
    target_link_libraries(${program} PRIVATE cloudpos::${name}_lib cloudpos::faults)
    add_dependencies(faulty ${program})
  endforeach()
endfunction()

# Our own libraries that a program with `library` is linked from.
function(cloudpos_linked_libraries library out)
  set(todo ${library})
  set(seen "")
  while(todo)
    list(POP_FRONT todo next)
    string(REGEX REPLACE "^cloudpos::" "cloudpos_" next ${next})
    if(NOT next MATCHES "^cloudpos_" OR next IN_LIST seen OR NOT TARGET ${next})
      continue()
    endif()
    list(APPEND seen ${next})
    get_target_property(linked ${next} INTERFACE_LINK_LIBRARIES)
    if(linked)
      list(APPEND todo ${linked})
    endif()
  endwhile()
  set(${out} ${seen} PARENT_SCOPE)
endfunction()

# The object library with those sources of `library` that have faults, made once; empty when there
# are none.
function(cloudpos_faulty_objects library out)
  set(objects ${library}_faulty)
  set(${out} "" PARENT_SCOPE)
  if(NOT TARGET ${objects})
    cloudpos_sources_with_faults(${library} sources)
    if(NOT sources)
      return()
    endif()
    add_library(${objects} OBJECT ${sources})
    target_compile_definitions(${objects} PRIVATE CLOUDPOS_FAULTS=1)
    get_target_property(options ${library} COMPILE_OPTIONS)
    target_compile_options(${objects} PRIVATE ${options})
    get_target_property(linked ${library} LINK_LIBRARIES)
    target_link_libraries(${objects} PRIVATE ${linked})
    target_include_directories(${objects} PRIVATE ${PROJECT_SOURCE_DIR})
  endif()
  set(${out} ${objects} PARENT_SCOPE)
endfunction()

# Every source is a reason to configure again (a second of work): it may have got its first fault.
function(cloudpos_sources_with_faults library out)
  get_target_property(sources ${library} SOURCES)
  get_target_property(type ${library} TYPE)
  set(found "")
  if(NOT type STREQUAL INTERFACE_LIBRARY AND NOT library STREQUAL cloudpos_faults)
    foreach(source ${sources})
      if(source MATCHES "^${PROJECT_SOURCE_DIR}/(libs|gateway|services)/.*\\.cc$")
        set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY
                     CMAKE_CONFIGURE_DEPENDS ${source})
        file(STRINGS ${source} includes REGEX "^#include \"libs/faults/faults.h\"" LIMIT_COUNT 1)
        if(includes)
          list(APPEND found ${source})
        endif()
      endif()
    endforeach()
  endif()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

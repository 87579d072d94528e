# The kinds of target the project has. Sources are found by name, so that a new file or a new RPC
# needs no edit here:
#   x.cc          belongs to the library        x_test.cc   belongs to its test program
#   main.cc       is the program                *.proto     belong to the proto library

function(cloudpos_options target)
  target_compile_options(${target} PRIVATE ${CLOUDPOS_WARNINGS})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
endfunction()

function(cloudpos_sources out_code out_tests)
  file(GLOB all CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc
       ${CMAKE_CURRENT_SOURCE_DIR}/domain/*.cc)
  set(code ${all})
  list(FILTER code EXCLUDE REGEX "(_test|/main)\\.cc$")
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(${out_code} ${code} PARENT_SCOPE)
  set(${out_tests} ${tests} PARENT_SCOPE)
endfunction()

# cloudpos_tests(name SOURCES files... DEPS targets...): one Catch2 program; each case is a ctest,
# labelled with its Catch tags.
function(cloudpos_tests name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  cloudpos_options(${name})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} cloudpos::testing_main)
  catch_discover_tests(${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST
                       PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77)
endfunction()

# cloudpos_library(name DEPS... [TEST_DEPS...]): a library of this folder and its tests.
function(cloudpos_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;TEST_DEPS" ${ARGN})
  cloudpos_sources(code tests)
  if(code)
    add_library(cloudpos_${name} STATIC ${code})
    cloudpos_options(cloudpos_${name})
    target_link_libraries(cloudpos_${name} PUBLIC ${ARG_DEPS})
  else()
    add_library(cloudpos_${name} INTERFACE)
    target_include_directories(cloudpos_${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(cloudpos_${name} INTERFACE ${ARG_DEPS})
  endif()
  add_library(cloudpos::${name} ALIAS cloudpos_${name})
  if(tests)
    cloudpos_tests(${name}_test SOURCES ${tests} DEPS cloudpos::${name} ${ARG_TEST_DEPS})
  endif()
endfunction()

# cloudpos_program(name DEPS...): a program from main.cc of this folder, the rest of the folder as
# library cloudpos::<name>_lib with its tests.
function(cloudpos_program name)
  cmake_parse_arguments(ARG "" "" "DEPS;TEST_DEPS" ${ARGN})
  cloudpos_library(${name}_lib DEPS ${ARG_DEPS} TEST_DEPS ${ARG_TEST_DEPS})
  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
    return()
  endif()
  add_executable(cloudpos-${name} main.cc)
  cloudpos_options(cloudpos-${name})
  target_link_libraries(cloudpos-${name} PRIVATE cloudpos::${name}_lib)
  install(TARGETS cloudpos-${name} RUNTIME DESTINATION bin)
endfunction()

# cloudpos_service(name DEPS...): program cloudpos-<name> with the folder's migrations compiled in
# (cloudpos::<name>::Migrations(), see libs/pg/migrate.h).
function(cloudpos_service name)
  cmake_parse_arguments(ARG "" "" "DEPS;TEST_DEPS" ${ARGN})
  cloudpos_embed_migrations(${name})
  cloudpos_program(${name}
    DEPS cloudpos::proto_${name} cloudpos::${name}_migrations cloudpos::service cloudpos::rpc
         cloudpos::events cloudpos::pg cloudpos::config cloudpos::log cloudpos::metrics
         cloudpos::base ${ARG_DEPS}
    TEST_DEPS cloudpos::testing ${ARG_TEST_DEPS})
  cloudpos_faulty_program(${name})
endfunction()

function(cloudpos_embed_migrations name)
  file(GLOB sql CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/migrations/*.sql)
  list(FILTER sql EXCLUDE REGEX "_test\\.sql$")
  list(SORT sql)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${name}_migrations.cc)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DSERVICE=${name} "-DFILES=${sql}"
            -P ${PROJECT_SOURCE_DIR}/cmake/EmbedMigrations.cmake
    DEPENDS ${sql} ${PROJECT_SOURCE_DIR}/cmake/EmbedMigrations.cmake VERBATIM)
  add_library(cloudpos_${name}_migrations STATIC ${out})
  cloudpos_options(cloudpos_${name}_migrations)
  target_link_libraries(cloudpos_${name}_migrations PUBLIC cloudpos::pg)
  add_library(cloudpos::${name}_migrations ALIAS cloudpos_${name}_migrations)
endfunction()

# cloudpos_proto(name DEPS...): messages of proto/cloudpos/<name>/v1/*.proto. Messages only: RPCs
# are dispatched by descriptor (libs/rpc), so no gRPC stubs are generated. Link it as a whole
# archive where descriptors are looked up by name (the gateway): see cloudpos::proto_all.
function(cloudpos_proto name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  set(root ${PROJECT_SOURCE_DIR}/proto)
  file(GLOB protos CONFIGURE_DEPENDS ${root}/cloudpos/${name}/v1/*.proto)
  cloudpos_protoc(${name} ${root} "${protos}" "${ARG_DEPS}")
endfunction()

function(cloudpos_protoc name root protos deps)
  set(out ${PROJECT_BINARY_DIR}/proto-gen)
  set(generated "")
  foreach(proto ${protos})
    file(RELATIVE_PATH rel ${root} ${proto})
    string(REGEX REPLACE "\\.proto$" "" stem ${rel})
    add_custom_command(
      OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h
      COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
      COMMAND protobuf::protoc --cpp_out=${out} -I${root} -I${PROJECT_SOURCE_DIR}/proto
              -I${GOOGLEAPIS_PROTO_DIR} -I${PROTOBUF_WELL_KNOWN_DIR} ${proto}
      DEPENDS ${proto} VERBATIM)
    list(APPEND generated ${out}/${stem}.pb.cc)
  endforeach()
  # Object files, so that cloudpos::proto_all can link those that no code refers to; a static
  # library for everyone else.
  add_library(cloudpos_proto_${name}_objects OBJECT ${generated})
  target_include_directories(cloudpos_proto_${name}_objects SYSTEM PUBLIC ${out})
  target_link_libraries(cloudpos_proto_${name}_objects PUBLIC protobuf::libprotobuf ${deps})
  add_library(cloudpos_proto_${name} STATIC $<TARGET_OBJECTS:cloudpos_proto_${name}_objects>)
  target_include_directories(cloudpos_proto_${name} SYSTEM PUBLIC ${out})
  target_link_libraries(cloudpos_proto_${name} PUBLIC protobuf::libprotobuf ${deps})
  add_library(cloudpos::proto_${name} ALIAS cloudpos_proto_${name})
endfunction()

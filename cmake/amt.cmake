# amt_library, amt_program and amt_test: the only ways to make a target here.
# The repository root is the only include root, so an include line names its module.

add_library(amt_options INTERFACE)
target_include_directories(amt_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(amt_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
    -Woverloaded-virtual
    -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
    target_compile_options(amt_options INTERFACE
        -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang)
endif()
if(AMT_FUZZ) # coverage of the libraries, too, not only of the fuzzer's own file
    target_compile_options(amt_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    # Whoever builds this with another compiler shall get a town hall, not an argument. GCC 12 itself is wrong about strings at
    # -O2 and above (-Wrestrict, PR105651).
    target_compile_options(amt_options INTERFACE -Wno-restrict)
else()
    target_compile_options(amt_options INTERFACE -Werror)
endif()
target_compile_definitions(amt_options INTERFACE AMT_VERSION="${PROJECT_VERSION}")
target_link_options(amt_options INTERFACE -Wl,-z,relro,-z,now)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_definitions(amt_options INTERFACE _FORTIFY_SOURCE=2)
endif()
if(AMT_SANITIZE)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # GCC 12 takes the sanitizers' own bookkeeping for uninitialised values
        target_compile_options(amt_options INTERFACE -Wno-maybe-uninitialized)
    endif()
    target_compile_options(amt_options INTERFACE
        -fsanitize=${AMT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
    target_link_options(amt_options INTERFACE -fsanitize=${AMT_SANITIZE})
endif()

# amt_library(eid SOURCES a.cpp PUBLIC amt::core PRIVATE OpenSSL::Crypto): target amt_eid, alias amt::eid
function(amt_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
    add_library(amt_${name} STATIC ${ARG_SOURCES})
    add_library(amt::${name} ALIAS amt_${name})
    target_link_libraries(amt_${name} PUBLIC amt_options ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# amt_program(amt-node SOURCES main.cpp LINK amt::node)
function(amt_program name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE amt_options ${ARG_LINK})
endfunction()

# amt_test(zvt SOURCES frame_test.cpp LINK amt::zvt [LABELS rig]): one Boost.Test binary a module, run by ctest.
# A test that needs something this machine lacks prints "SKIPPED: name: reason" and counts as skipped
# when nothing else ran in it (exit code 77); see tests/support/skip.h.
function(amt_test name)
    cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
    add_executable(test_${name} ${ARG_SOURCES} ${CMAKE_SOURCE_DIR}/tests/support/test_main.cpp)
    target_link_libraries(test_${name} PRIVATE amt_options amt::core Boost::unit_test_framework ${ARG_LINK})
    target_compile_definitions(test_${name} PRIVATE BOOST_TEST_DYN_LINK
        AMT_SOURCE_DIR="${CMAKE_SOURCE_DIR}" AMT_BINARY_DIR="${CMAKE_BINARY_DIR}")
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 300)
    endif()
    add_test(NAME ${name} COMMAND test_${name})
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()

# amt_fuzzer(zvt_frame SOURCES zvt_frame.cpp LINK amt::zvt): libFuzzer target fuzz_zvt_frame
function(amt_fuzzer name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
    add_executable(fuzz_${name} ${ARG_SOURCES})
    target_link_libraries(fuzz_${name} PRIVATE amt_options ${ARG_LINK})
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    if(NOT TARGET fuzzers)
        add_custom_target(fuzzers)
    endif()
    add_dependencies(fuzzers fuzz_${name})
endfunction()

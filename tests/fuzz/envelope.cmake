# Envelopes, Security Event Tokens, keys and chains from a stranger. AMT_SOURCE_DIR: the test keys are read from there.
foreach(name envelope_jwe envelope_set envelope_keys)
    amt_fuzzer(${name} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${name}.cpp LINK amt::envelope)
    target_compile_definitions(fuzz_${name} PRIVATE AMT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
endforeach()

# Envelopes, Security Event Tokens, keys and chains from a stranger. AMT_SOURCE_DIR: the test keys are read from there.
amt_fuzzer(envelope_jwe SOURCES ${CMAKE_CURRENT_LIST_DIR}/envelope_jwe.cpp LINK amt::envelope)
amt_fuzzer(envelope_set SOURCES ${CMAKE_CURRENT_LIST_DIR}/envelope_set.cpp LINK amt::envelope)
amt_fuzzer(envelope_keys SOURCES ${CMAKE_CURRENT_LIST_DIR}/envelope_keys.cpp LINK amt::envelope)
amt_fuzzer(envelope_base64 SOURCES ${CMAKE_CURRENT_LIST_DIR}/envelope_base64.cpp LINK amt::envelope)
amt_fuzzer(envelope_export SOURCES ${CMAKE_CURRENT_LIST_DIR}/envelope_export.cpp LINK amt::envelope)
foreach(name envelope_jwe envelope_set envelope_keys)
    target_compile_definitions(fuzz_${name} PRIVATE AMT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
endforeach()

# Any events as a scanner's keys.
amt_fuzzer(scanner_keys SOURCES ${CMAKE_CURRENT_LIST_DIR}/scanner_keys.cpp LINK amt::scanner)

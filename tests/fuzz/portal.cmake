# Bodies of the v2 flow, and metadata.
amt_fuzzer(portal_words SOURCES ${CMAKE_CURRENT_LIST_DIR}/portal_words.cpp LINK amt::portal)

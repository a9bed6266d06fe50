# Bodies of the v2 flow, and metadata.
amt_fuzzer(portal_words SOURCES ${CMAKE_CURRENT_LIST_DIR}/portal_words.cpp LINK amt::portal)
# Words of a payment service.
amt_fuzzer(portal_payments SOURCES ${CMAKE_CURRENT_LIST_DIR}/portal_payments.cpp LINK amt::portal)

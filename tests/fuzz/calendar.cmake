# Messages of the quota protocol (Kontingente).
amt_fuzzer(quota_words SOURCES ${CMAKE_CURRENT_LIST_DIR}/quota_words.cpp LINK amt::calendar_rules)

# Messages of the quota protocol (Kontingente); files that a town brings along.
amt_fuzzer(quota_words SOURCES ${CMAKE_CURRENT_LIST_DIR}/quota_words.cpp LINK amt::calendar_rules)
amt_fuzzer(calendar_files SOURCES ${CMAKE_CURRENT_LIST_DIR}/calendar_files.cpp LINK amt::office)
amt_fuzzer(appointment_files SOURCES ${CMAKE_CURRENT_LIST_DIR}/appointment_files.cpp LINK amt::calendar_file)

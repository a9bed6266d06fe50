# Form bodies of the kiosk and the desk, with files and without.
amt_fuzzer(http_form SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_form.cpp LINK amt::core)
amt_fuzzer(http_multipart SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_multipart.cpp LINK amt::core)

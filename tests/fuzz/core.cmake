# Form bodies of the kiosk and the desk.
amt_fuzzer(http_form SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_form.cpp LINK amt::core)

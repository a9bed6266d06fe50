# Receipts with any text, and the simulated printer with any bytes.
amt_fuzzer(escpos_receipt SOURCES ${CMAKE_CURRENT_LIST_DIR}/escpos_receipt.cpp LINK amt::escpos amt::sim_printer)
amt_fuzzer(escpos_interpreter SOURCES ${CMAKE_CURRENT_LIST_DIR}/escpos_interpreter.cpp LINK amt::sim_printer)

# ZVT: streams, frames and messages of a terminal, and a dialogue with a hostile one.
amt_fuzzer(zvt_frame SOURCES ${CMAKE_CURRENT_LIST_DIR}/zvt_frame.cpp LINK amt::zvt)
amt_fuzzer(zvt_dialogue SOURCES ${CMAKE_CURRENT_LIST_DIR}/zvt_dialogue.cpp LINK amt::zvt)

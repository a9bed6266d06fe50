# What a broker may say to the node, and a node to the broker: frames, the table, the objects of the ports.
amt_fuzzer(broker_frame SOURCES ${CMAKE_CURRENT_LIST_DIR}/broker_frame.cpp LINK amt::broker)

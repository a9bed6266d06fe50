# Everything that a card, a reader or a certificate file may say to drivers/eid.
amt_fuzzer(eid_tlv SOURCES eid_tlv.cpp LINK amt::eid)
amt_fuzzer(eid_cvc SOURCES eid_cvc.cpp LINK amt::eid)
amt_fuzzer(eid_security_info SOURCES eid_security_info.cpp LINK amt::eid amt::sim_card)
amt_fuzzer(eid_dialogue SOURCES eid_dialogue.cpp LINK amt::eid amt::sim_card)
amt_fuzzer(eid_reader SOURCES eid_reader.cpp LINK amt::eid)

// SPDX-License-Identifier: EUPL-1.2
//
// Messages are found however the stream is cut; lengths that are none are refused at once.
#include "appliance/core/error.h"
#include "drivers/broker/framing.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::broker;

BOOST_AUTO_TEST_SUITE(broker_framing)

BOOST_AUTO_TEST_CASE(a_message_stands_after_its_length)
{
    BOOST_TEST(toHex(frame("{}")) == "000000027b7d");
}

BOOST_AUTO_TEST_CASE(messages_are_found_in_single_bytes)
{
    const auto stream = concat(frame("{\"a\":1}"), frame("{}"));
    FrameReader reader;
    std::vector<std::string> found;
    for (const auto byte : stream) {
        reader.feed(ByteView{&byte, 1});
        while (const auto message = reader.next())
            found.push_back(*message);
    }
    BOOST_TEST(found == (std::vector<std::string>{"{\"a\":1}", "{}"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(two_messages_in_one_piece_are_two)
{
    FrameReader reader;
    reader.feed(concat(frame("{}"), frame("{\"b\":2}")));
    BOOST_TEST(reader.next().value() == "{}");
    BOOST_TEST(reader.next().value() == "{\"b\":2}");
    BOOST_TEST(!reader.next().has_value());
}

BOOST_AUTO_TEST_CASE(the_longest_message_is_taken_and_one_byte_more_is_not)
{
    const std::string longest(messageBytesMax, 'x');
    FrameReader reader;
    reader.feed(frame(longest));
    BOOST_TEST((reader.next().value() == longest));
    BOOST_CHECK_EXCEPTION(frame(longest + "x"), Error,
                          [](const Error& e) { return e.errorCode() == ErrorCode::InputTooLarge; });
    reader.feed(fromHex("00010001"));
    BOOST_CHECK_EXCEPTION(reader.next(), Error,
                          [](const Error& e) { return e.errorCode() == ErrorCode::InputTooLarge; });
}

BOOST_AUTO_TEST_CASE(an_empty_message_is_refused)
{
    FrameReader reader;
    reader.feed(fromHex("00000000"));
    BOOST_CHECK_EXCEPTION(reader.next(), Error, [](const Error& e) {
        return e.errorCode() == ErrorCode::InputMalformed;
    });
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: EUPL-1.2
//
// The table holds: nobody speaks out of turn, twice, or about another request.
#include "appliance/core/error.h"
#include "drivers/broker/messages.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::broker;
namespace data = boost::unit_test::data;

namespace {

struct Said {
    Sender sender;
    MessageType type;
    std::int64_t id;
};
constexpr auto node = Sender::Node;
constexpr auto broker_ = Sender::Broker;
using T = MessageType;

struct Story {
    const char* what;
    Driver driver;
    std::vector<Said> said; ///< after both hellos
    bool lastRefused;       ///< the last of it; all before is allowed
};
std::ostream& operator<<(std::ostream& out, const Story& story)
{
    return out << story.what;
}

const std::vector<Story> stories = {
    {"a whole read",
     Driver::Eid,
     {{node, T::Read, 1},
      {broker_, T::Step, 1},
      {broker_, T::Sign, 1},
      {node, T::Signature, 1},
      {broker_, T::Step, 1},
      {broker_, T::Identity, 1},
      {node, T::Read, 2}},
     false},
    {"a second signature in one read",
     Driver::Eid,
     {{node, T::Read, 1}, {broker_, T::Sign, 1}, {node, T::Signature, 1}, {broker_, T::Sign, 1}},
     true},
    {"a signature wanted without a read", Driver::Eid, {{broker_, T::Sign, 0}}, true},
    {"a signature wanted after the read",
     Driver::Eid,
     {{node, T::Read, 1}, {broker_, T::Identity, 1}, {broker_, T::Sign, 1}},
     true},
    {"a signature that nobody asked for",
     Driver::Eid,
     {{node, T::Read, 1}, {node, T::Signature, 1}},
     true},
    {"a signature that crosses the end of its read",
     Driver::Eid,
     {{node, T::Read, 1},
      {broker_, T::Sign, 1},
      {broker_, T::Identity, 1},
      {node, T::Signature, 1}},
     false},
    {"that signature twice",
     Driver::Eid,
     {{node, T::Read, 1},
      {broker_, T::Sign, 1},
      {broker_, T::Identity, 1},
      {node, T::Signature, 1},
      {node, T::Signature, 1}},
     true},
    {"a cancel that crosses the end",
     Driver::Eid,
     {{node, T::Read, 1}, {broker_, T::Identity, 1}, {node, T::Cancel, 1}, {node, T::Read, 2}},
     false},
    {"two cancels",
     Driver::Eid,
     {{node, T::Read, 1}, {node, T::Cancel, 1}, {node, T::Cancel, 1}},
     true},
    {"two reads at once", Driver::Eid, {{node, T::Read, 1}, {node, T::Read, 2}}, true},
    {"two outcomes",
     Driver::Eid,
     {{node, T::Read, 1}, {broker_, T::Identity, 1}, {broker_, T::Identity, 1}},
     true},
    {"a step of another read", Driver::Eid, {{node, T::Read, 2}, {broker_, T::Step, 1}}, true},
    {"an id that went back",
     Driver::Eid,
     {{node, T::Read, 2}, {broker_, T::Identity, 2}, {node, T::Read, 2}},
     true},
    {"a reader that takes money", Driver::Eid, {{node, T::Authorise, 1}}, true},
    {"a second hello", Driver::Eid, {{node, T::Hello, 0}}, true},
    {"a whole payment",
     Driver::Payment,
     {{node, T::Authorise, 1},
      {broker_, T::Evidence, 1},
      {node, T::Committed, 1},
      {broker_, T::Status, 1},
      {node, T::Abort, 1},
      {broker_, T::Evidence, 1},
      {broker_, T::Status, 1},
      {node, T::Committed, 1},
      {broker_, T::Receipt, 1},
      {broker_, T::Payment, 1}},
     false},
    {"a commit that nobody waits for",
     Driver::Payment,
     {{node, T::Authorise, 1}, {node, T::Committed, 1}},
     true},
    {"evidence before the last was committed",
     Driver::Payment,
     {{node, T::Authorise, 1}, {broker_, T::Evidence, 1}, {broker_, T::Evidence, 1}},
     true},
    {"a line lost while the node commits",
     Driver::Payment,
     {{node, T::Authorise, 1},
      {broker_, T::Evidence, 1},
      {broker_, T::Payment, 1},
      {node, T::Committed, 1},
      {node, T::Resolve, 2}},
     false},
    {"an outcome without an order", Driver::Payment, {{broker_, T::Payment, 0}}, true},
    {"a terminal that reads cards", Driver::Payment, {{node, T::Read, 1}}, true},
    {"printing and asking",
     Driver::Printer,
     {{node, T::Print, 1}, {broker_, T::Printed, 1}, {node, T::State, 2}, {broker_, T::State, 2}},
     false},
    {"printed without a job", Driver::Printer, {{broker_, T::Printed, 0}}, true},
    {"scanning, and scanning again",
     Driver::Scanner,
     {{node, T::Scan, 1},
      {broker_, T::Listening, 1},
      {broker_, T::Scanned, 1},
      {node, T::Scan, 2},
      {node, T::Cancel, 2},
      {broker_, T::Scanned, 2},
      {node, T::Scan, 3},
      {broker_, T::Scanned, 3},
      {node, T::Cancel, 3}},
     false},
    {"a code that nobody asked for", Driver::Scanner, {{broker_, T::Scanned, 0}}, true},
    {"two codes for one scan",
     Driver::Scanner,
     {{node, T::Scan, 1}, {broker_, T::Scanned, 1}, {broker_, T::Scanned, 1}},
     true},
    {"two scans at once", Driver::Scanner, {{node, T::Scan, 1}, {node, T::Scan, 2}}, true},
    {"a scanner that reads cards", Driver::Scanner, {{node, T::Read, 1}}, true},
    {"speaking, and speaking again",
     Driver::Speech,
     {{node, T::Speak, 1}, {broker_, T::Spoken, 1}, {node, T::Speak, 2}, {broker_, T::Spoken, 2}},
     false},
    {"a sound that nobody asked for", Driver::Speech, {{broker_, T::Spoken, 0}}, true},
    {"two sentences at once", Driver::Speech, {{node, T::Speak, 1}, {node, T::Speak, 2}}, true},
    {"a voice that scans", Driver::Speech, {{node, T::Scan, 1}}, true},
    {"a state instead of printed",
     Driver::Printer,
     {{node, T::Print, 1}, {broker_, T::State, 1}},
     true},
};

struct Broken {
    Sender sender;
    std::string text;
};
const std::vector<Broken> broken = {
    {node, R"({})"},
    {node, R"({"type":"hello"})"},
    {node, R"({"type":"hello","driver":"eid","id":1})"},
    {node, R"({"type":"hello","driver":"eid","":1})"},
    {node, R"({"type":"hello","driver":"eid","emulated":true})"},
    {node, R"({"type":"cancel"})"},
    {node, R"({"type":"cancel","id":0})"},
    {node, R"({"type":"cancel","id":-1})"},
    {node, R"({"type":"cancel","id":"1"})"},
    {node, R"({"type":"cancel","id":1,"more":1})"},
    {node, R"({"type":"read","id":1,"request":{}})"},
    {node, R"({"type":"step","id":1,"step":"reading"})"},
    {broker_, R"({"type":"read","id":1,"request":{},"waitForCard":1})"},
    {broker_, R"({"type":"identity","id":1})"},
    {broker_, R"({"type":"dance","id":1})"},
    {broker_, R"(["type"])"},
    {broker_, "\xff"},
};
std::ostream& operator<<(std::ostream& out, const Broken& message)
{
    return out << message.text;
}

Conversation greeted(Driver driver)
{
    Conversation conversation(driver);
    conversation.said(node, T::Hello, 0);
    conversation.said(broker_, T::Hello, 0);
    return conversation;
}

} // namespace

BOOST_AUTO_TEST_SUITE(broker_messages)

BOOST_DATA_TEST_CASE(the_table_allows_and_refuses, data::make(stories), story)
{
    auto conversation = greeted(story.driver);
    for (std::size_t i = 0; i < story.said.size(); ++i) {
        const auto& [sender, type, id] = story.said[i];
        if (story.lastRefused && i + 1 == story.said.size())
            BOOST_CHECK_EXCEPTION(conversation.said(sender, type, id), Error, [](const Error& e) {
                return e.errorCode() == ErrorCode::BrokerMessageUnexpected;
            });
        else
            BOOST_CHECK_NO_THROW(conversation.said(sender, type, id));
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_said_before_hello)
{
    Conversation conversation(Driver::Eid);
    BOOST_CHECK_THROW(conversation.said(node, T::Read, 1), Error);
    BOOST_CHECK_THROW(conversation.said(broker_, T::Hello, 0), Error);
    conversation.said(node, T::Hello, 0);
    BOOST_CHECK_THROW(conversation.said(node, T::Read, 1), Error);
}

BOOST_AUTO_TEST_CASE(a_broker_that_chatters_is_stopped)
{
    auto conversation = greeted(Driver::Eid);
    conversation.said(node, T::Read, 1);
    for (int i = 0; i < 32; ++i)
        conversation.said(broker_, T::Step, 1);
    BOOST_CHECK_THROW(conversation.said(broker_, T::Step, 1), Error);
    conversation.said(broker_, T::Identity, 1);
    conversation.said(node, T::Read, 2);
    BOOST_CHECK_NO_THROW(conversation.said(broker_, T::Step, 2)); // counted anew
}

BOOST_DATA_TEST_CASE(a_message_that_is_not_exactly_right_is_refused, data::make(broken), message)
{
    BOOST_CHECK_EXCEPTION(readMessage(message.sender, message.text), Error,
                          [](const Error& e) { return e.errorCode() == ErrorCode::JsonMalformed; });
}

BOOST_AUTO_TEST_CASE(a_message_is_read_with_its_type_and_id)
{
    const auto message = readMessage(broker_, R"({"type":"evidence","id":7,"evidence":"sent"})");
    BOOST_TEST((message.type == T::Evidence));
    BOOST_TEST(message.id == 7);
    BOOST_CHECK_NO_THROW(
        readMessage(broker_, R"({"type":"evidence","id":7,"evidence":"recorded","record":{}})"));
    BOOST_TEST((readMessage(node, R"({"type":"state","id":7})").type == T::State));
}

BOOST_AUTO_TEST_SUITE_END()

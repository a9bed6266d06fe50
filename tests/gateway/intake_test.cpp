// SPDX-License-Identifier: EUPL-1.2
//
// A request as its bytes come in: wherever the line cuts them it is the same, and what could be
// read in two ways is refused.
#include "appliance/core/error.h"
#include "sync/gateway/intake.h"
#include "tests/gateway/town.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using gateway::Intake;

namespace {

/// Gives `wire` to the intake in parts of `step` bytes; what is left over comes back.
std::string feed(Intake& intake, std::string_view wire, std::size_t step)
{
    while (!wire.empty() && intake.stage() != Intake::Stage::Whole) {
        std::string_view part = wire.substr(0, step);
        const std::size_t given = part.size();
        if (intake.take(part) == Intake::Stage::Leave)
            intake.allowBody();
        wire.remove_prefix(given - part.size());
    }
    return std::string(wire);
}

struct Known {
    const char* name;
    std::string wire;
    std::string body;
    bool keepsAlive;
};
std::ostream& operator<<(std::ostream& out, const Known& known)
{
    return out << known.name;
}
const Known knowns[] = {
    {"no body", "GET /a%20b?c=d%20e HTTP/1.1\r\nHost: x\r\n\r\n", "", true},
    {"an empty line before", "\r\nGET /a%20b?c=d%20e HTTP/1.1\r\nHost: x\r\n\r\n", "", true},
    {"a length", "PUT /a%20b?c=d%20e HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhallo",
     "hallo", true},
    {"chunks (RFC 9112 7.1)",
     "PUT /a%20b?c=d%20e HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3;a=b\r\nhal\r\n0002\r\nlo\r\n0\r\nTrailer: t\r\n\r\n",
     "hallo", true},
    {"the last one", "GET /a%20b?c=d%20e HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "",
     false},
    {"of HTTP/1.0", "GET /a%20b?c=d%20e HTTP/1.0\r\nHost: x\r\n\r\n", "", false},
};

struct Broken {
    const char* name;
    std::string wire;
    ErrorCode code = ErrorCode::RequestMalformed;
};
std::ostream& operator<<(std::ostream& out, const Broken& broken)
{
    return out << broken.name;
}
const std::string put = "PUT / HTTP/1.1\r\nHost: x\r\n";
const std::string inChunks = put + "Transfer-Encoding: chunked\r\n\r\n";
const Broken brokens[] = {
    {"no HTTP", "hello\r\n\r\n"},
    {"another version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n"},
    {"a doubled header", "GET / HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n"},
    {"a whole address", "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"a fragment", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"a broken escape", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"a head over its limit", "GET / HTTP/1.1\r\nX: " + std::string(16 * 1024, 'x')},
    {"many short headers",
     [] {
         std::string head = put;
         for (int i = 0; i < 100; ++i)
             head += "X" + std::to_string(i) + ": y\r\n";
         return head + "\r\n";
     }()},
    {"a negative length", put + "Content-Length: -1\r\n\r\n"},
    {"a length with a sign", put + "Content-Length: +1\r\n\r\n"},
    {"two lengths in one", put + "Content-Length: 1, 1\r\n\r\n"},
    {"a length beyond all numbers", put + "Content-Length: 99999999999999999999\r\n\r\n"},
    {"a body over the limit", put + "Content-Length: 200001\r\n\r\n", ErrorCode::InputTooLarge},
    {"length and chunks", put + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"another coding", put + "Transfer-Encoding: gzip, chunked\r\n\r\n"},
    {"chunks in HTTP/1.0", "PUT / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"a chunk without a length", inChunks + "\r\n"},
    {"a chunk with a sign", inChunks + "-1\r\n"},
    {"a chunk of 2^64", inChunks + "10000000000000000\r\n"},
    {"a chunk that is longer", inChunks + "1\r\nxy\r\n"},
    {"a chunk's line without CR", inChunks + "1\nx\r\n"},
    {"a chunk's line without end", inChunks + "1;" + std::string(2000, 'x')},
    {"trailers without end",
     [] {
         std::string wire = inChunks + "0\r\n";
         for (int i = 0; i < 20; ++i)
             wire += "T: t\r\n";
         return wire;
     }()},
    {"chunks over the limit", inChunks + "30D41\r\n" + std::string(200'001, 'x'),
     ErrorCode::InputTooLarge},
};

struct Desk {
    gateway::IntakeLimits limits{
        .bodyBytesMax = 200'000, .bodyFolder = {}, .allBodiesBytesMax = 400'000};
    std::atomic<std::size_t> allBodies{0};
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_intake)

BOOST_DATA_TEST_CASE(a_request_is_the_same_wherever_the_line_cuts_it, data::make(knowns), known)
{
    for (std::size_t step = 1; step <= known.wire.size(); ++step) {
        Desk desk;
        Intake intake(desk.limits, desk.allBodies);
        feed(intake, known.wire, step);
        BOOST_TEST((intake.stage() == Intake::Stage::Whole), "in parts of " << step);
        BOOST_TEST(intake.request.path == "/a b");
        BOOST_TEST(intake.request.query == "c=d%20e");
        BOOST_TEST(intake.request.headers.at("host") == "x");
        BOOST_TEST(intake.request.body == known.body);
        BOOST_TEST(intake.keepsAlive() == known.keepsAlive);
    }
}

BOOST_AUTO_TEST_CASE(what_follows_a_request_is_left_for_the_next)
{
    for (const auto& known : knowns) {
        Desk desk;
        Intake intake(desk.limits, desk.allBodies);
        BOOST_TEST(feed(intake, known.wire + "GET /next", known.wire.size() + 9) == "GET /next");
    }
}

BOOST_DATA_TEST_CASE(what_could_be_read_in_two_ways_is_refused, data::make(brokens), broken)
{
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, broken.wire.size()}) {
        Desk desk;
        Intake intake(desk.limits, desk.allBodies);
        BOOST_CHECK_EXCEPTION(feed(intake, broken.wire, step), Error, [&](const Error& refused) {
            return refused.errorCode() == broken.code;
        });
    }
}

BOOST_AUTO_TEST_CASE(who_sends_much_is_asked_for_leave_before_the_first_byte)
{
    struct Ask {
        std::string head;
        Intake::Stage stage;
        std::optional<std::size_t> announced;
    };
    const Ask asks[] = {
        {put + "Content-Length: 65536\r\n\r\n", Intake::Stage::Body, 65'536},
        {put + "Content-Length: 65537\r\n\r\n", Intake::Stage::Leave, 65'537},
        {inChunks, Intake::Stage::Leave, std::nullopt},
    };
    for (const auto& ask : asks) {
        Desk desk;
        Intake intake(desk.limits, desk.allBodies);
        const std::string wire = ask.head + "xxx";
        std::string_view bytes = wire;
        BOOST_TEST((intake.take(bytes) == ask.stage));
        BOOST_TEST((intake.announced() == ask.announced));
        BOOST_TEST(desk.allBodies == (ask.stage == Intake::Stage::Leave ? 0 : 3));
    }
}

BOOST_AUTO_TEST_CASE(a_long_body_lies_in_a_file_and_counts_until_it_goes)
{
    test::TemporaryFolder folder;
    Desk desk;
    desk.limits.bodyFolder = folder.path();
    desk.limits.allBodiesBytesMax = 150'000;
    const std::string body(100'000, 'x');
    const std::string wire = put + "Content-Length: 100000\r\n\r\n" + body;
    {
        Intake intake(desk.limits, desk.allBodies);
        feed(intake, wire, 1000);
        BOOST_TEST(intake.request.body.empty());
        BOOST_REQUIRE(intake.file);
        BOOST_TEST((intake.file->read(0, body.size() + 1) == body));
        BOOST_TEST(desk.allBodies == body.size());
        Intake other(desk.limits, desk.allBodies); // 200,000 of 150,000
        BOOST_CHECK_EXCEPTION(feed(other, wire, 1000), Error, [](const Error& refused) {
            return refused.errorCode() == ErrorCode::Overloaded;
        });
        Intake brief(desk.limits, desk.allBodies);
        feed(brief, put + "Content-Length: 60000\r\n\r\n" + body, 1000);
        BOOST_TEST((brief.stage() == Intake::Stage::Whole));
    }
    BOOST_TEST(desk.allBodies == 0);
}

BOOST_AUTO_TEST_SUITE_END()

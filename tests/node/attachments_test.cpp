// SPDX-License-Identifier: EUPL-1.2
//
// Attachments at the desk: what is taken, what is refused with which words, and that whatever
// breaks off leaves nothing.
#include "tests/node/scans.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

using namespace amt;
using namespace amt::test;
using node::Surface;
namespace data = boost::unit_test::data;

namespace {

const std::string png("\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16);
const std::string jpeg("\xFF\xD8\xFF\xE0\0\x10JFIF\0", 11);

struct Counter {
    Counter() { walkToDesk(town, kiosk, desk); }
    std::string page() { return "/desk/cases/" + onlyCase(town) + "/attachments"; }
    std::int64_t whole()
    {
        return town.count("SELECT count(*) FROM attachment WHERE tag IS NOT NULL");
    }
    std::int64_t rows() { return town.count("SELECT count(*) FROM attachment_chunk"); }

    Town town;
    Browser kiosk{town, Surface::Kiosk}, desk{town, Surface::Desk};
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_attachments)

BOOST_AUTO_TEST_CASE(a_scan_is_on_the_list_with_name_kind_and_size_and_goes_again)
{
    Counter at;
    at.desk.get("/desk/cases/" + onlyCase(at.town));
    BOOST_TEST(at.desk.shows(at.page()));
    const auto answer =
        addScan(at.town, at.desk, "Mietvertrag Łukasiewicz.pdf", pdfOf(at.town, 1'430'000));
    BOOST_TEST(answer.status == 303);
    BOOST_TEST(answer.header("Location") == at.page());
    at.desk.get(at.page());
    BOOST_TEST(at.desk.shows("Mietvertrag Łukasiewicz.pdf"));
    BOOST_TEST(at.desk.shows("PDF, 1,4 MB"));
    BOOST_TEST(at.desk.shows("noch 58,5 MB frei"));
    const std::string id = at.town.text("SELECT id FROM attachment");
    at.desk.post(at.page() + "/" + id + "/remove");
    BOOST_TEST(at.desk.location == at.page());
    BOOST_TEST(at.desk.shows("Noch keine Anlage"));
    BOOST_TEST(at.rows() == 0);
    for (const char* act : {"add-attachment", "remove-attachment"})
        BOOST_TEST(at.town.count(std::string("SELECT count(*) FROM journal WHERE kind = 'AUDIT' "
                                             "AND details LIKE '%Erika Amt%' AND details LIKE '%") +
                                 act + "%'") == 1,
                   act);
    BOOST_TEST(at.town.count("SELECT count(*) FROM journal WHERE details LIKE '%Mietvertrag%'") ==
               0);
}

struct Kind {
    std::string name, bytes, type;
};
std::ostream& operator<<(std::ostream& out, const Kind& kind)
{
    return out << kind.name;
}
const Kind kinds[] = {
    {"a.pdf", "%PDF-1.7\n1 0 obj", "PDF"},
    {"a.txt", "%PDF-1.4\nno matter what it is called", "PDF"},
    {"a.png", png, "PNG"},
    {"a.jpg", jpeg, "JPEG"},
    {"short.jpg", std::string("\xFF\xD8\xFF\xD9"), "JPEG"},
};

BOOST_DATA_TEST_CASE(the_kind_is_decided_by_the_bytes, data::make(kinds), kind)
{
    Counter at;
    for (const std::size_t piece : {std::size_t(1), std::size_t(192 * 1024)}) {
        BOOST_TEST(addScan(at.town, at.desk, kind.name, kind.bytes + (piece == 1 ? "" : " "), piece)
                       .status == 303);
        at.desk.get(at.page());
        BOOST_TEST(at.desk.shows(kind.type + ", 1 kB"));
    }
    BOOST_TEST(at.whole() == 2);
}

struct Wrong {
    std::string name, bytes;
    int status;
    std::string words;
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong)
{
    return out << wrong.name;
}
const Wrong wrongs[] = {
    {"a.pdf", "PK\x03\x04 an office file that is called a PDF", 422, "weder PDF noch JPEG"},
    {"a.html", "<!DOCTYPE html><script>", 422, "weder PDF noch JPEG"},
    {"a.svg", "<svg/>", 422, "weder PDF noch JPEG"},
    {"b.pdf", " %PDF-1.7", 422, "weder PDF noch JPEG"},
    {"empty.pdf", "", 422, "die Datei ist leer"},
    {"", "", 422, "keine Datei gewählt"},
};

BOOST_DATA_TEST_CASE(another_kind_is_refused_with_words, data::make(wrongs), wrong)
{
    Counter at;
    const auto answer = addScan(at.town, at.desk, wrong.name, wrong.bytes);
    BOOST_TEST(answer.status == wrong.status);
    BOOST_TEST(answer.body.find(wrong.words) != std::string::npos);
    BOOST_TEST(answer.body.find("nicht hinzugefügt") != std::string::npos);
    BOOST_TEST(at.town.count("SELECT count(*) FROM attachment") == 0);
}

BOOST_AUTO_TEST_CASE(the_same_file_is_taken_once)
{
    Counter at;
    BOOST_TEST(addScan(at.town, at.desk, "a.png", png).status == 303);
    const auto again = addScan(at.town, at.desk, "b.png", png);
    BOOST_TEST(again.status == 422);
    BOOST_TEST(again.body.find("schon beim Antrag") != std::string::npos);
    BOOST_TEST(at.whole() == 1);
    BOOST_TEST(at.town.count("SELECT count(*) FROM attachment") == 1);
}

BOOST_AUTO_TEST_CASE(a_case_takes_twenty_and_not_one_more)
{
    Counter at;
    for (int i = 0; i < 20; ++i)
        BOOST_TEST(addScan(at.town, at.desk, "a.png", png + std::to_string(i)).status == 303);
    const std::string key = at.desk.formKey();
    at.desk.get(at.page());
    BOOST_TEST(at.desk.shows("Mehr Anlagen nimmt dieser Vorgang nicht auf"));
    const auto more = at.desk.send(scanRequest(at.desk, onlyCase(at.town), at.town.loop,
                                               formBody(at.desk.formKey(), "a.png", png)));
    BOOST_TEST(more.status == 422);
    BOOST_TEST(more.body.find("höchstens 20 Anlagen") != std::string::npos);
    BOOST_TEST(at.whole() == 20);
}

BOOST_AUTO_TEST_CASE(more_than_a_case_may_have_is_refused_at_its_head_and_at_its_last_byte)
{
    Counter at;
    at.desk.get(at.page());
    const std::string id = onlyCase(at.town);
    auto request =
        scanRequest(at.desk, id, at.town.loop, formBody(at.desk.formKey(), "a.png", png));
    request.headers["content-length"] = "60100000";
    const auto atHead = at.desk.send(request);
    BOOST_TEST(atHead.status == 413);
    BOOST_TEST(atHead.body.find("höchstens 60 MB") != std::string::npos);
    // A head that lies: it is counted, too.
    request = scanRequest(
        at.desk, id, at.town.loop,
        formBody(at.desk.formKey(), "a.pdf", "%PDF-1.7" + std::string(60'000'000, 'x')));
    request.headers["content-length"] = "1000";
    BOOST_TEST(at.desk.send(request).status == 413);
    BOOST_TEST(at.rows() == 0);
    BOOST_TEST(at.town.count("SELECT count(*) FROM attachment") == 0);
}

BOOST_AUTO_TEST_CASE(a_line_that_is_cut_anywhere_leaves_nothing)
{
    Counter at;
    at.desk.get(at.page());
    const std::string body = formBody(at.desk.formKey(), "a.pdf", pdfOf(at.town, 900'000));
    for (const std::size_t cut :
         {std::size_t(0), std::size_t(10), std::size_t(300), std::size_t(330), std::size_t(200'000),
          body.size() - 60, body.size() - 1}) {
        std::optional<HttpResponse> answer;
        at.town.handle(Surface::Desk,
                       scanRequest(at.desk, onlyCase(at.town), at.town.loop, body, 192 * 1024, cut),
                       [&](HttpResponse said) { answer = std::move(said); });
        at.town.loop.run();
        BOOST_TEST(!answer.has_value()); // nobody is there to hear one
        BOOST_TEST(at.town.count("SELECT count(*) FROM attachment") == 0, cut);
        BOOST_TEST(at.rows() == 0, cut);
    }
    // The press was not used up: the browser sends the same form again.
    BOOST_TEST(at.desk.send(scanRequest(at.desk, onlyCase(at.town), at.town.loop, body)).status ==
               303);
    BOOST_TEST(at.whole() == 1);
    BOOST_TEST(at.desk.send(scanRequest(at.desk, onlyCase(at.town), at.town.loop, body)).status ==
               303);
    BOOST_TEST(at.whole() == 1); // pressed twice
}

BOOST_AUTO_TEST_CASE(a_power_cut_at_each_piece_leaves_none_or_a_whole_one)
{
    for (int tasks = 1; tasks < 12; ++tasks) {
        Counter at;
        at.desk.get(at.page());
        const std::string body = formBody(at.desk.formKey(), "a.pdf", pdfOf(at.town, 1'000'000));
        bool answered = false;
        // A body that stops answering after so many pieces: then the light goes out.
        class Silent : public SentBody {
        public:
            Silent(EventLoop& loop, std::string body, int pieces)
                : SentBody(loop, std::move(body)), _pieces(pieces)
            {}
            void next(std::function<void(std::optional<std::string_view>)> take) override
            {
                if (_pieces-- > 0)
                    SentBody::next(std::move(take));
            }

        private:
            int _pieces;
        };
        auto request = scanRequest(at.desk, onlyCase(at.town), at.town.loop, body);
        request.pieces = std::make_shared<Silent>(at.town.loop, body, tasks);
        at.town.handle(Surface::Desk, request, [&](const HttpResponse&) { answered = true; });
        at.town.loop.run();
        at.town.restart();
        BOOST_TEST(at.whole() == (answered ? 1 : 0), tasks);
        BOOST_TEST(at.town.count("SELECT count(*) FROM attachment") == (answered ? 1 : 0), tasks);
        BOOST_TEST((at.rows() > 0) == answered, tasks);
    }
}

struct Broken {
    std::string what, from, to;
};
std::ostream& operator<<(std::ostream& out, const Broken& broken)
{
    return out << broken.what;
}
const Broken brokens[] = {
    {"no key before the file", "name=\"key\"", "name=\"kex\""},
    {"another name of the file", "name=\"file\"", "name=\"other\""},
    {"no end", "0gW--\r\n", "0gW\r\n\r\n"},
    {"something behind the end", "0gW--\r\n", "0gW--\r\nmore"},
    {"a file name that is no text", "a.png", "\xC3\x28.png"},
};

BOOST_DATA_TEST_CASE(a_broken_form_is_refused_whole, data::make(brokens), broken)
{
    Counter at;
    at.desk.get(at.page());
    std::string body = formBody(at.desk.formKey(), "a.png", png);
    body.replace(body.find(broken.from), broken.from.size(), broken.to);
    const auto answer = at.desk.send(scanRequest(at.desk, onlyCase(at.town), at.town.loop, body));
    BOOST_TEST(answer.status == 400);
    BOOST_TEST(at.town.count("SELECT count(*) FROM attachment") == 0);
}

BOOST_AUTO_TEST_CASE(nobody_gets_in_from_elsewhere_or_without_the_key)
{
    Counter at;
    at.desk.get(at.page());
    const std::string id = onlyCase(at.town), body = formBody(at.desk.formKey(), "a.png", png);
    auto foreign = scanRequest(at.desk, id, at.town.loop, body);
    foreign.headers["origin"] = "https://elsewhere.example";
    BOOST_TEST(at.desk.send(foreign).status == 403);
    auto other = scanRequest(at.desk, "0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10", at.town.loop, body);
    BOOST_TEST(at.desk.send(other).status == 404);
    auto plain = at.desk.request("POST", at.page(), {{"key", at.desk.formKey()}});
    BOOST_TEST(at.desk.send(plain).status == 400);
    auto nobody = scanRequest(at.desk, id, at.town.loop, body);
    nobody.headers.erase("cookie");
    BOOST_TEST(at.desk.send(nobody).status == 403);
    BOOST_TEST(at.town.count("SELECT count(*) FROM attachment") == 0);
}

BOOST_AUTO_TEST_CASE(a_store_that_is_full_says_so_and_keeps_nothing)
{
    Counter at;
    at.desk.get(at.page());
    const std::string body = formBody(at.desk.formKey(), "a.pdf", pdfOf(at.town, 2'000'000));
    at.town.database().execute("PRAGMA max_page_count=1"); // as many as there are
    const auto answer = at.desk.send(scanRequest(at.desk, onlyCase(at.town), at.town.loop, body));
    BOOST_TEST(answer.status == 503);
    BOOST_TEST(answer.body.find("fast voll") != std::string::npos);
    at.town.database().execute("PRAGMA max_page_count=1000000");
    at.town.loop.advance(std::chrono::seconds(2));
    BOOST_TEST(at.town.count("SELECT count(*) FROM attachment") == 0);
    BOOST_TEST(at.rows() == 0);
    BOOST_TEST(at.desk.send(scanRequest(at.desk, onlyCase(at.town), at.town.loop, body)).status ==
               303);
}

BOOST_AUTO_TEST_CASE(who_signs_out_as_it_comes_has_added_nothing)
{
    Counter at;
    at.desk.get(at.page());
    const std::string body = formBody(at.desk.formKey(), "a.png", png);
    class Later : public SentBody {
    public:
        using SentBody::SentBody;
        void next(std::function<void(std::optional<std::string_view>)> take) override
        {
            if (before)
                std::exchange(before, nullptr)();
            SentBody::next(std::move(take));
        }
        std::function<void()> before;
    };
    const auto later = std::make_shared<Later>(at.town.loop, body);
    later->before = [&] { at.town.database().execute("DELETE FROM clerk_session"); };
    auto request = scanRequest(at.desk, onlyCase(at.town), at.town.loop, body);
    request.pieces = later;
    BOOST_TEST(at.desk.send(request).status == 403);
    BOOST_TEST(at.town.count("SELECT count(*) FROM attachment") == 0);
}

BOOST_AUTO_TEST_CASE(what_has_gone_out_takes_no_more)
{
    Counter at;
    BOOST_TEST(addScan(at.town, at.desk, "a.png", png).status == 303);
    const std::string path = "/desk/cases/" + onlyCase(at.town);
    const std::string attachment = at.town.text("SELECT id FROM attachment");
    at.desk.get(path);
    at.desk.post(path + "/release", {{"reason", "bar bezahlt"}});
    BOOST_TEST(at.town.text("SELECT state FROM envelope") == "SEALED");
    BOOST_TEST(at.town.count("SELECT count(*) FROM envelope_part") == 3);
    at.desk.get(at.page());
    BOOST_TEST(at.desk.shows("nicht mehr ändern"));
    BOOST_TEST(at.desk
                   .send(scanRequest(at.desk, onlyCase(at.town), at.town.loop,
                                     formBody("0123456789abcdef", "b.png", png + "b")))
                   .status == 409);
    BOOST_TEST(at.desk.post(at.page() + "/" + attachment + "/remove").status == 409);
    BOOST_TEST(at.whole() == 1);
}

BOOST_AUTO_TEST_CASE(a_release_while_a_scan_comes_sends_without_it)
{
    Counter at;
    at.desk.get(at.page());
    const std::string id = onlyCase(at.town);
    const std::string body = formBody(at.desk.formKey(), "a.pdf", pdfOf(at.town, 500'000));
    class Waiting : public BodyPieces {
    public:
        void next(std::function<void(std::optional<std::string_view>)> wanted) override
        {
            take = std::move(wanted);
        }
        std::function<void(std::optional<std::string_view>)> take;
    };
    const auto waiting = std::make_shared<Waiting>();
    auto request = scanRequest(at.desk, id, at.town.loop, body);
    request.pieces = waiting;
    int status = 0;
    at.town.handle(Surface::Desk, request, [&](const HttpResponse& said) { status = said.status; });
    std::exchange(waiting->take, nullptr)(std::string_view(body).substr(0, 300'000));
    BOOST_TEST(at.rows() > 0);
    at.desk.get("/desk/cases/" + id);
    at.desk.post("/desk/cases/" + id + "/release", {{"reason", "bar bezahlt"}});
    BOOST_TEST(at.town.text("SELECT state FROM envelope") == "SEALED");
    std::exchange(waiting->take, nullptr)(std::string_view(body).substr(300'000));
    std::exchange(waiting->take, nullptr)(std::string_view());
    BOOST_TEST(status == 409);
    BOOST_TEST(at.rows() == 0);
    BOOST_TEST(at.town.count("SELECT count(*) FROM envelope_part") == 2);
}

BOOST_AUTO_TEST_CASE(on_paper_it_leaves_nothing)
{
    Counter at;
    BOOST_TEST(addScan(at.town, at.desk, "a.png", png).status == 303);
    const std::string path = "/desk/cases/" + onlyCase(at.town);
    at.desk.get(path);
    at.desk.post(path + "/settle", {{"how", "paper"}, {"reason", "mitgegeben"}});
    BOOST_TEST(at.town.count("SELECT count(*) FROM attachment") == 0);
    BOOST_TEST(at.rows() == 0);
}

BOOST_AUTO_TEST_CASE(nothing_readable_rests_on_the_disk)
{
    Counter at;
    std::string scan = pdfOf(at.town, 700'000);
    for (std::size_t i = 1000; i + 40 < scan.size(); i += 50'000)
        scan.replace(i, 19, "MARKER-SCAN-4711-XX");
    BOOST_TEST(addScan(at.town, at.desk, "MARKER-NAME-4712.pdf", scan).status == 303);
    at.town.restart([](const std::filesystem::path& database) {
        int files = 0;
        for (const auto& file :
             std::filesystem::recursive_directory_iterator(database.parent_path())) {
            if (!file.is_regular_file())
                continue;
            ++files;
            std::ifstream in(file.path(), std::ios::binary);
            std::ostringstream bytes;
            bytes << in.rdbuf();
            for (const char* marker : {"MARKER-SCAN", "MARKER-NAME"})
                BOOST_TEST(bytes.str().find(marker) == std::string::npos, file.path()
                                                                              << " " << marker);
        }
        BOOST_TEST(files > 0);
    });
}

BOOST_AUTO_TEST_SUITE_END()

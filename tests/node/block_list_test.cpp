// SPDX-License-Identifier: EUPL-1.2
//
// Cards that were reported lost: asked for in each read, and no card passes a list that is not
// good.
#include "tests/node/ways.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using node::Surface;

namespace {

/// A town with a list: one lost card, mark 0a0b.
struct ListedTown : Town {
    ListedTown()
        : _folder(std::filesystem::temp_directory_path() / ("amt-list-" + randomUuid(random)))
    {
        std::filesystem::create_directories(_folder);
        write("sector.key", "key of the sector");
        write("blocklist.txt", "# of today\n0a0b\n");
        age(std::chrono::hours(1));
        blockListFolder = _folder;
        restart();
        loop.advance(std::chrono::seconds(1));
    }
    ~ListedTown() { std::filesystem::remove_all(_folder); }

    void write(const std::string& name, const std::string& content)
    {
        std::ofstream(_folder / name) << content;
    }
    void remove(const std::string& name) { std::filesystem::remove(_folder / name); }
    void age(std::chrono::hours hours)
    {
        for (const char* name : {"sector.key", "blocklist.txt"})
            std::filesystem::last_write_time(
                _folder / name, std::chrono::file_clock::from_sys(loop.utcNow() - hours));
    }
    /// The citizen comes, and the card shows this mark.
    std::string addressAfterCard(Browser& kiosk, Bytes mark)
    {
        walkToReading(kiosk);
        IdentityRead read{Personal<IdentityData>(adasCard())};
        read.revocationMark = Personal(std::move(mark));
        if (reader.running)
            reader.finish(read);
        kiosk.get("/visit/card/reading");
        return kiosk.location;
    }
    std::string standing()
    {
        Browser desk(*this, Surface::Desk);
        signInFirst(*this, desk);
        desk.get("/desk/status");
        for (const char* words :
             {"älter als zwei Tage", "fehlt oder ist beschädigt", "nicht erkannt"})
            if (desk.shows(words))
                return words;
        return "good";
    }

private:
    std::filesystem::path _folder;
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_block_list)

BOOST_AUTO_TEST_CASE(a_reported_card_is_not_taken_and_another_is)
{
    ListedTown town;
    Browser lost(town, Surface::Kiosk);
    BOOST_TEST(town.addressAfterCard(lost, {0x0a, 0x0b}) == "/visit/card/problem");
    BOOST_TEST(lost.shows("Dieser Ausweis ist gesperrt"));
    BOOST_TEST(toText(town.reader.lastRequest.revocationKey) == "key of the sector");
    lost.post("/visit/end");
    Browser other(town, Surface::Kiosk);
    BOOST_TEST(town.addressAfterCard(other, {0x0a, 0x0c}) == "/visit/form");
    other.post("/visit/end");
    Browser silent(town, Surface::Kiosk); // a card that shows no mark cannot be compared
    BOOST_TEST(town.addressAfterCard(silent, {}) == "/visit/card/problem");
    BOOST_TEST(town.standing() == "good");
}

BOOST_AUTO_TEST_CASE(a_new_list_counts_from_the_next_minute_on)
{
    ListedTown town;
    town.write("blocklist.txt", "0a0c\n");
    town.loop.advance(std::chrono::minutes(2));
    Browser kiosk(town, Surface::Kiosk);
    BOOST_TEST(town.addressAfterCard(kiosk, {0x0a, 0x0c}) == "/visit/card/problem");
}

BOOST_AUTO_TEST_CASE(an_old_list_still_counts_and_is_told_to_it)
{
    ListedTown town;
    town.age(std::chrono::hours(49));
    town.loop.advance(std::chrono::minutes(2));
    BOOST_TEST(town.standing() == "älter als zwei Tage");
    Browser kiosk(town, Surface::Kiosk);
    BOOST_TEST(town.addressAfterCard(kiosk, {0x0a, 0x0b}) == "/visit/card/problem");
}

struct Damage {
    const char* name;
    std::function<void(ListedTown&)> apply;
};
std::ostream& operator<<(std::ostream& out, const Damage& damage)
{
    return out << damage.name;
}
const Damage damages[] = {
    {"no list", [](ListedTown& town) { town.remove("blocklist.txt"); }},
    {"no key", [](ListedTown& town) { town.remove("sector.key"); }},
    {"half a mark", [](ListedTown& town) { town.write("blocklist.txt", "0a0b\n0a0\n"); }},
    {"an empty list", [](ListedTown& town) { town.write("blocklist.txt", ""); }},
};

BOOST_DATA_TEST_CASE(without_a_good_list_no_card_is_asked, data::make(damages), damage)
{
    ListedTown town;
    damage.apply(town);
    town.loop.advance(std::chrono::minutes(2));
    Browser kiosk(town, Surface::Kiosk);
    BOOST_TEST(town.addressAfterCard(kiosk, {0x0a, 0x0c}) == "/visit/card/problem");
    BOOST_TEST(town.reader.reads == 0);
    BOOST_TEST(town.standing() == "fehlt oder ist beschädigt");
}

BOOST_AUTO_TEST_CASE(a_list_that_goes_while_the_card_is_read_takes_the_card_with_it)
{
    ListedTown town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReading(kiosk);
    town.remove("blocklist.txt");
    town.loop.advance(std::chrono::seconds(61));
    IdentityRead read{Personal<IdentityData>(adasCard())};
    read.revocationMark = Personal(Bytes{0x0a, 0x0b});
    town.reader.finish(read);
    kiosk.get("/visit/card/reading");
    BOOST_TEST(kiosk.location == "/visit/card/problem");
}

BOOST_AUTO_TEST_CASE(a_town_without_a_list_says_so_to_its_it)
{
    Town town;
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    desk.get("/desk/status");
    BOOST_TEST(desk.shows("nicht erkannt"));
    Browser kiosk(town, Surface::Kiosk);
    walkToForm(town, kiosk);
    BOOST_TEST(town.reader.lastRequest.revocationKey.empty());
    BOOST_TEST(kiosk.location == "/visit/form");
}

BOOST_AUTO_TEST_CASE(a_reported_card_is_not_taken_at_the_desk_either)
{
    ListedTown town;
    Browser kiosk(town, Surface::Kiosk), desk(town, Surface::Desk);
    BOOST_REQUIRE(town.addressAfterCard(kiosk, {0x0a, 0x0c}) == "/visit/form");
    fillLastPage(kiosk);
    kiosk.post("/visit/review", {{"confirm", "yes"}});
    signInFirst(town, desk);
    const std::string identity = "/desk/cases/" + onlyCase(town) + "/identity";
    for (const auto& [mark, sentence] : {std::pair<Bytes, const char*>{{0x0a, 0x0b}, "CardRevoked"},
                                         {{}, "CertificateUnusable"},
                                         {{0x0a, 0x0c}, "agreeing"}}) {
        desk.get(identity);
        desk.post(identity + "/photo", {{"compared", "yes"}, {"consent", "yes"}});
        desk.post(identity + "/read", {{"can", "222222"}});
        BOOST_TEST(toText(town.deskReader.lastRequest.revocationKey) == "key of the sector");
        IdentityRead read{Personal<IdentityData>(adasCard())};
        read.revocationMark = Personal(mark);
        town.deskReader.finish(read);
        desk.get(identity);
        BOOST_TEST(desk.shows(pages().text("de", std::string("desk.card.") + sentence)), sentence);
    }
}

BOOST_AUTO_TEST_SUITE_END()

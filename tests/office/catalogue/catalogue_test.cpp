// SPDX-License-Identifier: EUPL-1.2
//
// The town's files: read whole or not at all, with file and reason.
#include "appliance/core/error.h"
#include "appliance/office/catalogue/catalogue.h"
#include "tests/office/town.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;

namespace {

struct Change {
    const char* name;
    const char* from;
    const char* to;
};
std::ostream& operator<<(std::ostream& out, const Change& change)
{
    return out << change.name;
}
const Change changes[] = {
    {"an unknown key", R"("referencePrefix")", R"("colour": "blue", "referencePrefix")"},
    {"a key that is missing", R"("schemaUri": "urn:example:amtsstube:bewohnerparkausweis:1.0",)",
     ""},
    {"a field twice", R"("name": "familyNames")", R"("name": "givenNames")"},
    {"an unknown kind", R"("kind": "plate")", R"("kind": "number")"},
    {"a field that belongs to the page", R"("name": "plate")", R"("name": "action")"},
    {"a field name with markup", R"("name": "plate")", R"("name": "pl<b>ate")"},
    {"more read from the card than the form needs", R"("card": "AcademicTitle", )", ""},
    {"a data group that nobody declared", R"("AcademicTitle", "DateOfBirth")", R"("DateOfBirth")"},
    {"the document number", R"("AcademicTitle", "DateOfBirth")",
     R"("DocumentNumber", "DateOfBirth")"},
    {"a LeiKa key of 13 digits", R"("99108001001000")", R"("9910800100100")"},
    {"no German name", R"("de": "Bewohnerparkausweis")", R"("fr": "Bewohnerparkausweis")"},
    {"a step without fields", R"("step": 2)", R"("step": 4)"},
    {"a fee in euros", R"("cents": 3070)", R"("cents": 30.70)"},
    {"a negative fee", R"("cents": 3070)", R"("cents": -1)"},
    {"a day that does not exist", R"("2020-01-01")", R"("2020-02-30")"},
    {"options of a field that is no choice", R"("kind": "choice")", R"("kind": "text")"},
    {"a desk copy kept for two days", R"("deskCopyHoursAfterAcceptance": 24)",
     R"("deskCopyHoursAfterAcceptance": 48)"},
    {"no papers in a list of papers", R"("retention")", R"("papers": [], "retention")"},
    {"a paper without a German name", R"("retention")",
     R"("papers": [{"en": "lease"}], "retention")"},
    {"no JSON", "{", "<"},
};

std::string readAll(const std::filesystem::path& file)
{
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void replaceAll(std::string& text, const std::string& from, const std::string& to)
{
    BOOST_TEST_REQUIRE((text.find(from) != std::string::npos));
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_catalogue)

BOOST_AUTO_TEST_CASE(the_town_offers_the_parking_permit)
{
    const Municipality& town = test::musterstadt();
    BOOST_TEST(town.regionKey.size() == 12u);
    const Service& service = test::parkingPermit();
    BOOST_TEST(textIn(service.name, "de") == "Bewohnerparkausweis");
    BOOST_TEST(textIn(service.name, "nl") == "Bewohnerparkausweis");
    BOOST_TEST(textIn(service.name, "en") == "Resident parking permit");
    BOOST_TEST(feeFor(service, localDateFromIso("2026-11-21")).inCents() == 3070);
    BOOST_TEST(service.steps() == 3);
    for (int step = 1; step <= service.steps(); ++step) { // ui.md: one to five fields a page
        const auto count = std::count_if(service.fields.begin(), service.fields.end(),
                                         [&](const Field& field) { return field.step == step; });
        BOOST_TEST(count >= 1);
        BOOST_TEST(count <= 5);
    }
    BOOST_TEST(
        (service.groups == std::set<DataGroup>{DataGroup::GivenNames, DataGroup::FamilyNames,
                                               DataGroup::AcademicTitle, DataGroup::DateOfBirth,
                                               DataGroup::PlaceOfResidence}));
    BOOST_TEST(!town.service("99000000000000"));
}

BOOST_AUTO_TEST_CASE(the_newest_fee_that_began_holds)
{
    Service service = test::parkingPermit();
    service.fees = {{localDateFromIso("2020-01-01"), Money::cents(3070)},
                    {localDateFromIso("2027-01-01"), Money::cents(4000)}};
    BOOST_TEST(feeFor(service, localDateFromIso("2026-12-31")).inCents() == 3070);
    BOOST_TEST(feeFor(service, localDateFromIso("2027-01-01")).inCents() == 4000);
    BOOST_CHECK_EXCEPTION(
        feeFor(service, localDateFromIso("2019-12-31")), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::ConfigurationInvalid; });
}

BOOST_DATA_TEST_CASE(a_wrong_file_stops_the_start_and_is_named, data::make(changes), change)
{
    const std::filesystem::path source =
        std::filesystem::path(AMT_SOURCE_DIR) / "config/municipality";
    const test::ScratchFolder folder;
    std::filesystem::create_directory(folder.path() / "services");
    std::ofstream(folder.path() / "municipality.json") << readAll(source / "municipality.json");
    const std::string file = "99108001001000-bewohnerparkausweis.json";
    std::string text = readAll(source / "services" / file);
    replaceAll(text, change.from, change.to);
    std::ofstream(folder.path() / "services" / file) << text;
    BOOST_CHECK_EXCEPTION(loadMunicipality(folder.path().string()), Error, [&](const Error& error) {
        BOOST_TEST((error.message().find(file) != std::string::npos), error.message());
        return error.errorCode() == ErrorCode::ConfigurationInvalid;
    });
}

BOOST_AUTO_TEST_CASE(a_town_without_files_does_not_start)
{
    const test::ScratchFolder folder;
    BOOST_CHECK_EXCEPTION(loadMunicipality(folder.path().string()), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::ConfigurationInvalid;
    });
}

BOOST_AUTO_TEST_SUITE_END()

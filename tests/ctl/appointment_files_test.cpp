// SPDX-License-Identifier: EUPL-1.2
//
// Files of appointments: chosen by their name, refused with their place, told without names.
#include "appliance/ctl/appointment_files.h"
#include "appliance/ctl/plan_files.h"

#include <boost/test/unit_test.hpp>

#include <fstream>

namespace fs = std::filesystem;
using namespace amt;

namespace {

struct Folder {
    Folder()
    {
        std::string pattern = (fs::temp_directory_path() / "amt-files-XXXXXX").string();
        path = ::mkdtemp(pattern.data());
    }
    ~Folder() { fs::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    fs::path path;
};

office::BookingPlan plan()
{
    office::BookingPlan plan;
    plan.services = {{.key = "99008001012000",
                      .name = {{"de", "Personalausweis beantragen"}},
                      .bring = {},
                      .time = {}}};
    return plan;
}

/// As the node answers GET /admin/appointments.
json::ObjectPtr given()
{
    return json::parseObject(R"({"time": "2026-11-22T09:00:00Z", "appointments": [{"uid": "a",
        "start": "2026-11-23T07:30:00Z", "minutes": 25, "services": "99008001012000*2",
        "familyName": "", "givenNames": "", "phone": ""}]})");
}

} // namespace

BOOST_AUTO_TEST_SUITE(ctl_appointment_files)

BOOST_AUTO_TEST_CASE(what_the_node_gives_out_is_the_same_in_both_formats)
{
    const Folder folder;
    for (const char* name : {"a.csv", "a.ics"}) {
        ctl::writeAppointments(*given(), plan(), folder.path / name);
        const auto read = ctl::readAppointments(folder.path / name, plan(), "");
        BOOST_REQUIRE(read.size() == 1u);
        const auto asked = json::parseObject(ctl::request(read, true, false));
        BOOST_TEST(json::write(*json::array(*asked, "appointments")) ==
                   json::write(*json::array(*json::parseObject(R"({"x": [{"uid": "a",
                       "start": "2026-11-23T07:30:00.000Z", "minutes": 25,
                       "services": "99008001012000*2", "familyName": "", "givenNames": "",
                       "phone": ""}]})"),
                                            "x")));
        BOOST_TEST(json::boolean(*asked, "dryRun"));
        BOOST_TEST(!json::boolean(*asked, "takeRest"));
        BOOST_CHECK_THROW(ctl::writeAppointments(*given(), plan(), folder.path / name), Error);
    }
    BOOST_CHECK_EXCEPTION(
        ctl::writeAppointments(*given(), plan(), folder.path / "a.txt"), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::InputMalformed; });
}

BOOST_AUTO_TEST_CASE(a_conflict_is_told_by_its_line_and_not_by_a_name)
{
    const Folder folder;
    ctl::writeNew(folder.path / "a.csv", "uid,beginn,minuten,dienste,familienname\n"
                                         "a,2026-11-23T08:30,25,99008001012000,Klein\n"
                                         "b,2026-11-23T08:30,25,99008001012000,Groß\n");
    const auto brought = ctl::readAppointments(folder.path / "a.csv", plan(), "");
    const auto said = json::write(
        *ctl::describe(*json::parseObject(R"({"taken": 1, "asked": 0, "known": 0, "past": 0, "kept": false,
            "conflicts": [{"index": 1, "why": "not-free"}]})"),
                       brought));
    BOOST_TEST(said == R"({"taken":1,"asked":0,"known":0,"past":0,"conflicts":[{"line":3,"uid":"b",)"
                       R"("start":"2026-11-23T08:30:00+01:00","why":"not-free"}],"kept":false})");
}

BOOST_AUTO_TEST_CASE(a_refusal_names_file_and_line)
{
    const Folder folder;
    ctl::writeNew(folder.path / "a.csv", "uid,beginn,minuten,dienste\na,morgen,25,1\n");
    BOOST_CHECK_EXCEPTION(
        ctl::readAppointments(folder.path / "a.csv", plan(), ""), Error, [](const Error& error) {
            BOOST_TEST(error.message().starts_with("a.csv: line 2, column beginn: "),
                       error.message());
            return error.errorCode() == ErrorCode::InputMalformed;
        });
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: EUPL-1.2
//
// A town's files become its plan: whole or not at all, and the old plan stays beside the new one.
#include "appliance/core/error.h"
#include "appliance/ctl/plan_files.h"
#include "appliance/office/queue/queue_plan.h"
#include "tests/support/skip.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>

namespace fs = std::filesystem;
namespace data = boost::unit_test::data;
using namespace amt;

namespace {

/// A folder with the plan of the sources, and files that a town brings along.
struct Folder {
    Folder()
    {
        std::string pattern = (fs::temp_directory_path() / "amt-plan-XXXXXX").string();
        path = ::mkdtemp(pattern.data());
        for (const char* name : {"calendar.json", "queue.json"})
            fs::copy(fs::path(AMT_SOURCE_DIR) / "config/municipality" / name, path / name);
        put("services.csv", "leika_schluessel,name,dauer_min,max_anzahl,termin,mitbringen\n"
                            "99008001012000,Personalausweis beantragen,20,4,1,Bild\n"
                            "99108001001000,Parkausweis,10,2,1,\n");
        put("hours.json", R"({"muster": [{"id": "a", "regeln": [{"art": "termin", "tage": ["mo"],
            "von": "08:00", "bis": "12:00", "kapazitaet": {"intern": 2, "oeffentlich": 1}}]}],
            "ausnahmen": []})");
        put("holidays.csv", "datum,wochentag,name\n2026-12-24,Do,Heiligabend\n"
                            "2026-12-25,Fr,1. Weihnachtstag\n");
    }
    ~Folder() { fs::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void put(const char* name, const std::string& text) const
    {
        std::ofstream(path / name, std::ios::binary) << text;
    }
    std::string plan() const { return ctl::textOf(path / "calendar.json"); }
    ctl::PlanFiles all() const
    {
        return {.municipality = path,
                .services = path / "services.csv",
                .hours = path / "hours.json",
                .holidays = path / "holidays.csv",
                .pattern = "a",
                .from = localDateFromIso("2026-01-01"),
                .scope = "",
                .place = ""};
    }

    fs::path path;
};

std::string listed(const json::Object& said, const char* part, const char* what)
{
    return json::write(*json::array(*json::object(said, part), what));
}

} // namespace

BOOST_AUTO_TEST_SUITE(ctl_plan_files)

BOOST_AUTO_TEST_CASE(a_dry_run_says_what_would_change_and_changes_nothing)
{
    const Folder folder;
    const std::string before = folder.plan();
    const auto said = ctl::describe(ctl::planChange(folder.all()));
    BOOST_TEST(json::boolean(*said, "changes"));
    BOOST_TEST(listed(*said, "services", "changed") == R"(["99008001012000","99108001001000"])");
    BOOST_TEST(json::array(*json::object(*said, "services"), "removed")->size() == 4u);
    BOOST_TEST(listed(*said, "rules", "added") == R"(["a-1"])");
    BOOST_TEST(listed(*said, "exceptions", "removed") == R"(["heiligabend","silvester"])");
    BOOST_TEST(listed(*said, "closures", "added") == R"(["day-2026-12-24"])");
    BOOST_TEST(json::array(*said, "holidaysNotListed")->size() == 10u);
    BOOST_TEST(folder.plan() == before);
}

BOOST_AUTO_TEST_CASE(the_new_plan_is_in_its_place_and_the_old_one_beside_it)
{
    const Folder folder;
    const std::string before = folder.plan();
    const auto change = ctl::planChange(folder.all());
    ctl::write(change, folder.path);
    BOOST_TEST((office::bookingPlanFromJson(*json::parseObject(folder.plan())) == change.after));
    BOOST_TEST(change.after.service("99008001012000")->time.each.count() == 20);
    BOOST_TEST(change.after.service("99008001012000")->name.at("en") ==
               "Apply for an identity card");
    BOOST_TEST(ctl::textOf(folder.path / "calendar.json.old") == before);
    BOOST_TEST(!fs::exists(folder.path / "calendar.json.new"));
    const auto again = ctl::describe(ctl::planChange(folder.all()));
    BOOST_TEST(!json::boolean(*again, "changes")); // the same files once more
}

BOOST_AUTO_TEST_CASE(what_a_power_cut_left_does_not_stop_the_next_import)
{
    const Folder folder;
    folder.put("calendar.json.new", "{\"format\": 1, \"sco");
    ctl::write(ctl::planChange(folder.all()), folder.path);
    BOOST_CHECK_NO_THROW(office::bookingPlanFromJson(*json::parseObject(folder.plan())));
}

struct Broken {
    const char* file;
    const char* text;
    const char* says; ///< as the refusal begins
};
std::ostream& operator<<(std::ostream& out, const Broken& broken)
{
    return out << broken.says;
}
const Broken brokenFiles[] = {
    {"services.csv", "leika_schluessel,name,dauer_min,max_anzahl,termin\n9,A,5,1,1\n",
     "services.csv: line 2, column leika_schluessel: "},
    {"services.csv", "leika_schluessel,name,dauer_min,max_anzahl,termin\n99050012104000,A,5,1,1\n",
     "queue.json: no group serves (--group names one) 99050012104000"},
    {"services.csv", "leika_schluessel,name,dauer_min,max_anzahl,termin\n99050012104000,A,5,1,0\n",
     "services.csv: no service"},
    {"hours.json", "{\"muster\": [{\"id\": \"a\", \"regeln\": [{}]}], \"ausnahmen\": []}",
     "hours.json: muster[0]: regeln[0]: art: "},
    {"holidays.csv", "datum,wochentag,name\n2026-12-24,Mo,x\n",
     "holidays.csv: line 2, column wochentag: "},
    {"calendar.json", "{", "calendar.json: not JSON"},
};

BOOST_DATA_TEST_CASE(one_broken_file_refuses_all_with_its_place, data::make(brokenFiles), broken)
{
    const Folder folder;
    folder.put(broken.file, broken.text);
    BOOST_CHECK_EXCEPTION(ctl::planChange(folder.all()), Error, [&](const Error& error) {
        BOOST_TEST(error.message().starts_with(broken.says), error.message());
        return error.errorCode() == ErrorCode::InputMalformed ||
               error.errorCode() == ErrorCode::JsonMalformed;
    });
}

BOOST_AUTO_TEST_CASE(a_town_without_a_plan_names_scope_and_place)
{
    const Folder folder;
    fs::remove(folder.path / "calendar.json");
    auto files = folder.all();
    BOOST_CHECK_EXCEPTION(ctl::planChange(files), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::InputMalformed;
    });
    files.scope = "rathaus";
    files.place = "Bürgerbüro";
    const auto change = ctl::planChange(files);
    ctl::write(change, folder.path);
    BOOST_TEST((office::bookingPlanFromJson(*json::parseObject(folder.plan())) == change.after));
}

BOOST_AUTO_TEST_CASE(services_that_no_group_serves_go_to_the_one_that_is_named)
{
    const Folder folder;
    folder.put("services.csv", "leika_schluessel,name,dauer_min,max_anzahl,termin\n"
                               "99108001001000,Parkausweis,10,2,1\n"
                               "99050012104000,Gewerbe,20,1,1\n");
    auto files = folder.all();
    files.group = "nobody";
    BOOST_CHECK_EXCEPTION(ctl::planChange(files), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::NotFound;
    });
    files.group = "kasse";
    const std::string before = ctl::textOf(folder.path / "queue.json");
    ctl::write(ctl::planChange(files), folder.path);
    const auto queue =
        office::queuePlanFromJson(*json::parseObject(ctl::textOf(folder.path / "queue.json")));
    BOOST_TEST(queue.groupOfService("99050012104000")->key == "kasse");
    BOOST_TEST(queue.groupOfService("99108001001000")->key == "parken");
    BOOST_TEST(ctl::textOf(folder.path / "queue.json.old") == before);
}

BOOST_AUTO_TEST_CASE(a_plan_that_was_given_out_is_taken_in_as_it_was)
{
    const Folder folder;
    const auto plan = office::bookingPlanFromJson(*json::parseObject(folder.plan()));
    const fs::path out = folder.path / "out";
    fs::create_directory(out);
    ctl::exportPlan(plan, out, std::chrono::year(2026), std::chrono::year(2027));
    auto files = folder.all();
    files.services = out / "dienste.csv";
    files.hours = out / "oeffnungszeiten.json";
    files.holidays = out / "feiertage.csv";
    files.pattern = plan.scope;
    const auto change = ctl::planChange(files);
    BOOST_TEST((change.after == plan));
    BOOST_TEST(change.missing.empty());
    BOOST_CHECK_THROW(ctl::exportPlan(plan, out, std::chrono::year(2026), std::chrono::year(2027)),
                      Error); // nothing is written over
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: EUPL-1.2
//
// Drafts and print jobs: whoever has not the visit's key reads nothing, nothing prints twice by
// itself.
#include "appliance/office/case/drafts.h"
#include "appliance/office/case/print_jobs.h"
#include "tests/office/town.h"

#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace amt;
using namespace amt::office;

BOOST_AUTO_TEST_SUITE(office_drafts)

BOOST_AUTO_TEST_CASE(a_draft_opens_with_the_visit_s_key_and_with_nothing_else)
{
    test::Office office;
    Drafts drafts(*office.database, office.random);
    const Secret key(randomBytes(office.random, 32));
    const Secret other(randomBytes(office.random, 32));
    drafts.save("visit-1", key, view("MARKER Žaneta"), office.now);
    drafts.save("visit-2", key, view("another"), office.now);
    BOOST_TEST(toText(drafts.load("visit-1", key).value()) == "MARKER Žaneta");
    BOOST_TEST(!drafts.load("visit-1", other));
    BOOST_TEST(!drafts.load("visit-3", key));
    office.database->execute("UPDATE draft SET sealed = (SELECT sealed FROM draft WHERE visit_id = "
                             "'visit-2') WHERE visit_id = 'visit-1'");
    BOOST_TEST(!drafts.load("visit-1", key)); // of another visit
    std::ifstream file(office.database.file() + "-wal", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    BOOST_TEST((bytes.find("MARKER") == std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_draft_is_replaced_removed_and_purged)
{
    test::Office office;
    Drafts drafts(*office.database, office.random);
    const Secret key(randomBytes(office.random, 32));
    drafts.save("visit-1", key, view("first"), office.now);
    drafts.save("visit-1", key, view("second"), office.now + std::chrono::seconds(10));
    BOOST_TEST(toText(drafts.load("visit-1", key).value()) == "second");
    drafts.save("visit-2", key, view("x"), office.now + std::chrono::minutes(5));
    const auto gone = drafts.purgeAllBut({"visit-2"});
    BOOST_TEST((gone == std::vector<std::string>{"visit-1"}));
    BOOST_TEST(!drafts.exists("visit-1"));
    BOOST_TEST(drafts.exists("visit-2"));
    drafts.remove("visit-2");
    BOOST_TEST(!drafts.exists("visit-2"));
}

BOOST_AUTO_TEST_CASE(a_print_job_is_begun_once_and_its_end_is_known)
{
    test::Office office;
    const std::string caseId = office.submitted().id;
    PrintJobs jobs(*office.database);
    BOOST_TEST(!jobs.newest(caseId));
    jobs.begin("job-1", caseId, office.now);
    BOOST_TEST(jobs.newest(caseId).value() == "printing");
    BOOST_CHECK_EXCEPTION(jobs.begin("job-1", caseId, office.now), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::StepOutOfOrder;
    });
    jobs.end("job-1", PaperOut{}, office.now);
    BOOST_TEST(jobs.newest(caseId).value() == "paperOut");
    jobs.begin("job-2", caseId, office.now);
    jobs.end("job-2", Printed{}, office.now);
    jobs.end("job-2", PaperOut{}, office.now); // too late
    BOOST_TEST(jobs.newest(caseId).value() == "printed");
    BOOST_TEST(jobs.printed(caseId) == 1);
    jobs.begin("job-3", caseId, office.now);
    jobs.takeUp(office.now);
    BOOST_TEST(jobs.newest(caseId).value() == "interrupted");
    BOOST_TEST(jobs.printed(caseId) == 2); // it may be on paper: what follows is a copy
}

BOOST_AUTO_TEST_SUITE_END()

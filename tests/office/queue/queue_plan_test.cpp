// SPDX-License-Identifier: EUPL-1.2
//
// The plan as JSON and with its history, numbers as text, the calling order by its rules.
#include "appliance/office/queue/calling_order.h"
#include "tests/office/queue/queue_town.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;
using test::QueueTown;
using test::refusal;

BOOST_AUTO_TEST_SUITE(office_queue_plan)

BOOST_AUTO_TEST_CASE(a_plan_comes_back_as_it_went)
{
    QueuePlan plan = test::smallPlan();
    plan.groups[1].dailyLimit = 40;
    plan.groups[1].issuing = Issuing::ReceptionOnly;
    plan.rules = {.dueBefore = 3min,
                  .lateAfter = 5min,
                  .tooLateAfter = 60min,
                  .checkInBefore = 45min,
                  .confirmWithin = 7min,
                  .callsMax = 2};
    plan.desks[0].way = Way::Left;
    plan.desks[1].way = Way::Down;
    plan.wayToWaiting = Way::Straight;
    const std::string text = json::write(*toJson(plan));
    BOOST_TEST((queuePlanFromJson(*json::parseObject(text)) == plan));
    QueueTown town(plan);
    town.restart();
    BOOST_TEST((town.plans->current()->plan == plan));
    BOOST_TEST(plan.groupOfService("99115005104000")->key == "wohnen");
    BOOST_TEST(!plan.groupOfService("99050012104000"));
}

struct Wrong {
    const char* what;
    std::function<void(QueuePlan&)> change;
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong)
{
    return out << wrong.what;
}
const Wrong wrongs[] = {
    {"letter I", [](QueuePlan& plan) { plan.groups[0].letter = 'I'; }},
    {"letter O", [](QueuePlan& plan) { plan.groups[0].letter = 'O'; }},
    {"letter Q", [](QueuePlan& plan) { plan.groups[0].letter = 'Q'; }},
    {"a small letter", [](QueuePlan& plan) { plan.groups[0].letter = 'a'; }},
    {"one letter twice", [](QueuePlan& plan) { plan.groups[0].letter = 'B'; }},
    {"one key twice", [](QueuePlan& plan) { plan.groups[0].key = "wohnen"; }},
    {"a key with a blank", [](QueuePlan& plan) { plan.groups[0].key = "a b"; }},
    {"no German name",
     [](QueuePlan& plan) {
         plan.groups[0].name = {{"en", "Cards"}};
     }},
    {"an empty name", [](QueuePlan& plan) { plan.groups[0].name["de"] = ""; }},
    {"a service in two groups",
     [](QueuePlan& plan) { plan.groups[0].services.push_back("99115005104000"); }},
    {"no time at all", [](QueuePlan& plan) { plan.groups[0].planned = 0min; }},
    {"longer than a day's work", [](QueuePlan& plan) { plan.groups[0].planned = 481min; }},
    {"more than there are numbers", [](QueuePlan& plan) { plan.groups[0].dailyLimit = 1000; }},
    {"less than none", [](QueuePlan& plan) { plan.groups[0].dailyLimit = -1; }},
    {"one desk twice", [](QueuePlan& plan) { plan.desks[0].id = "2"; }},
    {"a desk that can nothing", [](QueuePlan& plan) { plan.desks[0].skills = {}; }},
    {"a skill that is no group", [](QueuePlan& plan) { plan.desks[0].skills = {"gewerbe"}; }},
    {"one skill twice",
     [](QueuePlan& plan) {
         plan.desks[0].skills = {"wohnen", "wohnen"};
     }},
    {"no call", [](QueuePlan& plan) { plan.rules.callsMax = 0; }},
    {"too late before late",
     [](QueuePlan& plan) { plan.rules.tooLateAfter = plan.rules.lateAfter - 1min; }},
    {"check-in after it is due", [](QueuePlan& plan) { plan.rules.checkInBefore = 1min; }},
    {"no time to take a number", [](QueuePlan& plan) { plan.rules.confirmWithin = 0min; }},
    {"a rule of less than nothing", [](QueuePlan& plan) { plan.rules.dueBefore = -1min; }},
};

BOOST_DATA_TEST_CASE(a_plan_that_cannot_be_meant_is_refused_whole, data::make(wrongs), wrong)
{
    QueuePlan plan = test::smallPlan();
    check(plan);
    wrong.change(plan);
    BOOST_CHECK_EXCEPTION(check(plan), Error, refusal(ErrorCode::InputMalformed));
    BOOST_CHECK_EXCEPTION(queuePlanFromJson(*toJson(plan)), Error,
                          refusal(ErrorCode::InputMalformed));
}

BOOST_AUTO_TEST_CASE(unknown_keys_and_words_are_refused)
{
    const std::string text = json::write(*toJson(test::smallPlan()));
    const auto refused = [&](const std::string& what, const std::string& by, ErrorCode code) {
        std::string changed = text;
        changed.replace(changed.find(what), what.size(), by);
        BOOST_CHECK_EXCEPTION(queuePlanFromJson(*json::parseObject(changed)), Error, refusal(code));
    };
    refused("\"desks\"", "\"tables\"", ErrorCode::JsonMalformed);
    refused("\"callsMax\"", "\"calls\"", ErrorCode::JsonMalformed);
    refused("Everywhere", "Nowhere", ErrorCode::InputMalformed);
    refused("\"format\":1", "\"format\":2", ErrorCode::InputMalformed);
    refused("\"letter\":\"A\"", "\"letter\":\"AA\"", ErrorCode::InputMalformed);
    refused("\"name\":\"Schalter 1\"", "\"name\":\"Schalter 1\",\"way\":\"North\"",
            ErrorCode::InputMalformed);
    refused("\"dailyLimit\":0", "\"dailyLimit\":4294967296", ErrorCode::InputMalformed);
}

BOOST_AUTO_TEST_CASE(who_saves_over_a_change_of_others_is_refused)
{
    QueueTown town;
    QueuePlan plan = test::smallPlan();
    plan.rules.callsMax = 2;
    BOOST_TEST(town.plans->save(plan, 1, "Lead", "fewer calls", town.now).version == 2);
    BOOST_CHECK_EXCEPTION(town.plans->save(test::smallPlan(), 1, "Other", "", town.now), Error,
                          refusal(ErrorCode::VersionConflict));
    BOOST_TEST(town.plans->current()->plan.rules.callsMax == 2);
    const auto history = town.plans->history();
    BOOST_REQUIRE(history.size() == 2u);
    BOOST_TEST(history[0].reason == "fewer calls");
    BOOST_TEST(history[1].plan.rules.callsMax == 3);
    const auto acts = town.acts("queue-plan");
    BOOST_TEST(acts == (std::vector<std::string>{"change-queue-plan", "change-queue-plan"}),
               boost::test_tools::per_element());
    BOOST_CHECK_EXCEPTION(town.plans->save(plan, 2, "Lead", std::string(201, 'x'), town.now), Error,
                          refusal(ErrorCode::InputMalformed));
}

BOOST_AUTO_TEST_CASE(a_plan_that_was_not_committed_counts_for_nobody)
{
    QueueTown town;
    QueuePlan plan = test::smallPlan();
    plan.rules.callsMax = 2;
    const auto interrupted = [&] {
        town.database->transact([&] {
            town.plans->save(plan, 1, "Lead", "", town.now);
            BOOST_TEST(town.plans->current()->plan.rules.callsMax == 2);
            throw Error(ErrorCode::SystemFailed, "power cut");
        });
    };
    BOOST_CHECK_EXCEPTION(interrupted(), Error, refusal(ErrorCode::SystemFailed));
    BOOST_TEST(town.plans->current()->plan.rules.callsMax == 3);
}

BOOST_AUTO_TEST_CASE(a_changed_plan_leaves_those_who_wait_and_their_letters)
{
    QueueTown town;
    town.openAll();
    const Ticket waiting = town.waiting();
    QueuePlan plan = test::smallPlan();
    plan.groups[0].letter = 'C';
    town.plan(plan);
    BOOST_TEST(toText(town.drawn().number) == "C 001");
    BOOST_TEST((town.found(waiting) == waiting));
    BOOST_TEST(town.nextNumber(town.one) == "A 001");
}

// --- numbers ---

struct Typed {
    const char* text;
    const char* number; ///< "": none
};
std::ostream& operator<<(std::ostream& out, const Typed& typed)
{
    return out << "'" << typed.text << "'";
}
const Typed typed[] = {
    {"B 047", "B 047"}, {"b47", "B 047"}, {" B-047 ", "B 047"},
    {"Z999", "Z 999"},  {"A1", "A 001"},  {"A 000", ""},
    {"A", ""},          {"", ""},         {"47", ""},
    {"I 047", ""},      {"A 1000", ""},   {"A 4x", ""},
    {"AA 1", ""},       {"Ä 1", ""},
};

BOOST_DATA_TEST_CASE(a_number_is_read_as_people_type_it, data::make(typed), row)
{
    const auto number = ticketNumberFromText(row.text);
    BOOST_TEST((number ? toText(*number) : "") == row.number);
    if (number)
        BOOST_TEST((ticketNumberFromText(compact(*number)) == number));
}

BOOST_AUTO_TEST_CASE(services_are_kept_as_text)
{
    const std::vector<WantedService> services{{"99008001012000", 1}, {"99115005104000", 12}};
    BOOST_TEST(toText(services) == "99008001012000*1 99115005104000*12");
    BOOST_TEST((servicesFromText(toText(services)) == services));
    BOOST_TEST(servicesFromText("").empty());
    BOOST_CHECK_EXCEPTION(servicesFromText("99008001012000"), Error,
                          refusal(ErrorCode::StoreFailed));
}

// --- the order, pair by pair ---

BOOST_AUTO_TEST_CASE(the_order_of_calling_is_this_one)
{
    const UtcTime ten = fromIso("2026-11-23T09:00:00Z");
    const auto walkIn = [&](std::chrono::minutes came, int number,
                            Priority priority = Priority::Normal) {
        return Claim{.priority = priority, .drawnAt = ten + came, .number = {'A', number}};
    };
    const auto visit = [&](std::chrono::minutes came, std::chrono::minutes start, int number,
                           Punctuality punctuality = Punctuality::OnTime) {
        return Claim{.punctuality = punctuality,
                     .appointmentAt = ten + start,
                     .drawnAt = ten + came,
                     .number = {'A', number}};
    };
    // Each before the next, at ten o'clock.
    const std::vector<Claim> order = {
        walkIn(-5min, 1, Priority::Urgent),
        walkIn(-4min, 2, Priority::Urgent),
        walkIn(-50min, 3, Priority::Raised), // came before that appointment began
        visit(-40min, -30min, 4),
        walkIn(-20min, 5, Priority::Raised),
        visit(-3min, -1min, 6),
        visit(-60min, 2min, 7), // due two minutes before
        walkIn(-90min, 8),
        visit(-80min, -100min, 9, Punctuality::Late),
        walkIn(-70min, 10),
        walkIn(-70min, 11),      // the same moment: the smaller number
        visit(-99min, 3min, 12), // not yet
        visit(-98min, 60min, 13),
    };
    for (std::size_t i = 0; i < order.size(); ++i) {
        for (std::size_t j = 0; j < order.size(); ++j) {
            const bool before = rankAt(order[i], {}, ten) < rankAt(order[j], {}, ten);
            BOOST_TEST(before == (i < j),
                       order[i].number.number << " before " << order[j].number.number);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: EUPL-1.2
//
// Forms: what the card gives, what may be typed, what is refused whole, what leaves for the
// destination.
#include "appliance/core/error.h"
#include "appliance/office/form/answers.h"
#include "tests/office/town.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;

namespace {

using Posted = std::map<std::string, std::string>;

const Posted person{{"givenNames", " Anna  Lena "},
                    {"familyNames", "Mu\u0308ller"},
                    {"academicTitle", ""},
                    {"dateOfBirth", "29.2.1984"}};
const Posted address{{"street", "Marktstraße 1"}, {"postalCode", "59999"}, {"city", "Musterstadt"}};
const Posted vehicle{{"plate", "ms ab 123"}, {"zone", "B"}, {"digitalNotice", "no"}};

struct Fault {
    const char* name;
    int step;
    Posted change; ///< over the good page
    const char* field;
    const char* errorKey;
    const char* detail;
};
std::ostream& operator<<(std::ostream& out, const Fault& fault)
{
    return out << fault.name;
}
const Fault faults[] = {
    {"a name is missing", 1, {{"familyNames", "  "}}, "familyNames", "form.error.missing", ""},
    {"a digit in a name", 1, {{"givenNames", "Ann4"}}, "givenNames", "form.error.character", "4"},
    {"a letter outside the standard",
     1,
     {{"givenNames", "Иван"}},
     "givenNames",
     "form.error.character",
     "И"},
    {"a name of 121 characters",
     1,
     {{"givenNames", std::string(121, 'a')}},
     "givenNames",
     "form.error.tooLong",
     ""},
    {"a day that does not exist",
     1,
     {{"dateOfBirth", "30.2.1984"}},
     "dateOfBirth",
     "form.error.date",
     ""},
    {"a short postal code", 2, {{"postalCode", "5999"}}, "postalCode", "form.error.postalCode", ""},
    {"letters in a postal code",
     2,
     {{"postalCode", "5999a"}},
     "postalCode",
     "form.error.postalCode",
     ""},
    {"no plate", 3, {{"plate", "MSAB123"}}, "plate", "form.error.plate", ""},
    {"a zone that the town does not have", 3, {{"zone", "Z"}}, "zone", "form.error.choice", ""},
    {"no zone", 3, {{"zone", ""}}, "zone", "form.error.missing", ""},
    {"neither yes nor no",
     3,
     {{"digitalNotice", "maybe"}},
     "digitalNotice",
     "form.error.choice",
     ""},
    {"a fraction in a street", 2, {{"street", "Markt ½"}}, "street", "form.error.character", "½"},
};

Posted page(int step)
{
    return step == 1 ? person : step == 2 ? address : vehicle;
}

Answers filled()
{
    Answers answers;
    for (const int step : {1, 2, 3}) {
        const PageTaken taken = takePage(test::parkingPermit(), step, answers, page(step));
        BOOST_TEST(taken.faults.empty());
        answers = taken.answers;
    }
    return answers;
}

IdentityData cardOf(const std::string& birth = "19640812")
{
    IdentityData card;
    card.givenNames = "ERIKA";
    card.familyNames = "MUSTERMANN";
    card.dateOfBirth = birth;
    card.placeOfResidence = {.street = "HEIDESTRASSE 17",
                             .city = "KÖLN",
                             .state = "",
                             .country = "D",
                             .postalCode = "51147",
                             .freeText = "",
                             .noPlace = ""};
    return card;
}

bool isUnexpected(const Error& error)
{
    return error.errorCode() == ErrorCode::FormFieldUnexpected;
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_answers)

BOOST_AUTO_TEST_CASE(a_form_is_filled_page_by_page_and_kept_in_its_written_form)
{
    const Answers answers = filled();
    BOOST_TEST(answers.at("givenNames").value == "Anna Lena");
    BOOST_TEST(answers.at("familyNames").value == "Müller"); // NFC
    BOOST_TEST(answers.at("dateOfBirth").value == "1984-02-29");
    BOOST_TEST(answers.at("plate").value == "MS-AB 123");
    BOOST_TEST((answers.at("plate").origin == Origin::Typed));
    BOOST_TEST(faultsOf(test::parkingPermit(), answers).empty());
}

BOOST_DATA_TEST_CASE(a_fault_is_told_at_its_field_and_keeps_what_was_typed, data::make(faults),
                     fault)
{
    Posted posted = page(fault.step);
    for (const auto& [fieldName, value] : fault.change)
        posted[fieldName] = value;
    const PageTaken taken = takePage(test::parkingPermit(), fault.step, {}, posted);
    BOOST_TEST_REQUIRE(taken.faults.size() == 1u);
    BOOST_TEST(taken.faults[0].field == fault.field);
    BOOST_TEST(taken.faults[0].errorKey == fault.errorKey);
    BOOST_TEST(taken.faults[0].detail == fault.detail);
    BOOST_TEST(!faultsOf(test::parkingPermit(), taken.answers).empty());
}

BOOST_AUTO_TEST_CASE(fields_of_another_page_or_of_none_are_refused_whole)
{
    for (const char* unexpected : {"zone", "iban", "", "givenNames\n", "key"}) {
        Posted posted = person;
        posted[unexpected] = "x";
        BOOST_CHECK_EXCEPTION(takePage(test::parkingPermit(), 1, {}, posted), Error, isUnexpected);
    }
}

BOOST_AUTO_TEST_CASE(what_the_card_gave_cannot_be_typed_over)
{
    const Answers answers = answersFromCard(test::parkingPermit(), cardOf());
    BOOST_CHECK_EXCEPTION(takePage(test::parkingPermit(), 1, answers, {{"givenNames", "Anna"}}),
                          Error, isUnexpected);
    const PageTaken taken = takePage(test::parkingPermit(), 1, answers, {});
    BOOST_TEST(taken.faults.empty());
    BOOST_TEST((taken.answers == answers));
    BOOST_TEST(!asksAnything(test::parkingPermit(), 1, answers));
    BOOST_TEST(!asksAnything(test::parkingPermit(), 2, answers));
    BOOST_TEST(asksAnything(test::parkingPermit(), 3, answers));
    BOOST_TEST(asksAnything(test::parkingPermit(), 1, {}));
}

BOOST_AUTO_TEST_CASE(the_card_gives_values_with_their_origin)
{
    const Answers answers = answersFromCard(test::parkingPermit(), cardOf());
    BOOST_TEST(answers.at("familyNames").value == "MUSTERMANN");
    BOOST_TEST((answers.at("city").origin == Origin::Card));
    BOOST_TEST(answers.at("dateOfBirth").value == "1964-08-12");
    BOOST_TEST(answers.at("academicTitle").value == ""); // not asked again
    BOOST_TEST(answersFromCard(test::parkingPermit(), cardOf("196408  ")).at("dateOfBirth").value ==
               "1964-08");
    BOOST_TEST(answersFromCard(test::parkingPermit(), cardOf("1964    ")).at("dateOfBirth").value ==
               "1964");
    BOOST_TEST(answersFromCard(test::parkingPermit(), cardOf("        ")).count("dateOfBirth") ==
               0u);
    BOOST_TEST(answersFromCard(test::parkingPermit(), cardOf("xx")).count("dateOfBirth") == 0u);
}

BOOST_AUTO_TEST_CASE(a_residence_in_free_text_is_left_to_be_typed)
{
    IdentityData card = cardOf();
    card.placeOfResidence = {};
    card.placeOfResidence.noPlace = "keine Hauptwohnung in Deutschland";
    BOOST_TEST(
        asksAnything(test::parkingPermit(), 2, answersFromCard(test::parkingPermit(), card)));
}

BOOST_AUTO_TEST_CASE(a_letter_on_a_card_that_the_list_lacks_is_no_dead_end)
{
    IdentityData card = cardOf();
    card.givenNames = "\u1EB9\u0301";
    Answers answers = answersFromCard(test::parkingPermit(), card);
    answers = takePage(test::parkingPermit(), 3, answers, vehicle).answers;
    BOOST_TEST(faultsOf(test::parkingPermit(), answers).empty());
}

BOOST_AUTO_TEST_CASE(answers_that_did_not_come_through_the_pages_are_not_believed)
{
    Answers answers = filled();
    answers["iban"] = {"DE00", Origin::Typed};
    BOOST_TEST(!faultsOf(test::parkingPermit(), answers).empty());
    answers = filled();
    answers["plate"].value = "ms ab 123"; // not as it is written
    BOOST_TEST(!faultsOf(test::parkingPermit(), answers).empty());
    answers = filled();
    answers.erase("zone");
    BOOST_TEST(!faultsOf(test::parkingPermit(), answers).empty());
}

BOOST_AUTO_TEST_CASE(the_data_for_the_destination_are_the_same_bytes_each_time)
{
    const std::string expected =
        R"({"$schema":"urn:example:amtsstube:bewohnerparkausweis:1.0","service":"99108001001000","captureDay":"2026-11-21",)"
        R"("values":{"givenNames":"Žaneta","familyNames":"Łukaszewicz","dateOfBirth":"1990-08-17","street":"Marktstraße 1",)"
        R"("postalCode":"59999","city":"Musterstadt","plate":"MS-AB 123","zone":"B","digitalNotice":false},)"
        R"("origins":{"givenNames":"eid","familyNames":"eid","dateOfBirth":"eid","street":"eid","postalCode":"eid","city":"eid",)"
        R"("plate":"typed","zone":"typed","digitalNotice":"typed"}})";
    const LocalDate day = localDateFromIso("2026-11-21");
    BOOST_TEST(dataJson(test::parkingPermit(), test::someAnswers(), day) == expected);
    BOOST_TEST(dataJson(test::parkingPermit(), answersFromJson(*toJson(test::someAnswers())),
                        day) == expected);
}

BOOST_AUTO_TEST_CASE(answers_come_back_from_their_draft_or_not_at_all)
{
    BOOST_TEST((answersFromJson(*json::parseObject(json::write(*toJson(test::someAnswers())))) ==
                test::someAnswers()));
    for (const char* broken : {R"({"zone":"B"})", R"({"zone":{"value":"B"}})",
                               R"({"zone":{"value":"B","origin":"heard"}})",
                               R"({"zone":{"value":"B","origin":"typed","more":1}})"}) {
        BOOST_CHECK_EXCEPTION(
            answersFromJson(*json::parseObject(broken)), Error,
            [](const Error& error) { return error.errorCode() == ErrorCode::JsonMalformed; });
    }
}

BOOST_AUTO_TEST_SUITE_END()

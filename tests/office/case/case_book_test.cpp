// SPDX-License-Identifier: EUPL-1.2
//
// Cases: nothing acknowledged is lost at any cut, nothing is sealed twice, and reading leaves a
// name.
#include "appliance/office/case/case_book.h"
#include "tests/office/town.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;

namespace {

const Money fee = Money::cents(3070);

bool isOutOfOrder(const Error& error)
{
    return error.errorCode() == ErrorCode::StepOutOfOrder;
}

std::vector<std::string> kindsOf(const std::vector<outbox::JournalRecord>& records)
{
    std::vector<std::string> kinds;
    for (const auto& record : records)
        kinds.push_back(record.kind);
    return kinds;
}

/// What the destination's events would have made of it.
void setEnvelopeState(test::Office& office, const std::string& state, UtcTime at)
{
    office.database->prepare("UPDATE envelope SET state = ?, closed_at = ?").bind(state, at).run();
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_case_book)

BOOST_AUTO_TEST_CASE(submitting_keeps_case_fee_and_a_copy_that_only_the_desk_opens)
{
    test::Office office;
    const CaseRecord record = office.submitted();
    BOOST_TEST((record.state == CaseState::Recorded));
    BOOST_TEST((record.standing == Standing::Recorded));
    BOOST_TEST((record.fee == fee));
    BOOST_TEST(record.reference.substr(0, 8) == "BP-2026-");
    BOOST_TEST(record.cashReference.substr(0, 8) == "KZ-2026-");
    BOOST_TEST(record.hasDeskCopy);
    const OpenedCase opened =
        office.cases->open(record.id, test::rsaKey(4), "Petra Kern", office.now);
    BOOST_TEST((opened.answers == test::someAnswers()));
    BOOST_TEST(opened.reference == record.reference);
    BOOST_TEST(opened.envelopeId == record.envelopeId);
    BOOST_TEST((opened.captureDay == localDateFromIso("2026-11-21")));
    BOOST_CHECK_THROW(office.cases->open(record.id, test::rsaKey(2), "Petra Kern", office.now),
                      Error);
    for (const char* ending : {"", "-wal"}) {
        std::ifstream file(office.database.file() + ending, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file),
                                std::istreambuf_iterator<char>()};
        BOOST_TEST((bytes.find("Łukaszewicz") == std::string::npos));
        BOOST_TEST((bytes.find("MS-AB 123") == std::string::npos));
    }
}

BOOST_AUTO_TEST_CASE(submitting_twice_gives_the_same_case)
{
    test::Office office;
    const CaseRecord first = office.submitted();
    const auto records = office.journal->head().number;
    BOOST_TEST(office.submitted().id == first.id);
    office.restart();
    BOOST_TEST(office.submitted().reference == first.reference);
    BOOST_TEST(office.journal->head().number == records);
    BOOST_TEST(office.cases->newest().size() == 1u);
    BOOST_TEST(office.cases->findByVisit("visit-1")->id == first.id);
}

BOOST_AUTO_TEST_CASE(an_incomplete_form_makes_no_case)
{
    test::Office office;
    Submission submission{.visitId = "v",
                          .envelopeId = randomUuid(office.random),
                          .captureDay = localDate(office.now),
                          .answers = test::someAnswers()};
    submission.answers.erase("plate");
    BOOST_CHECK_EXCEPTION(
        office.cases->submit(test::parkingPermit(), submission, office.desk, office.now), Error,
        isOutOfOrder);
    BOOST_TEST(office.cases->newest().empty());
}

BOOST_AUTO_TEST_CASE(a_paid_case_is_sealed_with_its_envelope_in_one_commit)
{
    test::Office office;
    const CaseRecord record = office.submitted();
    office.paid(record.id);
    const auto sealed = office.sealed(record.envelopeId);
    int commits = 0;
    office.database.atCommit = [&](store::CommitMoment moment) {
        commits += moment == store::CommitMoment::After ? 1 : 0;
    };
    office.restart();
    commits = 0;
    office.cases->seal(record.id, sealed, Settlement::Card, office.now);
    BOOST_TEST(commits == 1);
    const CaseRecord after = *office.cases->find(record.id);
    BOOST_TEST((after.state == CaseState::Sealed));
    BOOST_TEST((after.settlement == Settlement::Card));
    BOOST_TEST((after.standing == Standing::Recorded)); // recorded here, not handed over
    BOOST_TEST(office.box->waiting().size() == 1u);
    office.cases->seal(record.id, sealed, Settlement::Card, office.now); // again: nothing
    BOOST_TEST(office.box->waiting().size() == 1u);
    BOOST_TEST((kindsOf(office.cases->way(record.id)) ==
                std::vector<std::string>{"CASE", "PAYMENT_ORDERED", "PAYMENT_SENT",
                                         "PAYMENT_APPROVED", "SEALED"}));
    BOOST_CHECK_NO_THROW(office.journal->verify(outbox::Extent::All));
}

BOOST_AUTO_TEST_CASE(a_cut_at_the_sealing_commit_leaves_all_or_nothing)
{
    for (const auto moment : {store::CommitMoment::Before, store::CommitMoment::After}) {
        test::Office office;
        const CaseRecord record = office.submitted();
        office.paid(record.id);
        const auto sealed = office.sealed(record.envelopeId);
        bool armed = false;
        office.database.atCommit = [&](store::CommitMoment now) {
            if (armed && now == moment)
                throw std::runtime_error("power cut");
        };
        office.restart();
        armed = true;
        BOOST_CHECK_THROW(office.cases->seal(record.id, sealed, Settlement::Card, office.now),
                          std::runtime_error);
        armed = false;
        office.restart();
        const bool done = moment == store::CommitMoment::After;
        BOOST_TEST(office.box->waiting().size() == (done ? 1u : 0u));
        BOOST_TEST((office.cases->find(record.id)->state ==
                    (done ? CaseState::Sealed : CaseState::Recorded)));
        BOOST_TEST(office.cases->holdInterrupted({}, office.now) == (done ? 0 : 1));
        BOOST_CHECK_NO_THROW(office.journal->verify(outbox::Extent::All));
    }
}

BOOST_AUTO_TEST_CASE(the_settlement_has_to_be_true)
{
    test::Office office;
    const CaseRecord record = office.submitted();
    const auto sealed = office.sealed(record.envelopeId);
    const auto refused = [&](Settlement settlement) {
        BOOST_CHECK_EXCEPTION(office.cases->seal(record.id, sealed, settlement, office.now), Error,
                              isOutOfOrder);
    };
    refused(Settlement::Card);  // nobody paid
    refused(Settlement::NoFee); // there is a fee
    refused(Settlement::Open);
    const Payment payment = std::get<Payment>(office.till->order(record.id, fee, office.now));
    office.till->evidence(payment.id, PaymentEvidence::Sent, std::nullopt, office.now);
    refused(Settlement::Card);
    refused(Settlement::AtDesk); // the terminal may have charged
    office.till->outcome(payment.id, PaymentUnresolved{"line lost"}, office.now);
    refused(Settlement::Card);
    refused(Settlement::AtDesk);
    office.till->outcome(payment.id, PaymentDeclined{office.recordOf(5)}, office.now);
    refused(Settlement::Card);
    office.cases->seal(record.id, sealed, Settlement::AtDesk, office.now);
    BOOST_TEST((office.cases->find(record.id)->settlement == Settlement::AtDesk));
    BOOST_TEST(office.box->waiting().size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_envelope_of_another_case_is_not_taken)
{
    test::Office office;
    const CaseRecord record = office.submitted(1);
    const CaseRecord other = office.submitted(2);
    BOOST_CHECK_EXCEPTION(office.cases->seal(record.id, office.sealed(other.envelopeId),
                                             Settlement::AtDesk, office.now),
                          Error, isOutOfOrder);
    BOOST_TEST(office.box->waiting().empty());
}

BOOST_AUTO_TEST_CASE(after_a_restart_every_case_without_envelope_and_without_its_citizen_is_held)
{
    test::Office office;
    const CaseRecord paid = office.submitted(1);
    office.paid(paid.id);
    const CaseRecord unresolved = office.submitted(2);
    const Payment payment = std::get<Payment>(office.till->order(unresolved.id, fee, office.now));
    office.till->evidence(payment.id, PaymentEvidence::Sent, std::nullopt, office.now);
    const CaseRecord live = office.submitted(3);
    const CaseRecord sealed = office.submitted(4);
    office.cases->seal(sealed.id, office.sealed(sealed.envelopeId), Settlement::AtDesk, office.now);
    office.restart();
    office.till->takeUp(office.now);
    BOOST_TEST(office.cases->holdInterrupted({"visit-3"}, office.now) == 2);
    BOOST_TEST(office.cases->find(paid.id)->heldReason == "PlainTextLost");
    BOOST_TEST(office.cases->find(unresolved.id)->heldReason == "PaymentUnresolved");
    BOOST_TEST((office.cases->find(live.id)->standing == Standing::Recorded));
    BOOST_TEST((office.cases->find(sealed.id)->standing == Standing::Recorded));
    BOOST_TEST(office.cases->holdInterrupted({"visit-3"}, office.now) == 0);
    // Nothing but a person moves it.
    BOOST_CHECK_EXCEPTION(
        office.cases->seal(paid.id, office.sealed(paid.envelopeId), Settlement::Card, office.now),
        Error, isOutOfOrder);
}

BOOST_AUTO_TEST_CASE(a_clerk_releases_a_held_case_from_the_desk_copy)
{
    test::Office office;
    const CaseRecord record = office.submitted();
    office.paid(record.id);
    office.restart();
    office.cases->holdInterrupted({}, office.now);
    const OpenedCase opened =
        office.cases->open(record.id, test::rsaKey(4), "Petra Kern", office.now);
    office.cases->release(record.id, office.sealed(opened.envelopeId), Settlement::Card,
                          "Petra Kern", "Stromausfall", office.now);
    const CaseRecord after = *office.cases->find(record.id);
    BOOST_TEST((after.state == CaseState::Sealed));
    BOOST_TEST(after.heldReason == "");
    BOOST_TEST(office.box->waiting().size() == 1u);
    const auto way = office.cases->way(record.id);
    BOOST_TEST((kindsOf(way) == std::vector<std::string>{"CASE", "PAYMENT_ORDERED", "PAYMENT_SENT",
                                                         "PAYMENT_APPROVED", "HELD", "AUDIT",
                                                         "SEALED", "RELEASED", "AUDIT"}));
    BOOST_TEST(way.back().details.at("clerk") == "Petra Kern");
    BOOST_TEST(way.back().details.at("reason") == "Stromausfall");
    BOOST_CHECK_EXCEPTION(office.cases->release(record.id, office.sealed(opened.envelopeId),
                                                Settlement::Card, "Petra Kern", "", office.now),
                          Error, isOutOfOrder);
}

BOOST_AUTO_TEST_CASE(an_unresolved_payment_keeps_a_case_from_being_released)
{
    test::Office office;
    const CaseRecord record = office.submitted();
    const Payment payment = std::get<Payment>(office.till->order(record.id, fee, office.now));
    office.till->evidence(payment.id, PaymentEvidence::Sent, std::nullopt, office.now);
    office.restart();
    office.till->takeUp(office.now);
    office.cases->holdInterrupted({}, office.now);
    const auto sealed = office.sealed(record.envelopeId);
    for (const auto settlement :
         {Settlement::Card, Settlement::AtDesk, Settlement::NoFee, Settlement::Open})
        BOOST_CHECK_EXCEPTION(
            office.cases->release(record.id, sealed, settlement, "Petra Kern", "", office.now),
            Error, isOutOfOrder);
    office.till->decide(payment.id, Till::Finding::Unpaid, "Petra Kern", "Tagesabschluss geprüft",
                        office.now);
    BOOST_CHECK_NO_THROW(office.cases->release(record.id, sealed, Settlement::AtDesk, "Petra Kern",
                                               "zahlt am Schalter", office.now));
}

BOOST_AUTO_TEST_CASE(a_held_envelope_is_shown_with_its_reason_and_goes_on_as_it_is)
{
    test::Office office;
    const CaseRecord record = office.submitted();
    office.cases->seal(record.id, office.sealed(record.envelopeId), Settlement::AtDesk, office.now);
    BOOST_CHECK_EXCEPTION(office.cases->release(record.id, "Petra Kern", "", office.now), Error,
                          isOutOfOrder);
    office.box->refused(record.envelopeId, "announce", 422, "service-mismatch", office.now);
    const CaseRecord held = *office.cases->find(record.id);
    BOOST_TEST((held.standing == Standing::Held));
    BOOST_TEST(held.heldReason == "PortalRefused");
    office.cases->release(record.id, "Petra Kern", "Portal hat berichtigt", office.now);
    BOOST_TEST((office.cases->find(record.id)->standing == Standing::Recorded));
}

BOOST_AUTO_TEST_CASE(reading_a_case_leaves_the_clerk_s_name_in_the_chain)
{
    test::Office office;
    const CaseRecord record = office.submitted();
    office.cases->open(record.id, test::rsaKey(4), "Petra Kern", office.now);
    const auto last = office.cases->way(record.id).back();
    BOOST_TEST(last.kind == "AUDIT");
    BOOST_TEST(last.details.at("act") == "read-case");
    BOOST_TEST(last.details.at("clerk") == "Petra Kern");
}

BOOST_AUTO_TEST_CASE(an_accepted_case_is_readable_for_its_time_and_then_no_more)
{
    test::Office office;
    const CaseRecord record = office.submitted();
    office.cases->seal(record.id, office.sealed(record.envelopeId), Settlement::AtDesk, office.now);
    BOOST_TEST(office.cases->purgeDeskCopies(test::musterstadt(),
                                             office.now + std::chrono::hours(10000)) ==
               0); // never by age alone
    setEnvelopeState(office, "ACCEPTED", office.now);
    BOOST_TEST((office.cases->find(record.id)->standing == Standing::Accepted));
    BOOST_TEST(office.cases->purgeDeskCopies(test::musterstadt(),
                                             office.now + std::chrono::hours(23)) == 0);
    BOOST_TEST(office.cases->purgeDeskCopies(test::musterstadt(),
                                             office.now + std::chrono::hours(24)) == 1);
    BOOST_TEST(!office.cases->find(record.id)->hasDeskCopy);
    BOOST_CHECK_EXCEPTION(
        office.cases->open(record.id, test::rsaKey(4), "Petra Kern", office.now), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::NotFound; });
    BOOST_TEST(office.cases->way(record.id).back().kind == "PURGED");
}

BOOST_AUTO_TEST_CASE(a_held_or_rejected_case_is_never_purged_by_itself)
{
    for (const char* state : {"REJECTED", "STORED", "SEALED"}) {
        test::Office office;
        const CaseRecord record = office.submitted();
        office.cases->seal(record.id, office.sealed(record.envelopeId), Settlement::AtDesk,
                           office.now);
        setEnvelopeState(office, state, office.now);
        BOOST_TEST(office.cases->purgeDeskCopies(test::musterstadt(),
                                                 office.now + std::chrono::hours(10000)) == 0);
    }
    test::Office office;
    const CaseRecord record = office.submitted();
    office.cases->hold(record.id, "VisitEnded", office.now);
    BOOST_TEST(office.cases->purgeDeskCopies(test::musterstadt(),
                                             office.now + std::chrono::hours(10000)) == 0);
    office.cases->hold(record.id, "Other", office.now); // held is held
    BOOST_TEST(office.cases->find(record.id)->heldReason == "VisitEnded");
}

BOOST_AUTO_TEST_CASE(a_held_case_that_went_on_paper_is_closed_by_name)
{
    test::Office office;
    const CaseRecord record = office.submitted();
    office.cases->hold(record.id, "VisitEnded", office.now);
    BOOST_TEST(office.cases->needingPerson().size() == 1u);
    BOOST_CHECK_EXCEPTION(office.cases->settle(record.id, CaseBook::Settling::DealtWith,
                                               "Petra Kern", "x", office.now),
                          Error, isOutOfOrder);
    office.cases->settle(record.id, CaseBook::Settling::OnPaper, "Petra Kern",
                         "Antrag auf Papier mitgegeben", office.now);
    BOOST_TEST((office.cases->find(record.id)->standing == Standing::Settled));
    BOOST_TEST(office.cases->needingPerson().empty());
    BOOST_CHECK_EXCEPTION(office.cases->release(record.id, office.sealed(record.envelopeId),
                                                Settlement::AtDesk, "Petra Kern", "", office.now),
                          Error, isOutOfOrder);
    BOOST_CHECK_EXCEPTION(
        office.cases->settle(record.id, CaseBook::Settling::OnPaper, "Petra Kern", "", office.now),
        Error, isOutOfOrder);
    BOOST_TEST(office.cases->openIds().contains(record.id));
    BOOST_TEST(office.cases->purgeDeskCopies(test::musterstadt(),
                                             office.now + std::chrono::hours(24)) == 1);
    BOOST_TEST(!office.cases->openIds().contains(record.id));
}

BOOST_AUTO_TEST_CASE(a_held_envelope_that_went_on_paper_leaves_nothing_to_send)
{
    test::Office office;
    const CaseRecord record = office.submitted();
    office.cases->seal(record.id, office.sealed(record.envelopeId), Settlement::AtDesk, office.now);
    office.box->refused(record.envelopeId, "announce", 410, "", office.now);
    office.cases->settle(record.id, CaseBook::Settling::OnPaper, "Petra Kern", "mitgegeben",
                         office.now);
    BOOST_TEST((office.cases->find(record.id)->standing == Standing::Settled));
    BOOST_TEST(office.box->purge(office.now) == 1);
    BOOST_TEST(office.box->waiting().empty());
}

BOOST_AUTO_TEST_CASE(the_state_is_told_to_number_and_code_and_to_neither_alone)
{
    test::Office office;
    const CaseRecord record = office.submitted(1);
    const CaseRecord other = office.submitted(2);
    BOOST_TEST(record.questionCode.size() == 11u);
    BOOST_TEST(record.questionCode != other.questionCode);
    const auto found = office.cases->findByQuestion(record.reference, record.questionCode);
    BOOST_TEST_REQUIRE(found.has_value());
    BOOST_TEST(found->id == record.id);
    BOOST_TEST(!office.cases->findByQuestion(record.reference, other.questionCode));
    BOOST_TEST(!office.cases->findByQuestion(record.reference, ""));
    BOOST_TEST(!office.cases->findByQuestion("BP-2026-0000-00", record.questionCode));
}

BOOST_AUTO_TEST_SUITE_END()

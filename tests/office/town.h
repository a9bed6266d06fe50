// SPDX-License-Identifier: EUPL-1.2
//
// A town hall on a database of its own: the municipality of config/, rooms, an enrolled
// destination, a desk key.
#pragma once

#include "appliance/office/case/case_book.h"
#include "appliance/office/catalogue/catalogue.h"
#include "appliance/office/till/till.h"
#include "tests/outbox/enrolled.h"

#include <string>

namespace amt::test {

inline const office::Municipality& musterstadt()
{
    static const office::Municipality municipality =
        office::loadMunicipality(std::string(AMT_SOURCE_DIR) + "/config/municipality");
    return municipality;
}
inline const office::Service& parkingPermit()
{
    return *musterstadt().service(serviceKey);
}

inline office::Answers someAnswers()
{
    using office::Origin;
    return {{"givenNames", {"Žaneta", Origin::Card}},
            {"familyNames", {"Łukaszewicz", Origin::Card}},
            {"academicTitle", {"", Origin::Card}},
            {"dateOfBirth", {"1990-08-17", Origin::Card}},
            {"street", {"Marktstraße 1", Origin::Card}},
            {"postalCode", {"59999", Origin::Card}},
            {"city", {"Musterstadt", Origin::Card}},
            {"plate", {"MS-AB 123", Origin::Typed}},
            {"zone", {"B", Origin::Typed}},
            {"digitalNotice", {"no", Origin::Typed}}};
}

struct Office : EnrolledNode {
    std::optional<office::Till> till;
    std::optional<office::CaseBook> cases;
    const outbox::DeskSeal desk{publicRsaKey(4), "desk-test-1"};
    UtcTime now = enrolledAt;

    Office() { wireOffice(); }
    void wireOffice()
    {
        till.emplace(*database, *journal, random);
        cases.emplace(*database, *journal, *box, *till, random);
    }
    /// As after kill -9.
    void restart()
    {
        cases.reset();
        till.reset();
        box.reset();
        destinations.reset();
        journal.reset();
        database.reopen();
        wire();
        wireOffice();
    }
    office::CaseRecord submitted(int number = 1)
    {
        return cases->submit(
            parkingPermit(),
            {.visitId = "visit-" + std::to_string(number),
             .envelopeId = "e0000000-0000-4000-8000-00000000000" + std::to_string(number),
             .captureDay = localDate(now),
             .answers = someAnswers()},
            desk, now);
    }
    TerminalRecord recordOf(int result, std::int64_t cents = 3070) const
    {
        TerminalRecord record;
        record.result = result;
        record.amount = Money::cents(cents);
        record.currency = 978;
        record.receipt = 42;
        record.trace = 4711;
        record.terminalId = "65010001";
        return record;
    }
    office::Payment paid(const std::string& caseId)
    {
        auto ordered = std::get<office::Payment>(till->order(caseId, Money::cents(3070), now));
        till->evidence(ordered.id, PaymentEvidence::Sent, std::nullopt, now);
        till->outcome(ordered.id, PaymentApproved{recordOf(0)}, now);
        return *till->find(ordered.id);
    }
};

} // namespace amt::test

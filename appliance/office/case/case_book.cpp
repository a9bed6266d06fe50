// SPDX-License-Identifier: EUPL-1.2
//
// Each use case is one commit: case, desk copy, envelope and journal change together or not at all.
#include "appliance/office/case/case_book.h"

#include "appliance/core/file_reference.h"
#include "appliance/core/log.h"

#include <algorithm>
#include <utility>

namespace amt::office {

namespace {

constexpr std::string_view cashPrefix = "KZ"; // Kassenzeichen

constexpr std::pair<CaseState, std::string_view> stateNames[] = {
    {CaseState::Recorded, "Recorded"},
    {CaseState::Sealed, "Sealed"},
    {CaseState::Held, "Held"},
};
constexpr std::pair<Settlement, std::string_view> settlementNames[] = {
    {Settlement::Open, "Open"},
    {Settlement::Card, "Card"},
    {Settlement::AtDesk, "AtDesk"},
    {Settlement::NoFee, "NoFee"},
};

std::string_view name(CaseState state)
{
    for (const auto& [known, text] : stateNames) {
        if (known == state)
            return text;
    }
    AMT_ASSERT(false && "a case state without a name");
}

CaseState caseStateFromName(const std::string& text)
{
    for (const auto& [state, known] : stateNames) {
        if (known == text)
            return state;
    }
    throw Error(ErrorCode::StoreFailed, "unknown case state");
}

Standing standingOf(CaseState state, const std::optional<outbox::EnvelopeRecord>& envelope,
                    bool settled)
{
    if (settled)
        return Standing::Settled;
    if (!envelope) {
        switch (state) {
        case CaseState::Recorded:
            return Standing::Recorded;
        case CaseState::Held:
            return Standing::Held;
        case CaseState::Sealed:
            return Standing::Accepted; // so long ago that only the journal knows it
        }
    }
    switch (envelope->state) {
    case outbox::EnvelopeState::Sealed:
        return Standing::Recorded;
    case outbox::EnvelopeState::Stored:
        return Standing::HandedOver;
    case outbox::EnvelopeState::Accepted:
    case outbox::EnvelopeState::Purged:
        return Standing::Accepted;
    case outbox::EnvelopeState::Rejected:
        return Standing::Rejected;
    case outbox::EnvelopeState::Held:
        return Standing::Held;
    }
    AMT_ASSERT(false && "an envelope state without a standing");
}

constexpr std::string_view columns =
    "SELECT id, envelope_id, reference, cash_reference, service_key, state, held_reason, fee,"
    " settlement, capture_day, created_at,"
    " EXISTS (SELECT 1 FROM desk_copy WHERE case_id = cases.id), settled_at, question_code"
    " FROM cases ";

CaseRecord read(const store::Statement& row, const outbox::Outbox& outbox, const Till& till)
{
    CaseRecord record{.id = row.text(0),
                      .envelopeId = row.text(1),
                      .reference = row.text(2),
                      .cashReference = row.text(3),
                      .serviceKey = row.text(4),
                      .state = caseStateFromName(row.text(5)),
                      .standing = Standing::Recorded,
                      .heldReason = row.text(6),
                      .fee = row.money(7),
                      .settlement = settlementFromName(row.text(8)),
                      .captureDay = localDateFromIso(row.text(9)),
                      .createdAt = row.time(10),
                      .hasDeskCopy = row.integer(11) != 0,
                      .settledAt = row.optionalTime(12),
                      .questionCode = row.text(13),
                      .payment = till.ofCase(row.text(0)),
                      .envelope = outbox.find(row.text(1))};
    record.standing = standingOf(record.state, record.envelope, record.settledAt.has_value());
    if (record.envelope && record.standing == Standing::Held)
        record.heldReason = record.envelope->heldReason;
    return record;
}

/// The commit that seals names how the fee was settled; it has to be true then.
void requireSettled(const CaseRecord& record, Settlement settlement)
{
    const bool approved = record.payment && record.payment->state == PaymentState::Approved;
    const bool open = record.payment && (record.payment->state == PaymentState::Ordered ||
                                         record.payment->state == PaymentState::Authorising ||
                                         record.payment->state == PaymentState::Unresolved);
    bool holds = false;
    switch (settlement) {
    case Settlement::Open:
        break;
    case Settlement::Card:
        holds = approved;
        break;
    case Settlement::AtDesk:
        holds = !approved && !open && record.fee > Money();
        break;
    case Settlement::NoFee:
        holds = !approved && !open && record.fee == Money();
        break;
    }
    if (!holds)
        throw Error(ErrorCode::StepOutOfOrder,
                    "the payment does not say so: " + std::string(name(settlement)));
}

std::string deskCopyJson(const OpenedCase& opened)
{
    json::ObjectPtr object = json::makeObject();
    object->set("format", 1);
    object->set("case", opened.id);
    object->set("envelope", opened.envelopeId);
    object->set("reference", opened.reference);
    object->set("cashReference", opened.cashReference);
    object->set("service", opened.serviceKey);
    object->set("captureDay", toIso(opened.captureDay));
    object->set("feeCents", opened.fee.inCents());
    object->set("answers", toJson(opened.answers));
    if (opened.identification)
        object->set("identification", toJson(*opened.identification));
    return json::write(*object);
}

OpenedCase readDeskCopy(const std::string& text)
{
    const json::ObjectPtr object = json::parseObject(text);
    return {.id = json::text(*object, "case"),
            .envelopeId = json::text(*object, "envelope"),
            .reference = json::text(*object, "reference"),
            .cashReference = json::text(*object, "cashReference"),
            .serviceKey = json::text(*object, "service"),
            .captureDay = localDateFromIso(json::text(*object, "captureDay")),
            .fee = Money::cents(json::integer(*object, "feeCents")),
            .answers = answersFromJson(*json::object(*object, "answers")),
            .identification = object->has("identification")
                                  ? std::optional(identificationFromJson(
                                        *json::object(*object, "identification")))
                                  : std::nullopt};
}

} // namespace

std::string_view name(Settlement settlement)
{
    for (const auto& [known, text] : settlementNames) {
        if (known == settlement)
            return text;
    }
    AMT_ASSERT(false && "a settlement without a name");
}

Settlement settlementFromName(const std::string& text)
{
    for (const auto& [settlement, known] : settlementNames) {
        if (known == text)
            return settlement;
    }
    throw Error(ErrorCode::StoreFailed, "unknown settlement");
}

std::string_view name(Standing standing)
{
    switch (standing) {
    case Standing::Recorded:
        return "Recorded";
    case Standing::HandedOver:
        return "HandedOver";
    case Standing::Accepted:
        return "Accepted";
    case Standing::Rejected:
        return "Rejected";
    case Standing::Held:
        return "Held";
    case Standing::Settled:
        return "Settled";
    }
    AMT_ASSERT(false && "a standing without a name");
}

CaseBook::CaseBook(store::Database& database, outbox::Journal& journal, outbox::Outbox& outbox,
                   Till& till, RandomSource& random)
    : _database(database), _journal(journal), _outbox(outbox), _till(till), _random(random)
{}

CaseRecord CaseBook::submit(const Service& service, const Submission& submission,
                            const outbox::DeskSeal& desk, UtcTime now)
{
    return _database.transact([&] {
        if (auto known = findByEnvelope(submission.envelopeId))
            return *known; // pressed twice, or back after a crash: the same case
        if (!faultsOf(service, submission.answers).empty())
            throw Error(ErrorCode::StepOutOfOrder, "the form is not complete");
        OpenedCase opened{.id = timedUuid(_random, now),
                          .envelopeId = submission.envelopeId,
                          .reference = {},
                          .cashReference = {},
                          .serviceKey = service.key,
                          .captureDay = submission.captureDay,
                          .fee = feeFor(service, submission.captureDay),
                          .answers = submission.answers,
                          .identification = submission.identification};
        auto taken =
            _database.prepare("SELECT 1 FROM cases WHERE reference = ? OR cash_reference = ?");
        do {
            opened.reference =
                makeFileReference(service.referencePrefix, submission.captureDay, _random);
            opened.cashReference =
                makeFileReference(std::string(cashPrefix), submission.captureDay, _random);
        } while (taken.bind(opened.reference, opened.cashReference).step());
        _database
            .prepare(
                "INSERT INTO cases (id, visit_id, envelope_id, reference, cash_reference, "
                "service_key, state, fee, settlement,"
                " capture_day, created_at, question_code) VALUES (?, ?, ?, ?, ?, ?, 'Recorded', ?, "
                "'Open', ?, ?, ?)")
            .bind(opened.id, submission.visitId, opened.envelopeId, opened.reference,
                  opened.cashReference, opened.serviceKey, opened.fee, toIso(opened.captureDay),
                  now, makeQuestionCode(_random))
            .run();
        std::string plain = deskCopyJson(opened);
        const std::string sealed = outbox::sealForDesk(plain, desk, _random);
        wipe(plain);
        _database.prepare("INSERT INTO desk_copy (case_id, kid, sealed) VALUES (?, ?, ?)")
            .bind(opened.id, desk.kid, sealed)
            .run();
        _journal.append(outbox::RecordKind::Case, opened.id,
                        {{"reference", opened.reference},
                         {"service", opened.serviceKey},
                         {"envelope", opened.envelopeId},
                         {"sha256.deskCopy", toHex(outbox::sha256(view(sealed)))}},
                        now);
        return required(opened.id);
    });
}

void CaseBook::putIntoOutbox(const CaseRecord& opened, const outbox::NewEnvelope& sealed,
                             Settlement settlement, UtcTime now)
{
    if (sealed.id != opened.envelopeId)
        throw Error(ErrorCode::StepOutOfOrder, "an envelope of another case");
    requireSettled(opened, settlement);
    const auto next = caseTable.next(opened.state, CaseEvent::EnvelopeSealed);
    AMT_ASSERT(next.has_value()); // both callers have looked at the state
    _outbox.add(sealed, now);
    _database
        .prepare("UPDATE cases SET state = ?, held_reason = '', settlement = ? WHERE id = ? AND "
                 "state = ?")
        .bind(name(*next), name(settlement), opened.id, name(opened.state))
        .run();
    AMT_ASSERT(_database.changes() == 1);
}

void CaseBook::seal(const std::string& caseId, const outbox::NewEnvelope& sealed,
                    Settlement settlement, UtcTime now)
{
    _database.transact([&] {
        const CaseRecord record = required(caseId);
        if (record.state == CaseState::Sealed)
            return; // one case, one envelope
        if (record.state != CaseState::Recorded)
            throw Error(ErrorCode::StepOutOfOrder, "a held case is released by a person");
        putIntoOutbox(record, sealed, settlement, now);
    });
    log::info("case.sealed", {{"case", caseId}});
}

void CaseBook::hold(const std::string& caseId, const std::string& reason, UtcTime now)
{
    AMT_ASSERT(!reason.empty());
    _database.transact([&] {
        const CaseRecord record = required(caseId);
        const auto next = caseTable.next(record.state, CaseEvent::PlainTextLost);
        if (!next)
            return;
        _database.prepare("UPDATE cases SET state = ?, held_reason = ? WHERE id = ?")
            .bind(name(*next), reason, caseId)
            .run();
        _journal.append(outbox::RecordKind::Held, caseId, {{"reason", reason}}, now);
        log::warning("case.held", {{"case", caseId}, {"reason", reason}});
    });
}

int CaseBook::holdInterrupted(const std::set<std::string>& liveVisits, UtcTime now)
{
    return _database.transact([&] {
        std::vector<std::string> interrupted;
        {
            auto rows = _database.prepare(
                "SELECT id, visit_id FROM cases WHERE state = 'Recorded' ORDER BY created_at");
            while (rows.step()) {
                if (liveVisits.count(rows.text(1)) == 0)
                    interrupted.push_back(rows.text(0));
            }
        }
        for (const std::string& caseId : interrupted) {
            const auto payment = _till.ofCase(caseId);
            const bool unresolved = payment && (payment->state == PaymentState::Unresolved ||
                                                payment->state == PaymentState::Authorising);
            hold(caseId, unresolved ? "PaymentUnresolved" : "PlainTextLost", now);
        }
        return static_cast<int>(interrupted.size());
    });
}

OpenedCase CaseBook::open(const std::string& caseId, const outbox::RsaKey& deskKey,
                          const std::string& clerk, UtcTime now)
{
    auto copy = _database.prepare("SELECT kid, sealed FROM desk_copy WHERE case_id = ?");
    if (!copy.bind(caseId).step())
        throw Error(ErrorCode::NotFound, "no desk copy (any more)");
    const std::string kid = copy.text(0);
    const std::string sealed = copy.text(1);
    _database.transact([&] {
        _journal.append(outbox::RecordKind::Audit, caseId, {{"clerk", clerk}, {"act", "read-case"}},
                        now);
    });
    std::string plain = outbox::openForDesk(sealed, deskKey, kid);
    OpenedCase opened = readDeskCopy(plain);
    wipe(plain);
    if (opened.id != caseId)
        throw Error(ErrorCode::EnvelopeMalformed, "the desk copy of another case");
    return opened;
}

void CaseBook::release(const std::string& caseId, const outbox::NewEnvelope& sealed,
                       Settlement settlement, const std::string& clerk, const std::string& reason,
                       UtcTime now)
{
    _database.transact([&] {
        const CaseRecord record = required(caseId);
        if (record.state != CaseState::Held || record.settledAt)
            throw Error(ErrorCode::StepOutOfOrder, "only a held case is released");
        putIntoOutbox(record, sealed, settlement, now);
        _journal.append(outbox::RecordKind::Released, caseId,
                        {{"clerk", clerk}, {"reason", reason}}, now);
        _journal.append(outbox::RecordKind::Audit, caseId,
                        {{"clerk", clerk}, {"act", "release-case"}, {"reason", reason}}, now);
    });
    log::info("case.released", {{"case", caseId}});
}

void CaseBook::release(const std::string& caseId, const std::string& clerk,
                       const std::string& reason, UtcTime now)
{
    _database.transact([&] {
        const CaseRecord record = required(caseId);
        if (!record.envelope || record.envelope->state != outbox::EnvelopeState::Held)
            throw Error(ErrorCode::StepOutOfOrder, "only a held envelope goes on as it is");
        _outbox.release(record.envelopeId, clerk, reason, now);
        _journal.append(outbox::RecordKind::Audit, caseId,
                        {{"clerk", clerk}, {"act", "release-envelope"}, {"reason", reason}}, now);
    });
    log::info("case.released", {{"case", caseId}});
}

void CaseBook::settle(const std::string& caseId, Settling how, const std::string& clerk,
                      const std::string& reason, UtcTime now)
{
    const char* word = how == Settling::OnPaper ? "paper" : "dealt-with";
    _database.transact([&] {
        const CaseRecord record = required(caseId);
        const bool unclear =
            record.payment && (record.payment->state == PaymentState::Unresolved ||
                               record.payment->state == PaymentState::Authorising ||
                               record.payment->state == PaymentState::Ordered);
        const bool fits = how == Settling::OnPaper ? record.standing == Standing::Held
                                                   : record.standing == Standing::Rejected;
        if (!fits || unclear)
            throw Error(ErrorCode::StepOutOfOrder, "nothing to settle, or not yet");
        if (record.envelope) {
            _outbox.settle(record.envelopeId, clerk, reason, word, now);
        } else {
            _outbox.dropAttachments(record.envelopeId);
            _journal.append(outbox::RecordKind::Settled, caseId,
                            {{"clerk", clerk}, {"reason", reason}, {"how", word}}, now);
        }
        _database.prepare("UPDATE cases SET settled_at = ? WHERE id = ?").bind(now, caseId).run();
        _journal.append(
            outbox::RecordKind::Audit, caseId,
            {{"clerk", clerk}, {"act", std::string("settle-") + word}, {"reason", reason}}, now);
    });
    log::info("case.settled", {{"case", caseId}, {"how", word}});
}

CaseRecord CaseBook::required(const std::string& caseId) const
{
    auto found = find(caseId);
    if (!found)
        throw Error(ErrorCode::NotFound, "no such case");
    return std::move(*found);
}

std::optional<CaseRecord> CaseBook::find(const std::string& caseId) const
{
    auto row = _database.prepare(std::string(columns) + "WHERE id = ?");
    if (!row.bind(caseId).step())
        return std::nullopt;
    return read(row, _outbox, _till);
}

std::optional<CaseRecord> CaseBook::findByEnvelope(const std::string& envelopeId) const
{
    auto row = _database.prepare(std::string(columns) + "WHERE envelope_id = ?");
    if (!row.bind(envelopeId).step())
        return std::nullopt;
    return read(row, _outbox, _till);
}

std::optional<CaseRecord> CaseBook::findByVisit(const std::string& visitId) const
{
    auto row = _database.prepare(std::string(columns) +
                                 "WHERE visit_id = ? ORDER BY created_at DESC LIMIT 1");
    if (!row.bind(visitId).step())
        return std::nullopt;
    return read(row, _outbox, _till);
}

std::optional<CaseRecord> CaseBook::findByQuestion(const std::string& reference,
                                                   const std::string& code) const
{
    auto row = _database.prepare(std::string(columns) + "WHERE reference = ?");
    if (!row.bind(reference).step() || code.empty() || row.text(13).size() != code.size() ||
        !equalInConstantTime(view(row.text(13)), view(code)))
        return std::nullopt;
    auto found = read(row, _outbox, _till);
    if (found.state == CaseState::Sealed && !found.envelope)
        return std::nullopt;
    return found;
}

std::vector<CaseRecord> CaseBook::needingPerson(int limit) const
{
    std::vector<CaseRecord> found;
    auto rows = _database.prepare(
        std::string(columns) +
        "WHERE settled_at IS NULL AND (state = 'Held' OR EXISTS (SELECT 1 FROM envelope WHERE "
        "envelope.id = cases.envelope_id AND envelope.state IN ('HELD', 'REJECTED'))) ORDER BY "
        "created_at, id LIMIT ?");
    rows.bind(limit);
    while (rows.step())
        found.push_back(read(rows, _outbox, _till));
    return found;
}

std::set<std::string> CaseBook::openIds() const
{
    std::set<std::string> ids;
    // Over: its envelope is forgotten, or it was settled before there was one and has no copy.
    const std::string open =
        " FROM cases LEFT JOIN envelope ON envelope.id = cases.envelope_id WHERE envelope.id IS "
        "NOT "
        "NULL OR (cases.state <> 'Sealed' AND (cases.settled_at IS NULL OR EXISTS (SELECT 1 FROM "
        "desk_copy WHERE case_id = cases.id)))";
    for (const std::string& statement :
         {"SELECT cases.id" + open, "SELECT cases.envelope_id" + open,
          "SELECT payment.id FROM payment WHERE case_id IN (SELECT cases.id" + open + ")"}) {
        auto rows = _database.prepare(statement);
        while (rows.step())
            ids.insert(rows.text(0));
    }
    return ids;
}

std::vector<CaseRecord> CaseBook::newest(int limit) const
{
    std::vector<CaseRecord> found;
    auto rows =
        _database.prepare(std::string(columns) + "ORDER BY created_at DESC, id DESC LIMIT ?");
    rows.bind(limit);
    while (rows.step())
        found.push_back(read(rows, _outbox, _till));
    return found;
}

std::vector<outbox::JournalRecord> CaseBook::way(const std::string& caseId) const
{
    std::vector<outbox::JournalRecord> records = _journal.about(caseId);
    const auto add = [&](const std::string& id) {
        for (auto& record : _journal.about(id))
            records.push_back(std::move(record));
    };
    add(required(caseId).envelopeId);
    auto payments = _database.prepare("SELECT id FROM payment WHERE case_id = ?");
    payments.bind(caseId);
    while (payments.step())
        add(payments.text(0));
    std::sort(records.begin(), records.end(),
              [](const auto& a, const auto& b) { return a.number < b.number; });
    return records;
}

int CaseBook::purgeDeskCopies(const Municipality& municipality, UtcTime now)
{
    AMT_ASSERT(!_database.inTransaction());
    std::vector<std::string> due;
    {
        auto rows = _database.prepare(
            "SELECT cases.id, cases.service_key, coalesce(cases.settled_at, envelope.closed_at)"
            " FROM cases JOIN desk_copy ON desk_copy.case_id = cases.id"
            " LEFT JOIN envelope ON envelope.id = cases.envelope_id"
            " WHERE cases.settled_at IS NOT NULL OR envelope.state IN ('ACCEPTED', 'PURGED')");
        while (rows.step()) {
            const Service* service = municipality.service(rows.text(1));
            const auto stays =
                service ? service->retention.deskCopyAfterAcceptance : std::chrono::hours(0);
            if (rows.time(2) + stays <= now)
                due.push_back(rows.text(0));
        }
    }
    if (due.empty())
        return 0;
    _database.transact([&] {
        for (const std::string& caseId : due) {
            _database.prepare("DELETE FROM desk_copy WHERE case_id = ?").bind(caseId).run();
            _journal.append(outbox::RecordKind::Purged, caseId, {{"what", "desk copy"}}, now);
        }
    });
    _database.checkpoint();
    return static_cast<int>(due.size());
}

} // namespace amt::office

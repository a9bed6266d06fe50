// SPDX-License-Identifier: EUPL-1.2
//
// The gateway's books in the database.
#include "sync/gateway/ledger.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "sync/gateway/replies_statements.h"
#include "sync/gateway/statements.h"

#include <array>

namespace amt::gateway {
namespace {

struct StateName {
    SubmissionState state;
    std::string_view name;
};
constexpr std::array stateNames = {
    StateName{SubmissionState::Announced, "announced"},
    StateName{SubmissionState::Submitted, "submitted"},
    StateName{SubmissionState::Accepted, "accepted"},
    StateName{SubmissionState::Rejected, "rejected"},
    StateName{SubmissionState::Deleted, "deleted"},
};

std::string_view nameOf(envelope::KeyUse use)
{
    return use == envelope::KeyUse::Encrypt ? "encrypt" : "verify";
}

} // namespace

std::string_view nameOf(SubmissionState state)
{
    for (const auto& known : stateNames) {
        if (known.state == state)
            return known.name;
    }
    throw Error(ErrorCode::StoreFailed, "unknown state of a submission");
}

SubmissionState submissionStateFromName(std::string_view name)
{
    for (const auto& known : stateNames) {
        if (known.name == name)
            return known.state;
    }
    throw Error(ErrorCode::StoreFailed, "unknown state of a submission");
}

std::string_view nameOf(envelope::EventKind kind)
{
    switch (kind) {
    case envelope::EventKind::Create:
        return "create-submission";
    case envelope::EventKind::Submit:
        return "submit-submission";
    case envelope::EventKind::Notify:
        return "notify-submission";
    case envelope::EventKind::Accept:
        return "accept-submission";
    case envelope::EventKind::Reject:
        return "reject-submission";
    case envelope::EventKind::Delete:
        return "delete-submission";
    }
    throw Error(ErrorCode::EventRefused, "unknown kind");
}

void Ledger::enter(const DestinationEntry& entry)
{
    _books.prepare(sql::addDestination).bind(entry.id, entry.document, entry.ownerId).run();
    _books.prepare(sql::replaceDestinationDocument).bind(entry.document, entry.id).run();
    for (const auto& key : entry.keys) {
        _books.prepare(sql::addDestinationKey)
            .bind(entry.id, key.kid, nameOf(key.use), json::write(*envelope::writeJwk(key)))
            .run();
    }
}

std::optional<Destination> Ledger::destination(const std::string& id)
{
    const auto all = _books.wholeRegion(); // it is public; whether its owner was revoked is not
    auto row = _books.prepare(sql::destinationById);
    row.bind(id);
    if (!row.step())
        return std::nullopt;
    const bool revoked = row.integer(3) != 0;
    return Destination{.id = id,
                       .ownerId = row.text(0),
                       .status = revoked ? "inactive" : row.text(1),
                       .document = row.text(2),
                       .isRevoked = revoked};
}

void Ledger::setStatus(const std::string& destinationId, const std::string& status)
{
    _books.prepare(sql::setDestinationStatus).bind(status, destinationId).run();
}

std::optional<std::string> Ledger::key(const std::string& destinationId, const std::string& kid)
{
    auto row = _books.prepare(sql::destinationKey);
    row.bind(destinationId, kid);
    return row.step() ? std::optional(row.text(1)) : std::nullopt;
}

bool Ledger::canEncryptFor(const std::string& destinationId, const std::string& kid)
{
    auto row = _books.prepare(sql::destinationKey);
    row.bind(destinationId, kid);
    return row.step() && row.text(0) == nameOf(envelope::KeyUse::Encrypt);
}

std::vector<envelope::PublicJwk> Ledger::signatureKeys(const std::string& destinationId)
{
    std::vector<envelope::PublicJwk> keys;
    auto row = _books.prepare(sql::destinationKeysFor);
    row.bind(destinationId, nameOf(envelope::KeyUse::Verify));
    while (row.step())
        keys.push_back(
            envelope::parseJwk(*json::parseObject(row.text(0)), envelope::KeyUse::Verify));
    return keys;
}

void Ledger::add(const CaseFile& opened)
{
    _books.prepare(sql::addCase).bind(opened.id, opened.clientId, opened.destinationId).run();
}

std::optional<CaseFile> Ledger::caseFile(const std::string& id, const Sight& sight)
{
    auto row = _books.prepare(sql::caseById);
    row.bind(id, sight.client());
    if (!row.step())
        return std::nullopt;
    return CaseFile{.id = id, .clientId = row.text(0), .destinationId = row.text(1)};
}

void Ledger::announce(const Submission& submission, const std::string& envelopeId,
                      const std::vector<std::string>& attachmentIds, UtcTime now)
{
    _books.prepare(sql::addSubmission)
        .bind(submission.id, submission.caseId, submission.clientId, submission.destinationId,
              envelopeId.empty() ? std::nullopt : std::optional(envelopeId), submission.service,
              now)
        .run();
    for (const auto& id : attachmentIds)
        _books.prepare(sql::addAttachment).bind(submission.id, id).run();
}

std::optional<Claim> Ledger::claim(const std::string& clientId, const std::string& envelopeId)
{
    auto row = _books.prepare(sql::envelopeClaim);
    row.bind(clientId, envelopeId);
    if (!row.step())
        return std::nullopt;
    return Claim{.announcementDigest = row.text(0), .submissionId = row.text(1)};
}

void Ledger::addClaim(const std::string& clientId, const std::string& envelopeId,
                      const Claim& claim)
{
    const int claimed =
        _books.prepare(sql::claimEnvelope)
            .bind(clientId, envelopeId, claim.announcementDigest, claim.submissionId)
            .run();
    if (claimed != 1)
        throw Error(ErrorCode::StoreFailed, "an envelope was announced twice at once");
}

void Ledger::moveClaim(const std::string& clientId, const std::string& envelopeId,
                       const std::string& submissionId)
{
    _books.prepare(sql::moveEnvelopeClaim).bind(submissionId, clientId, envelopeId).run();
}

std::optional<Submission> Ledger::submission(const std::string& id, const Sight& sight)
{
    auto row = _books.prepare(sql::submissionById);
    row.bind(id, sight.client());
    if (!row.step())
        return std::nullopt;
    return Submission{.id = row.text(0),
                      .caseId = row.text(1),
                      .clientId = row.text(2),
                      .destinationId = row.text(3),
                      .service = row.text(4),
                      .state = submissionStateFromName(row.text(5)),
                      .metadata = row.text(6),
                      .data = row.text(7),
                      .metadataDigest = row.text(8),
                      .dataDigest = row.text(9)};
}

std::vector<StoredPart> Ledger::attachments(const std::string& submissionId)
{
    std::vector<StoredPart> parts;
    auto row = _books.prepare(sql::attachmentsOf);
    row.bind(submissionId);
    while (row.step())
        parts.push_back({.id = row.text(0), .digest = row.text(1), .tag = row.text(2)});
    return parts;
}

std::optional<std::string> Ledger::attachmentBody(const std::string& submissionId,
                                                  const std::string& id)
{
    auto row = _books.prepare(sql::attachmentById);
    row.bind(submissionId, id);
    return row.step() ? row.optionalText(1) : std::nullopt;
}

void Ledger::storeAttachment(const std::string& submissionId, const StoredPart& part,
                             const std::string& jwe)
{
    _books.prepare(sql::storeAttachment)
        .bind(jwe, part.digest, part.tag, submissionId, part.id)
        .run();
}

void Ledger::storeAttachment(const std::string& submissionId, const StoredPart& part,
                             const BodyFile& jwe)
{
    _books.prepare(sql::storePieces)
        .bind(static_cast<std::int64_t>(jwe.size()), part.digest, part.tag, submissionId, part.id)
        .run();
    for (int number = 0; static_cast<std::size_t>(number) * pieceBytes < jwe.size(); ++number)
        _books.prepare(sql::addPiece)
            .bind(submissionId, part.id, number,
                  jwe.read(static_cast<std::size_t>(number) * pieceBytes, pieceBytes))
            .run();
}

std::optional<std::size_t> Ledger::bytesInPieces(const std::string& submissionId,
                                                 const std::string& id)
{
    auto row = _books.prepare(sql::bytesInPieces);
    row.bind(submissionId, id);
    return row.step() ? std::optional(static_cast<std::size_t>(row.integer(0))) : std::nullopt;
}

std::string Ledger::piece(const std::string& submissionId, const std::string& id, int number)
{
    auto row = _books.prepare(sql::pieceByNumber);
    row.bind(submissionId, id, number);
    return row.step() ? row.text(0) : std::string();
}

void Ledger::storeSubmission(const Submission& submission, const std::string& digest, UtcTime now)
{
    _books.prepare(sql::storeSubmission)
        .bind(now, submission.metadata, submission.data, submission.metadataDigest,
              submission.dataDigest, digest, submission.id)
        .run();
}

void Ledger::close(const std::string& submissionId, SubmissionState state)
{
    _books.prepare(sql::closeSubmission).bind(nameOf(state), submissionId).run();
    _books.prepare(sql::dropAttachmentBodies).bind(submissionId).run();
    _books.prepare(sql::dropPieces).bind(submissionId).run();
}

std::vector<Ledger::Waiting> Ledger::waiting(const std::string& destinationId, Page page)
{
    std::vector<Waiting> found;
    auto row = _books.prepare(sql::submittedAt);
    row.bind(destinationId, page.limit, page.offset);
    while (row.step())
        found.push_back({.submissionId = row.text(0), .caseId = row.text(1)});
    return found;
}

int Ledger::countWaiting(const std::string& destinationId)
{
    auto row = _books.prepare(sql::countSubmittedAt);
    row.bind(destinationId);
    return row.step() ? static_cast<int>(row.integer(0)) : 0;
}

void Ledger::log(const envelope::SecurityEvent& event, const std::string& token, UtcTime now)
{
    if (event.isAboutReply()) {
        constexpr std::string_view about = "submission";
        std::string kind(nameOf(event.kind));
        kind.replace(kind.size() - about.size(), about.size(), "reply");
        _books.prepare(sql::addReplyEvent).bind(event.id, kind, token, now, event.replyId).run();
        return;
    }
    _books.prepare(sql::addEvent)
        .bind(event.caseId, event.submissionId, event.id, nameOf(event.kind), token, now)
        .run();
}

bool Ledger::isLogged(const std::string& jti)
{
    auto row = _books.prepare(sql::eventById);
    row.bind(jti);
    return row.step();
}

std::vector<std::string> Ledger::eventsOfCase(const std::string& caseId, Page page)
{
    return tokens(sql::eventsOfCase, caseId, page);
}

std::vector<std::string> Ledger::eventsOfSubmission(const std::string& submissionId, Page page)
{
    return tokens(sql::eventsOfSubmission, submissionId, page);
}

std::vector<std::string> Ledger::tokens(std::string_view statement, const std::string& id,
                                        Page page)
{
    std::vector<std::string> found;
    auto row = _books.prepare(statement);
    row.bind(id, page.limit, page.offset);
    while (row.step())
        found.push_back(row.text(0));
    return found;
}

std::vector<std::string> Ledger::column(std::string_view statement, UtcTime before)
{
    std::vector<std::string> found;
    auto row = _books.prepare(statement);
    row.bind(before);
    while (row.step())
        found.push_back(row.text(0));
    return found;
}

std::vector<std::string> Ledger::incompleteSince(UtcTime before)
{
    return column(sql::incompleteBefore, before);
}

std::vector<std::string> Ledger::unnotifiedSince(UtcTime before)
{
    return column(sql::unfetchedToNotify, before);
}

std::vector<std::string> Ledger::unfetchedSince(UtcTime before)
{
    return column(sql::unfetchedBefore, before);
}

bool Ledger::noteNotified(const std::string& submissionId)
{
    return _books.prepare(sql::noteNotified).bind(submissionId).run() == 1;
}

std::vector<CensusRow> Ledger::census()
{
    std::vector<CensusRow> rows;
    auto row = _books.prepare(sql::census);
    while (row.step())
        rows.push_back({.clientId = row.text(0),
                        .envelopeId = row.text(1),
                        .submissionId = row.text(2),
                        .caseId = row.text(3),
                        .state = row.text(4),
                        .digest = row.text(5)});
    return rows;
}

} // namespace amt::gateway

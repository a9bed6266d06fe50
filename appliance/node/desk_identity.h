// SPDX-License-Identifier: EUPL-1.2
//
// The reader at the desk: identity cards by CAN once the photo was compared (§ 18a PAuswG), and
// the PIN itself. One card at a time; what was read stays in memory for as long as the page needs.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/secret.h"
#include "appliance/office/case/case_book.h"
#include "drivers/port/identity.h"

#include <cstdint>
#include <optional>
#include <string>

namespace amt::node {

class House;
struct DeskSession;

/// A card at the desk's reader, as one clerk's pages know it. Goes with the session, wiped.
struct DeskCard {
    DeskCard() = default;
    DeskCard(const DeskCard&) = delete;
    DeskCard& operator=(const DeskCard&) = delete;
    ~DeskCard() { forget(); }

    std::string caseId; ///< what the card is laid for; empty: the PIN service
    /// When the photo was compared for this case, since boot. Used up by a card that was read.
    std::optional<Milliseconds> comparedAt;
    std::uint64_t number = 0; ///< of the work at the reader that runs; 0: none
    IdentityPurpose purpose = IdentityPurpose::Read;
    bool signedOnce = false; ///< the terminal's signature was given in this work
    bool cancelling = false;
    IdentityStep step = IdentityStep::WaitingForCard;
    std::string outcome; ///< name of what came of it, or of what was wrong with the form
    int triesLeft = 0;   ///< of WrongPin and PinReady
    std::optional<office::Answers> read; ///< what the card says. Personal: never logged
    std::uint64_t readBy = 0;            ///< number of the work that read it
    bool emulated = false;               ///< read from a card that proves nobody
    UtcTime readAt;
    /// The card agreed with the case `caseId`: goes along when this clerk releases it.
    std::optional<office::Identification> proof;

    /// What a card has said is wiped and not shown any more.
    void forget();
};

class DeskIdentity {
public:
    explicit DeskIdentity(House& house) : _house(house) {}

    bool hasReader() const;
    bool hasCertificate() const;
    bool isBusy() const { return _running != 0; }

    /// One commit (AUDIT with the clerk's name): only after it a card is read for this case. Throws
    /// StepOutOfOrder while work of this session runs.
    void photoCompared(DeskSession& session, const office::CaseRecord& record);
    bool wasCompared(const DeskSession& session, const std::string& caseId) const;
    /// Reads what the case's service asks for, and no more. Throws StepOutOfOrder unless the photo
    /// was compared and the reader is free, NotFound when the town does not offer the service any
    /// more.
    void read(DeskSession& session, const office::CaseRecord& record, Secret can);
    /// The PIN service: each use is an AUDIT entry about the clerk, before and after. Throws
    /// StepOutOfOrder while the reader is in use.
    void manage(DeskSession& session, IdentityRequest request);
    /// The card that was read says the same as its case (AUDIT); it is forgotten all the same.
    void agreed(DeskSession& session);
    /// The running work ends soon, with its own outcome.
    void cancel(DeskSession& session);
    /// The session ends: nothing of a card stays.
    void leave(DeskSession& session);

    std::string topic(const DeskSession& session) const;
    void publish(const DeskSession& session);

private:
    void begin(DeskSession& session, IdentityRequest request);
    void note(const std::string& about, const std::string& clerk, const std::string& act,
              const std::string& outcome);
    void sign(const std::string& sessionHash, std::uint64_t number, const Bytes& toBeSigned,
              const SignatureGiven& given);
    void finished(const std::string& sessionHash, std::uint64_t number,
                  const IdentityOutcome& said);
    void forgetLater(const std::string& sessionHash, std::uint64_t number);

    /// Whose work runs at the reader: kept apart from the session, which may end before it.
    struct Work {
        std::string about, clerk, act;
    };

    House& _house;
    std::uint64_t _lastNumber = 0;
    std::uint64_t _running = 0; ///< number of the work at the reader; 0: none
    Work _work;
};

} // namespace amt::node

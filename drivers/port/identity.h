// SPDX-License-Identifier: EUPL-1.2
//
// The port for identity cards: what may be asked, what comes back.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/local_date.h"
#include "appliance/core/secret.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace amt {

/// Data groups of the eID application (TR-03110-4 2.2). The number is the data group's.
enum class DataGroup : int {
    DocumentType = 1,
    IssuingState = 2,
    DateOfExpiry = 3,
    GivenNames = 4,
    FamilyNames = 5,
    ArtisticName = 6,
    AcademicTitle = 7,
    DateOfBirth = 8,
    PlaceOfBirth = 9,
    Nationality = 10,
    Sex = 11,
    BirthName = 13,
    DateOfIssuance = 15,
    PlaceOfResidence = 17,
    MunicipalityId = 18,
    ResidencePermit1 = 19,
    ResidencePermit2 = 20,
};

/// What the terminal shows the card: certificates up to the CVCA's child, and what it trusts in
/// return.
struct TerminalCertificates {
    std::vector<Bytes>
        chain; ///< CV certificates in the order of presentation: links, DV, terminal (last)
    std::vector<Bytes> countrySigners; ///< CSCA certificates, DER, for passive authentication
};

struct IdentityRequest {
    Secret pin;                 ///< six ASCII digits; PACE with the PIN (password id 3)
    std::set<DataGroup> groups; ///< what the form declares; the CHAT asks for nothing else
    TerminalCertificates certificates;
    UtcTime now; ///< the date the node trusts, for certificates
};

/// Place as the card holds it (TR-03110-4 2.2.4): structured, or free text, or "no place" text.
struct GeneralPlace {
    std::string street, city, state, country,
        postalCode;       ///< structured; country as in the card, e.g. "D"
    std::string freeText; ///< tag A1
    std::string noPlace;  ///< tag A2, e.g. "keine Hauptwohnung in Deutschland"
    bool operator==(const GeneralPlace&) const = default;
};

/// Never logged. UTF-8, NFC as the card gives it. A group that was not asked for or is missing on
/// the card is empty.
struct IdentityData {
    std::string documentType; ///< "ID", "AR", "AS", "AF", "UB" ...
    std::string givenNames, familyNames, artisticName, academicTitle, birthName;
    std::string dateOfBirth;  ///< YYYYMMDD, unknown parts are blanks
    std::string dateOfExpiry; ///< YYYYMMDD
    std::string nationality, sex, issuingState, dateOfIssuance;
    GeneralPlace placeOfBirth, placeOfResidence;
    std::string municipalityId; ///< digits of DG18, e.g. "02760503150000"
    std::string residencePermit1, residencePermit2;
    bool operator==(const IdentityData&) const = default;
};

struct IdentityRead {
    Personal<IdentityData> data;
};
struct WrongPin {
    int triesLeft; ///< 2, 1, 0
};
struct PinSuspended {};    ///< one try left: the CAN is needed first
struct PinBlocked {};      ///< no try left: the PUK is needed
struct PinNotActivated {}; ///< eID function switched off
struct CardRemoved {};
struct NoCard {};
struct NoReader {};
struct NotAnIdentityCard {};
struct CardExpired {};
/// Authenticity could not be shown: passive or chip authentication failed.
struct CardNotGenuine {};
struct ReadCancelled {};
/// The device or its process failed; code as in errors.tsv.
struct DeviceFailed {
    ErrorCode code = ErrorCode::BrokerGone;
};

using IdentityOutcome =
    std::variant<IdentityRead, WrongPin, PinSuspended, PinBlocked, PinNotActivated, CardRemoved,
                 NoCard, NoReader, NotAnIdentityCard, CardExpired, CardNotGenuine, ReadCancelled,
                 DeviceFailed>;

/// What the page can show while the read runs.
enum class IdentityStep { WaitingForCard, CheckingPin, ProvingTerminal, CheckingCard, Reading };

/// What the terminal signs in terminal authentication (TR-03110-3 B.3): x(PK_PICC) || r_PICC ||
/// Comp(PK_PCD) || aux. The callback gives the plain signature r||s, or throws to refuse.
using SignatureGiven = std::function<void(std::optional<Bytes> signature)>;

class IdentityReader {
public:
    virtual ~IdentityReader() = default;

    struct Callbacks {
        std::function<void(IdentityStep)> step;
        /// At most once a read. The owner of the terminal key signs (ECDSA, hash by the
        /// certificate's OID) and answers.
        std::function<void(Bytes toBeSigned, SignatureGiven done)> sign;
        std::function<void(IdentityOutcome)> done; ///< exactly once, last
    };

    /// One read at a time; a second one while one runs ends at once with
    /// DeviceFailed{StepOutOfOrder}. Waits up to `waitForCard` for a card. All callbacks run on the
    /// loop.
    virtual void read(IdentityRequest request, Milliseconds waitForCard, Callbacks callbacks) = 0;
    /// The running read ends with ReadCancelled as soon as it can.
    virtual void cancel() = 0;
};

// How these look on the wire (drivers/broker/PROTOCOL.md). Reading throws JsonMalformed.
json::ObjectPtr toJson(const IdentityRequest& request);
IdentityRequest identityRequestFromJson(const json::Object& object);
json::ObjectPtr toJson(const IdentityOutcome& outcome);
IdentityOutcome identityOutcomeFromJson(const json::Object& object);
json::ObjectPtr toJson(const IdentityData& data);
IdentityData identityDataFromJson(const json::Object& object);
std::string_view name(IdentityStep step);
IdentityStep identityStepFromName(const std::string& text);

} // namespace amt

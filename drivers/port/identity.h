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
#include <string_view>
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
    OptionalData = 12,
    BirthName = 13,
    WrittenSignature = 14,
    DateOfIssuance = 15,
    PlaceOfResidence = 17,
    MunicipalityId = 18,
    ResidencePermit1 = 19,
    ResidencePermit2 = 20,
    PhoneNumber = 21,
    EmailAddress = 22,
};

/// What the terminal shows the card: certificates up to the CVCA's child, and what it trusts in
/// return.
struct TerminalCertificates {
    std::vector<Bytes>
        chain; ///< CV certificates in the order of presentation: links, DV, terminal (last)
    std::vector<Bytes> countrySigners; ///< CSCA certificates, DER, for passive authentication
    /// What the citizen is shown of the terminal's owner, DER (TR-03110-3 C.3.1). Must be the one
    /// whose hash the terminal's certificate has, else CertificateUnusable. Empty: not compared.
    Bytes description;
};

/// What a card is laid for. Read and SetPin need certificates and the terminal's signature, the
/// others do not; ChangePin, ResumePin and UnblockPin are the citizen's own right (TR-03110-2
/// 2.3).
enum class IdentityPurpose {
    Read,       ///< `pin`, or `can` alone (on site, after the clerk has compared the photo); both
                ///< when the PIN is suspended. Ends with IdentityRead
    Look,       ///< no password; ends with PinReady, PinSuspended, PinBlocked or PinNotActivated
    ChangePin,  ///< `pin` (a transport PIN of five digits, too) and `newPin`; `can` when suspended
    ResumePin,  ///< `can` and `pin`: gives a suspended PIN its three tries back
    UnblockPin, ///< `puk`: gives a blocked PIN its three tries back; the card counts, ten times
    SetPin, ///< the office: `can` and `newPin`; the certificate must allow PIN management and CAN
    LookAtReader ///< no password and no card; ends with ReaderReady
};

/// Where the secret passwords come from. AtReader, for Read, ResumePin and UnblockPin: PIN or PUK
/// are typed at the reader's own keypad and stay empty here; the CAN, which stands on the card, is
/// handed to the reader. Wants a reader that said ReaderReady{true}.
enum class PasswordEntry { Given, AtReader };

/// How PACE was opened; for the level of assurance.
enum class CardPassword { Pin, Can, Puk };

struct IdentityRequest {
    Secret pin;                 ///< six ASCII digits; PACE with the PIN (password id 3)
    std::set<DataGroup> groups; ///< what the form declares; the CHAT asks for nothing else
    TerminalCertificates certificates;
    UtcTime now; ///< the date the node trusts, for certificates

    // All below may stay as it is. What the purpose wants and is not of its form is
    // DeviceFailed{InputMalformed} before the card hears anything.
    IdentityPurpose purpose = IdentityPurpose::Read;
    Secret can;    ///< six digits
    Secret puk;    ///< ten digits
    Secret newPin; ///< six digits
    PasswordEntry entry = PasswordEntry::Given;
    /// Read: how many tries the citizen knows to be left. A card that has fewer ends the read with
    /// PinReady before one is spent. 0: spends whatever the card allows.
    int triesTold = 0;

    // Special functions of a read, answered by the card itself. A certificate that does not allow
    // one that is asked for is DeviceFailed{CertificateUnusable}.
    std::optional<LocalDate> bornUntil; ///< age: born on this day or before?
    std::string
        municipalityPrefix; ///< place: municipality begins with these digits (an even number)?
    Bytes sectorKey;        ///< public key data object of our sector: asks for the pseudonym
    Bytes revocationKey;    ///< of the block list's sector: asks for what is compared with the list
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
    std::string phoneNumber, emailAddress;
    Bytes writtenSignature; ///< a picture, as the card has it
    Bytes optionalData;     ///< as the card has it
    bool operator==(const IdentityData&) const = default;
};

struct IdentityRead {
    Personal<IdentityData> data;
    CardPassword password = CardPassword::Pin;
    std::optional<bool> oldEnough = {};  ///< the answer to `bornUntil`, when asked
    std::optional<bool> livesThere = {}; ///< the answer to `municipalityPrefix`, when asked
    Personal<Bytes> pseudonym = {};      ///< of `sectorKey`, when asked
    Personal<Bytes> revocationMark = {}; ///< of `revocationKey`, when asked; see BlockList
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
/// By cancel(), or at the reader's keypad: cancelled there, or nothing typed in time.
struct ReadCancelled {};
/// Five digits were given where the PIN has six: the letter's transport PIN, which must be changed
/// first. The card has not been asked, no try is spent.
struct TransportPin {};
/// Answer to Look: the PIN may be entered. Of a read: not before the citizen knows (triesTold).
struct PinReady {
    int triesLeft; ///< 3 or 2
};
struct WrongCan {};  ///< the card does not count these; it may answer more slowly
struct WrongPuk {};  ///< not counted either
struct PukUsedUp {}; ///< ten times unblocked: only the office helps
/// ChangePin, ResumePin, UnblockPin or SetPin is done: the card's last answer said so.
struct PinManaged {};
/// Answer to LookAtReader.
struct ReaderReady {
    bool takesPassword; ///< it has a keypad and opens PACE itself: PasswordEntry::AtReader
};
/// Reported lost or stolen: on the block list. Never from the driver; judge() says it.
struct CardRevoked {};
/// The device or its process failed; code as in errors.tsv.
struct DeviceFailed {
    ErrorCode code = ErrorCode::BrokerGone;
};

using IdentityOutcome =
    std::variant<IdentityRead, WrongPin, PinSuspended, PinBlocked, PinNotActivated, CardRemoved,
                 NoCard, NoReader, NotAnIdentityCard, CardExpired, CardNotGenuine, ReadCancelled,
                 DeviceFailed, TransportPin, PinReady, WrongCan, WrongPuk, PukUsedUp, PinManaged,
                 CardRevoked, ReaderReady>;

/// Sperrliste of one sector: the marks of cards that were reported lost. A mark on it means nothing
/// to another sector.
class BlockList {
public:
    /// One mark a line in hexadecimal digits, in any order; empty lines and lines that begin with #
    /// do not count. Throws InputMalformed.
    static BlockList parse(std::string_view text);
    bool contains(ByteView mark) const;
    std::size_t size() const { return _marks.size(); }

private:
    std::set<Bytes> _marks;
};

/// A read card that is on the list becomes CardRevoked, and one that showed no mark becomes
/// DeviceFailed{CertificateUnusable}: it could not be compared. Everything else stays.
IdentityOutcome judge(IdentityOutcome outcome, const BlockList& list);

/// What the page can show while the read runs. EnteringAtReader: the reader waits for the password.
enum class IdentityStep {
    WaitingForCard,
    CheckingPin,
    EnteringAtReader,
    ProvingTerminal,
    CheckingCard,
    Reading
};

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

// SPDX-License-Identifier: EUPL-1.2
//
// card.h: an identity card that keeps the card's rules (TR-03110, EAC 2): access conditions, PACE,
// terminal and chip authentication, retry counter. Invented persons only. One thread at a time.
#pragma once

#include "appliance/core/local_date.h"
#include "appliance/core/random.h"
#include "appliance/core/secret.h"
#include "drivers/eid/eid.h"
#include "drivers/port/transport.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace amt::sim {

/// A small world of certificates: the card trusts `cvca`, the terminal trusts `csca`.
struct CardPki {
    // the terminal's side
    std::vector<Bytes>
        terminalChain;            ///< DV, terminal: CV certificates in the order of presentation
    Secret terminalKey;           ///< PKCS#8, DER; brainpoolP256r1
    Bytes countrySigner;          ///< CSCA, DER
    Bytes description = {};       ///< of the terminal's certificate; empty: none
    int terminalParameterId = 13; ///< curve of the terminal's key
    std::uint8_t terminalHashSuffix = 3; ///< id-TA-ECDSA-SHA-*: 3, 4, 5 for 256, 384, 512
    // the card's side
    std::string cvcaReference;
    Bytes cvcaPoint; ///< on brainpoolP256r1, with SHA-256, unless cvcaParameterId says otherwise
    int cvcaParameterId = 13;
    std::uint8_t cvcaHashSuffix = 3;
    Secret chipSecret; ///< for chip authentication on brainpoolP256r1
    Secret countryKey; ///< of the CSCA; empty where a PKI was kept in a folder
    Secret signerKey;  ///< document signer, PKCS#8, DER
    Bytes signer;      ///< its certificate, DER
    LocalDate validUntil{};

    /// As the node gives it with a request.
    TerminalCertificates certificates() const
    {
        return {terminalChain, {countrySigner}, description};
    }
};

/// What the terminal's certificates are like.
struct PkiShape {
    int parameterId = 13;        ///< curve of CVCA, DV and terminal
    std::uint8_t hashSuffix = 3; ///< 3, 4, 5: SHA-256, 384, 512
    int links = 0; ///< the card trusts a CVCA of brainpoolP256r1 that many generations before
    std::uint64_t rights = ~std::uint64_t{0}; ///< of the terminal's certificate, among all
    Bytes description = {}; ///< certificate description whose hash the terminal's certificate has
};

/// New keys and certificates; terminal certificates from the day before `now` for 90 days.
CardPki makeCardPki(RandomSource& random, UtcTime now, const PkiShape& shape = {});
/// The one kept in `folder`, or a new one where there is none or its certificates end within a
/// week. Files for the node: dv.cvcert, terminal.cvcert (in this order), terminal.pkcs8, csca.der,
/// description.der.
/// The rest is the card's own. Throws SystemFailed.
CardPki cardPkiIn(const std::filesystem::path& folder, RandomSource& random, UtcTime now);
/// CertificateDescription of an invented town, plain text (TR-03110-3 C.3.1).
Bytes townDescription();
/// ECDSA by the terminal's key: what a TerminalSigner answers. Plain r||s.
Bytes signAsTerminal(const CardPki& pki, ByteView toBeSigned);

/// A master list of these country signers, and the one that its signer comes from.
struct MasterList {
    Bytes file, anchor;
};
enum class ListSigner { Proper, ForDocuments }; ///< what its certificate is for
MasterList makeMasterList(RandomSource& random, UtcTime now, const std::vector<Bytes>& signers,
                          ListSigner signer = ListSigner::Proper);

enum class Forgery {
    None,
    ForeignSigner, ///< signed by somebody whom the country does not know
    Clone,         ///< the chip does not have the signed key
    Altered,       ///< EF.CardSecurity shows the chip's key, the signature is that of another
    OtherName,     ///< the family name was exchanged after the card was signed
    HiddenGroup,   ///< the birth name was, too
    OtherAccess,   ///< EF.CardAccess offers what is not signed
    OddCurve       ///< the signer's curve is none that anybody has named
};

struct CardProfile {
    std::map<int, Bytes> groups; ///< data groups as encoded on the card
    std::string pin = "123456";
    int triesLeft = 3;
    bool pinActive = true;
    Forgery forgery = Forgery::None;
    int parameterId = 13; ///< curve of PACE and chip authentication (TR-03110-3 A.2.1.1)
    int keyBytes = 16;    ///< AES: 16, 24, 32
    struct PaceOffer {
        int parameterId, keyBytes;
    };
    std::vector<PaceOffer> morePace = {}; ///< further PACEInfos, behind the first
    std::string can = "222222";
    std::string puk = "9876543210";
    int pukUses = 10;
    bool restrictedId = true; ///< has the two keys of restricted identification
};

/// "erika" (Erika Mustermann, Heidestraße 17, 51147 Köln), "shapes", "homeless", "expired",
/// "pin-2", "pin-suspended", "pin-blocked", "pin-off", "foreign-signer", "clone", "altered",
/// "other-name", "hidden-group", "other-access", "odd-curve". Throws
/// NotFound.
CardProfile cardProfile(const std::string& name);
std::vector<std::string> cardProfileNames();
/// Erika with other text: for worlds with several citizens. Upper case, as on a card.
CardProfile cardOf(const std::string& givenNames, const std::string& familyName,
                   const std::string& dateOfBirth);

/// What a card remembers without power, beside its PIN and the PUK's uses, which stay until
/// become().
struct CardMemory {
    int triesLeft = 3;
    bool operator==(const CardMemory&) const = default;
};

// Faults of one command. The command is counted from 1, the next one from now.
struct PullCard {};      ///< leaves inside the command; no answer
struct PullCardAfter {}; ///< answers, then leaves
struct FlipBit {
    std::size_t byte = 0; ///< of the answer; past its end: the last one
};
struct CutAnswer {}; ///< half of the answer
struct AnswerStatus {
    std::uint16_t status = 0x6F00; ///< alone, instead of the answer
};
using CardFault = std::variant<PullCard, PullCardAfter, FlipBit, CutAnswer, AnswerStatus>;

class SimulatedCard {
public:
    /// `today`: the chip's idea of the date, for certificates and validity. `random` must outlive
    /// it.
    SimulatedCard(RandomSource& random, CardPki pki, CardProfile profile, LocalDate today);
    ~SimulatedCard();
    SimulatedCard(SimulatedCard&&) noexcept;

    /// The answer, or no bytes when the card is not (or no longer) there.
    Bytes transmit(ByteView command);
    /// Power off and on: the channel and every fault-free state is gone, the memory stays.
    void reset();

    bool isPresent() const;
    void lay();
    void pull();

    /// Another card of the same PKI in this card's place; memory as its profile says.
    void become(CardProfile profile);
    CardMemory memory() const;
    std::string pin() const;
    void setMemory(CardMemory memory);
    /// Called after each change of the memory, before the answer is given.
    void onMemory(std::function<void(CardMemory)> changed);
    void setToday(LocalDate today);
    /// Longest command that reader and card take: 261 means no extended length.
    void setCommandBytesMax(std::size_t bytes);
    std::size_t commandBytesMax() const;

    /// At the `command`-th from now. Several may wait.
    void faultAt(std::size_t command, CardFault fault);
    void clearFaults();
    std::size_t commandsSoFar() const;

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

/// The card in a reader without pcscd. `card` must outlive it.
class SimulatedCardChannel : public CardChannel {
public:
    explicit SimulatedCardChannel(SimulatedCard& card) : _card(card) {}
    /// Throws CardGone.
    Bytes transmit(ByteView command) override;
    std::size_t commandBytesMax() const override { return _card.commandBytesMax(); }

private:
    SimulatedCard& _card;
};

/// For makeLoopIdentityReader: the card when it lies there (reset, as a reader does), else NoCard.
/// `card` must outlive it.
eid::CardFinder findSimulatedCard(SimulatedCard& card);

} // namespace amt::sim

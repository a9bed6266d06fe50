// SPDX-License-Identifier: EUPL-1.2
//
// Clerks (Sachbearbeitung): who they are, how they sign in, and the desk key that opens with their
// passwords (sync.md 1).
//
// The data key that seals the desk key's private half is wrapped under each clerk's password, under
// the one-time code of the set-up and under the recovery key (paper half and database half). There
// is no other password hash: right is what unwraps. Argon2id takes long, so everything with a
// password has two halves: an order from here, carried out beside the loop (stretch), and the act
// with its result. Acts are one commit each.
#pragma once

#include "appliance/core/random.h"
#include "appliance/office/people/password.h"
#include "appliance/office/people/roles.h"
#include "sync/outbox/journal.h"
#include "sync/outbox/sealing.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace amt::office {

struct PeopleSettings {
    PasswordCost cost; ///< for new passwords; tests take less
    std::chrono::hours sessionEnds{12};
    std::chrono::minutes sessionIdles{10};
    std::chrono::seconds delayMax{900};
    /// Others may have one, these must: everybody who can read cases, or open accounts (security.md
    /// T6).
    Roles secondFactorFor = {Role::Clerk, Role::Lead, Role::Treasurer, Role::It};
    std::chrono::minutes codeWithin{5}; ///< from the password to the code
    std::chrono::hours bindingCodeHolds{24};
    std::chrono::hours secondPersonWithin{24};
};

struct Clerk {
    std::string id, name;
};
struct Account {
    Clerk clerk;
    Roles roles;
    bool secondFactor = false;
};

struct SignedIn {
    Secret token; ///< for the cookie; base64url text of 256 random bits, only its hash is stored
    Clerk clerk;
};
/// Unknown name, wrong password, wrong code: all the same to whoever asks.
struct SignInRefused {};
/// Lock-out by delay: nothing was tried.
struct SignInDelayed {
    std::chrono::seconds wait{0};
};
/// Somebody at an identity provider (OpenID Connect: iss and sub); neither says anything alone.
struct ProviderIdentity {
    std::string issuer, subject;
};
/// Whose word the second factor is when an identity provider lets somebody in.
enum class FactorBy { Us, Provider };
/// Nobody's account is bound to this identity.
struct NotBound {};
struct AccountClosed {};
struct FirstClerkIn {
    SignedIn signedIn;
    Secret paperHalf; ///< shown once, then only on paper
};
struct NameTaken {};

/// A page that follows something by itself is no sign of a person.
enum class AskedBy { Person, Page };

/// How far somebody has come in.
enum class Proof {
    PasswordAsked, ///< by an identity provider, and the second factor of ours opens with the
                   ///< password
    CodeAsked,     ///< the password was right; the code of the second factor is to follow
    SetUpAsked,    ///< a role asks for a second factor that is not set up yet
    Complete       ///< in
};

struct Session {
    Clerk clerk;
    Roles roles;
    Proof proof = Proof::CodeAsked;
    bool secondFactor = false; ///< is set up
    bool deskKeyOpen = false;
};
struct SessionEntry {
    std::string id; ///< lets nobody in
    std::string place;
    UtcTime since, seenAt;
    bool own = false; ///< the one who asks
};

/// What came of an act on an account.
enum class AccountChange {
    Changed,
    LastIt,     ///< nobody could ever give the role again
    Waits,      ///< for a second person (secondPersonFor)
    PaperAsked, ///< there is no second person: the paper half stands for her
    PaperWrong
};
/// Whoever has one of these looks after others: giving or taking it, and resetting the password or
/// second factor of such an account, is two persons' act (security.md T6).
inline constexpr Roles secondPersonFor = {Role::Lead, Role::It};
enum class SharedAct { SetRoles, ResetPassword, ResetFactor };
std::string_view name(SharedAct act); ///< "SetRoles", ...
/// One that waits for its second person.
struct AccountRequest {
    std::string id;
    SharedAct act = SharedAct::SetRoles;
    Clerk about, askedBy;
    Roles roles; ///< of SetRoles: as wished; none: the account is to be closed
    UtcTime askedAt, until;
    bool mayConfirm = false; ///< the one who looks
    bool mayRefuse = false;
};
/// The account is not made: its roles ask for a second person, and there is none but the paper
/// half.
struct PaperNeeded {
    bool wrong = false;
};
struct PasswordChanged {};
struct KeyOpened {};
struct FactorRight {};
/// Why a second factor goes.
enum class FactorLoss { Lost, Replaced, Broken, Stolen };
std::string_view name(FactorLoss loss); ///< "Lost", ...

class People {
public:
    People(store::Database& database, outbox::Journal& journal, RandomSource& random,
           PeopleSettings settings = {});

    // --- set-up ---
    bool isSetUp() const;
    bool hasClerk() const;
    /// Keeps the desk key under a one-time code (120 random bits, "7K3M-..."), which is given back
    /// and nowhere kept. Again only while there is neither a clerk nor a case: the code before is
    /// worthless then. Throws StepOutOfOrder.
    Secret setUp(const outbox::RsaKey& deskKey, UtcTime now);
    /// Throws KeyUnusable before the set-up.
    outbox::DeskSeal deskSeal() const;

    // --- orders for stretch() ---
    /// A delay stands for this name, or nothing.
    std::optional<SignInDelayed> delayFor(const std::string& name, UtcTime now) const;
    /// For signIn; an unknown name gives an order of the same cost.
    StretchOrder orderFor(const std::string& name, Secret password) const;
    /// For a new password: fresh salt, cost of the settings. Ask faultOf before.
    StretchOrder orderForNew(Secret password) const;

    // --- acts ---
    // `place`: the browser's address, for the list of sessions.
    /// Becomes lead and IT: somebody has to let the others in.
    std::variant<FirstClerkIn, SignInRefused, SignInDelayed, NameTaken>
    firstClerk(std::string_view code, const std::string& name, const Stretched& password,
               UtcTime now, const std::string& place = {});
    std::variant<SignedIn, SignInRefused, SignInDelayed> signIn(const std::string& name,
                                                                const Stretched& password,
                                                                UtcTime now,
                                                                const std::string& place = {});
    /// With the paper half from the safe, for an account that is not closed. Whoever has the safe's
    /// key is believed: a second factor goes, and is set up anew.
    std::variant<SignedIn, SignInRefused, SignInDelayed>
    recover(const std::string& name, std::string_view paperHalf, const Stretched& password,
            UtcTime now, const std::string& place = {});
    void signOut(const Secret& token, UtcTime now);

    // --- by an identity provider. It lets somebody in and opens nothing: the desk key still asks
    // for the password. ---
    std::variant<SignedIn, NotBound, AccountClosed> signInBy(const ProviderIdentity& who,
                                                             FactorBy factor, UtcTime now,
                                                             const std::string& place = {});
    /// For bind; a code that nobody has gives an order of the same cost.
    StretchOrder orderForBinding(std::string_view code, Secret password, UtcTime now) const;
    /// With the code from a colleague (makeBindingCode) and the account's own password, so that
    /// neither the code nor the provider is enough. Signs in with the desk key open. An identity
    /// that has an account, or an account that has an identity, is refused as a wrong code is.
    std::variant<SignedIn, SignInRefused, SignInDelayed>
    bind(const ProviderIdentity& who, FactorBy factor, std::string_view code,
         const Stretched& password, UtcTime now, const std::string& place = {});
    /// Opens the desk key in a session that has it closed: after a provider, after a restart.
    /// Wrong passwords wait as at the door. Throws NotSignedIn.
    std::variant<KeyOpened, SignInRefused, SignInDelayed>
    openKey(const Secret& token, const Stretched& password, UtcTime now);
    /// Once, within bindingCodeHolds; the one before is worthless then. Throws NotSignedIn,
    /// NotAllowed, NotFound; StepOutOfOrder: closed, or bound already.
    Secret makeBindingCode(const Secret& token, const std::string& id, UtcTime now);
    /// Ends her sessions that came this way. Throws as above; StepOutOfOrder: not bound.
    void unbind(const Secret& token, const std::string& id, UtcTime now);
    /// Since when the account has an identity at a provider.
    std::optional<UtcTime> boundAt(const std::string& id) const;

    // --- accounts. By somebody who is in, on accounts within the reach of her roles (reachOf).
    // All throw NotSignedIn, NotAllowed (not in, not in reach), NotFound (no such account). ---
    std::vector<Account> accounts() const; ///< by name
    Account account(const std::string& id) const;
    // `paperHalf`: from the safe, where secondPersonFor asks for a second person and none other
    // than the two concerned could confirm.
    /// At least one role. The desk key must be open, else NotAllowed. Roles of secondPersonFor wait
    /// for their second person, the others hold at once.
    std::variant<Clerk, NameTaken, PaperNeeded> addClerk(const Secret& token,
                                                         const std::string& name, Roles roles,
                                                         const Stretched& password, UtcTime now,
                                                         std::string_view paperHalf = {});
    /// Ends her sessions. The desk key must be open; a closed account throws StepOutOfOrder.
    AccountChange resetPassword(const Secret& token, const std::string& id,
                                const Stretched& password, UtcTime now,
                                std::string_view paperHalf = {});
    /// No role closes the account: its password opens nothing any more, its second factor goes.
    /// Every role that changes is within reach.
    AccountChange setRoles(const Secret& token, const std::string& id, Roles roles, UtcTime now,
                           std::string_view paperHalf = {});
    /// For a colleague who has lost hers; ends her sessions. Never for oneself (NotAllowed).
    /// StepOutOfOrder: there is none.
    AccountChange resetFactor(const Secret& token, const std::string& id, FactorLoss loss,
                              UtcTime now, std::string_view paperHalf = {});
    /// What waits for a second person, oldest first; lapsed ones are gone. Throws NotSignedIn,
    /// NotAllowed.
    std::vector<AccountRequest> requests(const Secret& token, UtcTime now);
    /// By somebody with the same reach, neither who asked nor whom it is about: carries it out.
    /// Throws NotSignedIn, NotAllowed; NotFound: lapsed, answered, or replaced by a newer one;
    /// StepOutOfOrder: the account or who asked is not as it was.
    AccountChange confirmRequest(const Secret& token, const std::string& id, UtcTime now);
    /// Also by who asked, who then takes it back. Throws NotSignedIn, NotAllowed, NotFound.
    void refuseRequest(const Secret& token, const std::string& id, UtcTime now);

    // --- the password, one's own ---
    /// Ends her other sessions. Whoever only sits at her desk cannot do it, and wrong passwords
    /// wait as at the door. Throws NotSignedIn, NotAllowed (not in).
    std::variant<PasswordChanged, SignInRefused, SignInDelayed>
    changePassword(const Secret& token, const Stretched& current, const Stretched& next,
                   UtcTime now);

    // --- the second factor, one's own ---
    /// The code that completes a session. Throws NotSignedIn, StepOutOfOrder (no code is asked).
    std::variant<FactorRight, SignInRefused, SignInDelayed>
    proveFactor(const Secret& token, std::string_view code, UtcTime now);
    /// Keeps `secret` (newFactorSecret) once its first code is right. Throws NotSignedIn,
    /// NotAllowed (desk key not open), StepOutOfOrder (there is one).
    std::variant<FactorRight, SignInRefused> setUpFactor(const Secret& token, const Secret& secret,
                                                         std::string_view code, UtcTime now);
    /// Gives it up, with a last code. Throws NotSignedIn, NotAllowed, StepOutOfOrder.
    std::variant<FactorRight, SignInRefused, SignInDelayed>
    giveUpFactor(const Secret& token, std::string_view code, UtcTime now);

    // --- sessions ---
    /// Who this cookie is, if it still holds (12 h, 10 min without a person). Asked by a person, it
    /// counts as one.
    std::optional<Session> session(const Secret& token, UtcTime now,
                                   AskedBy askedBy = AskedBy::Person);
    /// Forgets ended sessions, and the desk key when nobody is left who opened it. On a timer.
    void endSessions(UtcTime now);
    /// In memory only while a clerk is signed in who opened it; nothing otherwise. For the clerk of
    /// this session.
    std::optional<outbox::RsaKey> openDeskKey(const Secret& token, UtcTime now);
    /// Sessions of an account that still hold, newest first: one's own, or by IT. Throws
    /// NotSignedIn, NotAllowed.
    std::vector<SessionEntry> sessionsOf(const Secret& token, const std::string& id, UtcTime now);
    /// One's own, or by IT; another's is NotFound to everybody else. Throws NotSignedIn,
    /// NotAllowed.
    void endSession(const Secret& token, const std::string& sessionId, UtcTime now);

private:
    struct Opened {
        Secret dataKey;
        outbox::RsaKey deskKey;
    };
    struct Live {
        UtcTime seenAt;
        UtcTime writtenAt;
        bool openedDeskKey = false; ///< in this process
    };

    Opened openWith(Secret dataKey) const;
    std::optional<Secret> unwrap(const std::string& holder, const Secret& key) const;
    void wrap(const std::string& holder, const Secret& key, const Secret& dataKey);
    Secret recoveryKey(const Secret& paperHalf) const;
    /// By which way a session begins.
    struct Way {
        std::string_view act;
        bool byProvider = false;
        bool providerFactor = false;
    };
    SignedIn begin(const Clerk& clerk, std::optional<Opened> opened, const Way& way,
                   const std::string& place, UtcTime now);
    /// The account of a binding code that holds.
    std::optional<Clerk> clerkOfBinding(std::string_view code, UtcTime now) const;
    std::optional<Clerk> clerkOf(const ProviderIdentity& who) const;
    StretchOrder orderOf(const Clerk& clerk, Secret password) const;
    Clerk insertClerk(const Clerk& clerk, Roles roles, const Stretched& password,
                      const Secret& dataKey, UtcTime now);
    void setPassword(const Clerk& clerk, const Stretched& password, const Secret& dataKey);
    void keepRoles(const std::string& id, Roles roles);
    /// Row of the table of delays for wrong passwords of this name.
    static std::string passwordDelayKey(const std::string& name);
    std::optional<SignInDelayed> delayOf(const std::string& key, UtcTime now) const;
    void failed(const std::string& key, UtcTime now);
    void succeeded(const std::string& key);
    std::optional<Clerk> clerkNamed(const std::string& name) const;
    bool hasFactor(const std::string& id) const;
    void dropFactor(const std::string& id);
    void dropSessions(const std::string& id);
    /// Who acts, all the way in. Throws NotSignedIn, NotAllowed.
    Session acting(const Secret& token, UtcTime now);
    /// The same with the desk key open.
    Session actingWithKey(const Secret& token, UtcTime now);
    /// The account, when it is in reach. Throws NotFound, NotAllowed.
    Account inReach(const Session& actor, const std::string& id) const;
    void audit(const Session& actor, std::string_view act, const Clerk& about, outbox::Details more,
               UtcTime now);
    /// The wrapped data key of a password that is not in force yet.
    struct WrappedKey {
        std::string salt;
        Bytes wrapped;
    };
    WrappedKey wrapped(const std::string& holder, const Secret& key, const Secret& dataKey) const;
    void keepWrapped(const std::string& holder, const WrappedKey& key);
    /// What a second person is asked to confirm.
    struct Wish {
        SharedAct act = SharedAct::SetRoles;
        Roles touched; ///< roles that change, or those of the account
        Roles roles;
        std::string reason = {};
        const Stretched* password = nullptr;
    };
    /// Changed: go on at once, because no second person is asked for, or the paper half was right.
    AccountChange shared(const Session& actor, const Account& target, const Wish& wish,
                         std::string_view paperHalf, UtcTime now);
    /// Changed: the paper half is right.
    AccountChange paperSays(const Session& actor, std::string_view paperHalf, UtcTime now);
    /// For the journal: what the paper half has stood for.
    static outbox::Details byPaper(const Wish& wish);
    bool hasSecondPerson(const Session& actor, const Account& target, Roles touched) const;
    void keepRequest(const Session& actor, const Account& target, const Wish& wish, UtcTime now);
    bool isLastIt(const Account& target, Roles roles) const;
    void carryOutRoles(const Session& actor, const Account& target, Roles roles,
                       outbox::Details more, UtcTime now);
    void forgetLapsedRequests(UtcTime now);
    /// The step of a right code, or nothing.
    std::optional<std::int64_t> rightStep(const Clerk& clerk, std::string_view code, UtcTime now);
    void forget(const std::string& tokenHash);
    void closeDeskKeyIfUnused();

    store::Database& _database;
    outbox::Journal& _journal;
    RandomSource& _random;
    PeopleSettings _settings;
    std::optional<Opened> _opened;
    std::map<std::string, Live>
        _live; ///< sessions that opened the desk key in this process, by hash of the token
};

/// A clerk's name as it is kept (tidied), or nothing when it may not be one: 2 to 64 characters of
/// DIN 91379 type B.
std::optional<std::string> clerkName(std::string_view typed);

} // namespace amt::office

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
};

struct Clerk {
    std::string id, name;
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
struct FirstClerkIn {
    SignedIn signedIn;
    Secret paperHalf; ///< shown once, then only on paper
};
struct NameTaken {};

/// A page that follows something by itself is no sign of a person.
enum class AskedBy { Person, Page };

struct Session {
    Clerk clerk;
    bool deskKeyOpen = false;
};

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
    std::variant<FirstClerkIn, SignInRefused, SignInDelayed, NameTaken>
    firstClerk(std::string_view code, const std::string& name, const Stretched& password,
               UtcTime now);
    std::variant<SignedIn, SignInRefused, SignInDelayed>
    signIn(const std::string& name, const Stretched& password, UtcTime now);
    /// By a signed-in colleague whose desk key is open. Throws NotSignedIn, NotAllowed (key not
    /// open).
    std::variant<Clerk, NameTaken> addClerk(const Secret& token, const std::string& name,
                                            const Stretched& password, UtcTime now);
    /// Ends the colleague's sessions. Throws NotSignedIn, NotAllowed, NotFound.
    void resetPassword(const Secret& token, const std::string& name, const Stretched& password,
                       UtcTime now);
    /// With the paper half from the safe, for a clerk who exists.
    std::variant<SignedIn, SignInRefused, SignInDelayed> recover(const std::string& name,
                                                                 std::string_view paperHalf,
                                                                 const Stretched& password,
                                                                 UtcTime now);
    void signOut(const Secret& token, UtcTime now);

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
    std::vector<std::string> names() const;

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
    SignedIn begin(const Clerk& clerk, Opened opened, std::string_view act, UtcTime now);
    Clerk insertClerk(const std::string& name, const Stretched& password, const Secret& dataKey,
                      UtcTime now);
    void setPassword(const Clerk& clerk, const Stretched& password, const Secret& dataKey);
    void failed(const std::string& name, UtcTime now);
    void succeeded(const std::string& name);
    std::optional<Clerk> clerkNamed(const std::string& name) const;
    /// Who acts with the desk key open. Throws NotSignedIn, NotAllowed.
    Clerk required(const Secret& token, UtcTime now);
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

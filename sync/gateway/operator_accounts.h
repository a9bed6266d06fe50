// SPDX-License-Identifier: EUPL-1.2
//
// Who may see the operators' pages: accounts with password and second factor, and their sessions.
//
// An account is entered at the console and gets a one-time code, with which its bearer sets both.
// The secret of the second factor is sealed under the password's key: right is what opens it.
// Argon2id takes long, so everything with a password has two halves: an order from here, carried
// out beside the loop (stretch), and the act with its result. Each act is noted in operator_act.
#pragma once

#include "appliance/core/json.h"
#include "appliance/core/random.h"
#include "appliance/core/secret.h"
#include "appliance/office/people/password.h"
#include "sync/gateway/books.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace amt::gateway {

struct OperatorSettings {
    office::PasswordCost cost; ///< for new passwords; tests take less
    std::chrono::hours codeLife{24};
    std::chrono::hours sessionEnds{12};
    std::chrono::minutes sessionIdles{15};
    std::chrono::minutes setUpWithin{15}; ///< from the new password to the first code of the app
    std::chrono::seconds delayMax{900};
};

struct Operator {
    std::string id, name;
};

class OperatorAccounts {
public:
    OperatorAccounts(Books& books, RandomSource& random, OperatorSettings settings = {})
        : _books(books), _random(random), _settings(settings)
    {}

    // --- orders at the console, each within the caller's commit; the caller notes them ---
    /// The id; nothing: the name is taken. Throws InputMalformed for what is no name.
    std::optional<std::string> enter(const std::string& name, UtcTime now);
    /// A new one-time code ("7K3M-..."), given once. What the account had before proves nothing any
    /// more, and its sessions end.
    Secret giveCode(const std::string& id, UtcTime now);
    void end(const std::string& id, UtcTime now);
    /// Of an account that was not ended.
    std::optional<std::string> idOf(const std::string& name);
    json::ArrayPtr list();

    // --- signing in ---
    struct Refused {};
    struct Delayed {
        std::chrono::seconds wait{0}; ///< nothing was tried
    };
    struct SignedIn {
        Secret token; ///< for the cookie; only its hash is stored
        Operator who;
    };
    std::optional<Delayed> delayFor(const std::string& name, UtcTime now);
    /// An unknown name gives an order of the same cost.
    office::StretchOrder orderFor(const std::string& name, Secret password);
    /// Unknown name, wrong password, wrong or used code: all the same to whoever asks.
    std::variant<SignedIn, Refused, Delayed> signIn(const std::string& name,
                                                    const office::Stretched& password,
                                                    std::string_view code, UtcTime now,
                                                    const std::string& place);

    // --- the first time, with the one-time code ---
    office::StretchOrder orderForNew(Secret password);
    struct Offer {
        Secret token; ///< of who sets up; lets nobody in
        std::string name;
        Secret secret; ///< for the second factor, until its first code is right
    };
    /// The code still counts, and only finish() uses it up.
    std::variant<Offer, Refused, Delayed> begin(const std::string& name, std::string_view code,
                                                const office::Stretched& password, UtcTime now);
    /// What was offered to this token; null: nothing, or too long ago.
    const Offer* offered(const Secret& token, UtcTime now);
    std::variant<SignedIn, Refused> finish(const Secret& token, std::string_view code, UtcTime now,
                                           const std::string& place);

    // --- sessions ---
    /// Who this cookie is, if it still holds; asking counts as being there.
    std::optional<Operator> session(const Secret& token, UtcTime now);
    struct SessionEntry {
        std::string id; ///< lets nobody in
        std::string name, place;
        UtcTime since, seenAt;
        bool own = false; ///< the one who asks
    };
    /// Of all operators, newest first.
    std::vector<SessionEntry> sessions(const Secret& token, UtcTime now);
    void signOut(const Secret& token, UtcTime now);
    /// Whether there was such a session.
    bool endSession(const std::string& sessionId, const Operator& by, UtcTime now);

private:
    struct Pending {
        Offer offer;
        std::string id, codeHash;
        office::Stretched password;
        UtcTime begunAt;
    };
    SignedIn letIn(const Operator& who, const std::string& place, UtcTime now);
    void failed(const std::string& name, UtcTime now);
    void note(std::string_view act, const std::string& subject, const std::string& by, UtcTime now);

    Books& _books;
    RandomSource& _random;
    const OperatorSettings _settings;
    std::map<std::string, Pending> _pending; ///< by hash of the token; ends with the process
};

} // namespace amt::gateway

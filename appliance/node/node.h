// SPDX-License-Identifier: EUPL-1.2
//
// amt-node without its sockets: requests in, pages out, on the loop. main.cpp and the simulated
// world wire it.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/http.h"
#include "appliance/core/random.h"
#include "appliance/core/secret.h"
#include "appliance/node/shown_certificate.h"
#include "appliance/office/people/roles.h"
#include "drivers/port/identity.h"
#include "drivers/port/payment.h"
#include "drivers/port/printing.h"
#include "drivers/port/scanning.h"
#include "drivers/port/speech.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace amt::store {
class Database;
}
namespace amt::page {
class Renderer;
}

namespace amt::node {

/// Which door a request came through; each has its own routes and its own proof of who asks.
enum class Surface {
    Kiosk,   ///< loopback HTTP
    Desk,    ///< house network, TLS, session of a clerk
    Display, ///< house network, TLS, device token
    Sync,    ///< Unix socket, user amt-sync
    Admin    ///< Unix socket, amtctl
};

/// The terminal key of terminal authentication (facts/eid.md 5, 10). Null when there is none: no
/// cards are read.
class TerminalSigner {
public:
    virtual ~TerminalSigner() = default;
    /// ECDSA over `toBeSigned`, plain r||s. Throws CertificateUnusable.
    virtual Bytes sign(ByteView toBeSigned) = 0;
    /// Of the next read. Throws CertificateUnusable while there are none.
    virtual TerminalCertificates certificates() const = 0;
    /// False while there is nothing to sign with: no card can be read.
    virtual bool isUsable() const { return true; }
    /// Nothing while there is none, or where nobody is told (a test).
    virtual std::optional<ShownCertificate> shown() const { return std::nullopt; }
};

/// Long pure work (Argon2id, RSA key making) beside the loop. The simulated world runs it at once.
class LongWork {
public:
    virtual ~LongWork() = default;
    /// `work` on another thread, then `then` on the loop.
    virtual void run(std::function<void()> work, Task then) = 0;
};

/// Live pages: `publish` sends the newest state of a topic to whoever listens (Server-Sent Events).
class LivePages {
public:
    virtual ~LivePages() = default;
    virtual void publish(const std::string& topic, const std::string& data) = 0;
    virtual void close(const std::string& topic) = 0;
};

/// The emulated devices' control line; only in `./amt run`. Null otherwise.
class Emulation {
public:
    virtual ~Emulation() = default;
    struct Device {
        std::string kind, detail; ///< "card", "desk-card", "terminal", "printer", "scanner";
                                  ///< detail is a message key
        std::vector<std::string> acts;
    };
    virtual std::vector<Device> devices() = 0;
    virtual void act(const std::string& kind, const std::string& act) = 0;
};

struct NodeSettings {
    std::string municipalityFolder; ///< config/municipality: services, fees, texts
    std::vector<std::string> kioskHosts = {"127.0.0.1",
                                           "localhost"}; ///< accepted Host names (with any port)
    std::vector<std::string> deskHosts;
    Secret displayToken;
    std::chrono::seconds idleWarning{45}, idleEnd{75}, formIdleWarning{90};
    std::chrono::seconds doneStays{60};
    /// Roles that let nobody in by the password alone; all others may set a second factor up.
    office::Roles secondFactorFor = {office::Role::Clerk, office::Role::Lead,
                                     office::Role::Treasurer, office::Role::It};
    /// identity-provider.json as text (identity_provider.h); empty: clerks have passwords only.
    std::string identityProvider;
    bool testModeLanguages = false;
    /// Whose calendar this is. Empty: this node sells everything itself. Else the name by which a
    /// portal knows this node (the client of amt-sync): the portal owns the calendar, and the node
    /// sells only what is leased to it (Kontingent).
    std::string portalCalendar;
    /// Second medium for copies of the database; empty: none.
    std::string backupFolder;
    int backupsKept = 48;
    std::chrono::minutes backupEvery{60};
    bool backupOnSameMedium = false; ///< shown as a warning
    /// sector.key and blocklist.txt (block_list_file.h); empty: reported cards are not told apart.
    std::string blockListFolder;
};

struct NodeDoors {
    EventLoop& loop;
    RandomSource& random;
    store::Database& database;
    const page::Renderer& pages;
    IdentityReader& identityReader;
    PaymentTerminal& paymentTerminal;
    ReceiptPrinter& printer;
    TerminalSigner* signer;
    LongWork& longWork;
    LivePages& livePages;
    Emulation* emulation;
    LongWork* copying = nullptr;          ///< for what waits for a slow medium; null: longWork
    IdentityReader* deskReader = nullptr; ///< at the desk; null: none is set up
    TerminalSigner* deskSigner = nullptr; ///< of the on-site certificate (Vor-Ort-Zertifikat);
                                          ///< null: no card is read by CAN
    Speaker* speaker = nullptr;           ///< for spoken calls; null: calls are only written
    CodeScanner* scanner = nullptr;       ///< at the kiosk; null: none is set up
};

class Node {
public:
    /// The database is migrated and the set-up done (see setUp). Everything in the doors must
    /// outlive the node. Unfinished work of the run before is taken up: payments that were
    /// authorising become unresolved and are asked for.
    Node(NodeSettings settings, NodeDoors doors);
    ~Node();

    using Respond = std::function<void(HttpResponse)>;
    /// On the loop. `respond` once, now or later, on the loop.
    void handle(Surface surface, const HttpRequest& request, Respond respond);

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

/// First start: makes the desk key, wrapped under the first clerk's one-time code. Returns the
/// code, or empty when a clerk exists or set-up was done before and its code is still valid in
/// `codeFile` terms of main.cpp.
std::string setUp(store::Database& database, RandomSource& random, UtcTime now);
/// Takes over what enrolment brought: destination, its keys, pinned roots and service keys
/// (sync/gateway/ENROLMENT.md). Throws KeyUnusable, JsonMalformed.
void enrol(store::Database& database, const std::string& enrolmentJson, UtcTime now);
/// Brings the schema of node.db up to date; before an update a copy goes into `copies` (a folder;
/// empty: none), which counts as a restore when it is put back. Throws StoreNewer, SystemFailed.
void migrate(store::Database& database, const std::string& copies = {});

/// `amt-node restore`, while no node runs: the copy is checked (SQLite, chain of the journal),
/// begins a new incarnation, sends again what was not purged, and takes the database's place; the
/// one that stood there is kept beside it. Nothing is changed when it throws: StoreFailed,
/// StoreNewer, JournalBroken, SystemFailed. Returns how many envelopes are sent again.
int restore(const std::string& copy, const std::string& databaseFile, RandomSource& random,
            UtcTime now);

} // namespace amt::node

// SPDX-License-Identifier: EUPL-1.2
//
// The world's parts, its people and its laws.
#include "tests/sim/world/world.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "appliance/node/node.h"
#include "appliance/office/people/people.h"
#include "appliance/office/till/till.h"
#include "appliance/store/store.h"
#include "drivers/eid/eid.h"
#include "drivers/escpos/escpos.h"
#include "drivers/zvt/zvt.h"
#include "kiosk/page/page.h"
#include "sync/carrier/carrier.h"
#include "sync/gateway/books.h"
#include "sync/gateway/gateway.h"
#include "sync/gateway/subscriber.h"
#include "sync/outbox/journal.h"
#include "sync/portal/portal_link.h"
#include "tests/sim/card/card.h"
#include "tests/sim/printer/sim_printer.h"
#include "tests/sim/printer/sim_usb_pipe.h"
#include "tests/sim/terminal/line.h"
#include "tests/sim/world/browser.h"
#include "tests/sim/world/process_loop.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/sim/world/sim_line.h"
#include "tests/sim/world/sim_random.h"
#include "tests/support/test_keys.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <regex>
#include <set>

namespace amt::sim {
namespace {

/// Not an exception of the house: it passes all doors, as death does.
struct ProcessEnded {
    enum class Which { Node, Gateway } which;
};

const UtcTime dayBegins = fromIso("2026-11-23T07:00:00Z");
const std::string serviceUrl = "https://portal.example";
const std::string destinationId = "6f1c2b3a-5d4e-4f60-8a7b-9c0d1e2f3a4b";
const std::string serviceKey = "99108001001000";
const std::string clerkName = "Petra Amt";
const std::string clerkWord = "wolkenloser-kassenschrank";

/// Keys and papers that are the same in every world; made once, because RSA takes its time.
struct Papers {
    explicit Papers(const std::string& source)
        : desk(test::readRsaKey(source, 0)), service(test::readRsaKey(source, 1)),
          opening(test::readRsaKey(source, 2)), signing(test::readRsaKey(source, 3)),
          rootKey(test::readRsaKey(source, 4)), random(20261123),
          card(makeCardPki(random, dayBegins)), pages(source + "/kiosk")
    {
        using namespace envelope;
        const UtcTime from = dayBegins - std::chrono::hours(24);
        const UtcTime until = dayBegins + std::chrono::hours(24 * 300);
        const Certificate root = makeRootCertificate(rootKey, "Simulated root", from, until);
        const auto jwk = [&](const RsaKey& key, KeyUse use, const std::string& kid) {
            return PublicJwk{
                kid,
                use,
                RsaKey::fromPublicDer(key.publicDer()),
                {makeLeafCertificate(key, use, kid, rootKey, root, from, until).der, root.der}};
        };
        const PublicJwk encryption = jwk(opening, KeyUse::Encrypt, "encryption-1");
        const PublicJwk signature = jwk(signing, KeyUse::Verify, "signature-1");
        const PublicJwk serviceJwk{
            "service-1", KeyUse::Verify, RsaKey::fromPublicDer(service.publicDer()), {}};

        auto document = json::makeObject();
        document->set("destinationId", destinationId);
        document->set("name", "Ordnungsamt");
        document->set("status", "active");
        document->set("encryptionKid", encryption.kid);
        auto versions = json::makeArray();
        versions->add("2.1.0");
        document->set("metadataVersions", versions);
        auto schema = json::makeObject();
        schema->set("schemaUri", "urn:example:amtsstube:bewohnerparkausweis:1.0");
        schema->set("mimeType", "application/json");
        auto schemas = json::makeArray();
        schemas->add(schema);
        auto offered = json::makeObject();
        offered->set("identifier", "urn:de:fim:leika:leistung:" + serviceKey);
        offered->set("submissionSchemas", schemas);
        auto regions = json::makeArray();
        regions->add("DE");
        offered->set("regions", regions);
        auto services = json::makeArray();
        services->add(offered);
        document->set("publicServices", services);
        destination = {
            destinationId, "subscriber", json::write(*document), {encryption, signature}};

        auto serviceKeys = json::makeArray();
        serviceKeys->add(writeJwk(serviceJwk));
        auto keySet = json::makeObject();
        keySet->set("keys", serviceKeys);
        auto issuer = json::makeObject();
        issuer->set("issuer", serviceUrl);
        issuer->set("keys", keySet);
        auto roots = json::makeArray();
        roots->add(toBase64(root.der));
        auto signatureKeys = json::makeArray();
        signatureKeys->add(writeJwk(signature));
        auto entry = json::makeObject();
        entry->set("document", document);
        entry->set("encryptionKey", writeJwk(encryption));
        entry->set("signatureKeys", signatureKeys);
        auto destinations = json::makeArray();
        destinations->add(entry);
        auto whole = json::makeObject();
        whole->set("format", 1);
        whole->set("service", issuer);
        whole->set("roots", roots);
        whole->set("destinations", destinations);
        enrolment = json::write(*whole);
    }

    envelope::RsaKey desk, service, opening, signing, rootKey;
    SimRandom random;
    CardPki card;
    page::Renderer pages;
    gateway::DestinationEntry destination;
    std::string enrolment;
};

class Signer : public node::TerminalSigner {
public:
    explicit Signer(const CardPki& pki) : _pki(pki) {}
    Bytes sign(ByteView toBeSigned) override { return signAsTerminal(_pki, toBeSigned); }
    TerminalCertificates certificates() const override { return _pki.certificates(); }

private:
    const CardPki& _pki;
};

class WorkAtOnce : public node::LongWork {
public:
    explicit WorkAtOnce(EventLoop& loop) : _loop(loop) {}
    void run(std::function<void()> work, Task then) override
    {
        work();
        _loop.post(std::move(then));
    }

private:
    EventLoop& _loop;
};

class NobodyWatches : public node::LivePages {
public:
    void publish(const std::string&, const std::string&) override {}
    void close(const std::string&) override {}
};

/// Plant: what a till writer does who takes silence for a no.
class SilenceIsNo : public PaymentTerminal {
public:
    explicit SilenceIsNo(std::unique_ptr<PaymentTerminal> real) : _real(std::move(real)) {}
    void authorise(PaymentOrder order, Callbacks callbacks) override
    {
        _real->authorise(std::move(order), changed(std::move(callbacks)));
    }
    void abort() override { _real->abort(); }
    void resolve(PaymentOrder order, Callbacks callbacks) override
    {
        _real->resolve(std::move(order), changed(std::move(callbacks)));
    }

private:
    static Callbacks changed(Callbacks callbacks)
    {
        callbacks.done = [done = callbacks.done](PaymentOutcome outcome) {
            if (std::holds_alternative<PaymentUnresolved>(outcome)) {
                TerminalRecord record;
                record.result = zvt::ResultCodes::NotPaid;
                outcome = PaymentDeclined{record};
            }
            done(std::move(outcome));
        };
        return callbacks;
    }

    std::unique_ptr<PaymentTerminal> _real;
};

/// Plant: the order goes to the terminal first and into the book afterwards.
class SendsFirst : public PaymentTerminal {
public:
    SendsFirst(std::unique_ptr<PaymentTerminal> real, EventLoop& loop)
        : _real(std::move(real)), _loop(loop)
    {}
    void authorise(PaymentOrder order, Callbacks callbacks) override
    {
        callbacks.evidence = [this, told = callbacks.evidence](PaymentEvidence evidence,
                                                               std::optional<TerminalRecord> record,
                                                               std::function<void()> committed) {
            if (evidence != PaymentEvidence::Sent)
                return told(evidence, std::move(record), std::move(committed));
            committed();
            _loop.after(std::chrono::seconds(4),
                        [told, record] { told(PaymentEvidence::Sent, record, [] {}); });
        };
        _real->authorise(std::move(order), std::move(callbacks));
    }
    void abort() override { _real->abort(); }
    void resolve(PaymentOrder order, Callbacks callbacks) override
    {
        _real->resolve(std::move(order), std::move(callbacks));
    }

private:
    std::unique_ptr<PaymentTerminal> _real;
    EventLoop& _loop;
};

/// Plant: an answer that got lost is taken for a submission that got lost, and the case is
/// announced anew.
class AnnouncesAgain : public portal::PortalLink {
public:
    explicit AnnouncesAgain(std::unique_ptr<portal::PortalLink> real, RandomSource& random)
        : _real(std::move(real)), _random(random)
    {}
    void destination(const std::string& id, portal::Reply<portal::DestinationInfo> reply) override
    {
        _real->destination(id, std::move(reply));
    }
    void destinationKey(const std::string& id, const std::string& kid,
                        portal::Reply<std::string> reply) override
    {
        _real->destinationKey(id, kid, std::move(reply));
    }
    void serviceKeys(portal::Reply<std::string> reply) override
    {
        _real->serviceKeys(std::move(reply));
    }
    void announce(const portal::Announcement& announcement,
                  portal::Reply<portal::Announced> reply) override
    {
        _announcement = announcement;
        _real->announce(announcement, std::move(reply));
    }
    void putAttachment(const std::string& submissionId, const std::string& attachmentId,
                       std::string jwe, portal::Reply<portal::Done> reply) override
    {
        _real->putAttachment(submissionId, attachmentId, std::move(jwe), std::move(reply));
    }
    void submit(const std::string& submissionId, std::string metadata, std::string data,
                portal::Reply<portal::Done> reply) override
    {
        _real->submit(
            submissionId, metadata, data,
            [this, metadata, data, reply](portal::Answer<portal::Done> answer) {
                if (std::holds_alternative<portal::Unknown>(answer)) {
                    auto again = _announcement;
                    again.envelopeId = randomUuid(_random);
                    _real->announce(again, [this, metadata,
                                            data](portal::Answer<portal::Announced> announced) {
                        if (const auto* ids = std::get_if<portal::Announced>(&announced))
                            _real->submit(ids->submissionId, metadata, data, [](const auto&) {});
                    });
                }
                reply(std::move(answer));
            });
    }
    void events(const std::string& caseId, int offset,
                portal::Reply<std::vector<std::string>> reply) override
    {
        _real->events(caseId, offset, std::move(reply));
    }

private:
    std::unique_ptr<portal::PortalLink> _real;
    RandomSource& _random;
    portal::Announcement _announcement;
};

} // namespace

class World {
public:
    World(const WorldSettings& settings, Papers& papers)
        : _settings(settings), _papers(papers), _random(settings.seed),
          _opensslRandom(settings.seed + 1), _feed(_opensslRandom), _loop(dayBegins),
          _signer(papers.card), _nodeDisk("node-disk", _random),
          _gatewayDisk("gateway-disk", _random), _outside(_loop, newOwner()),
          _card(_random, papers.card, cardProfile("erika"), localDate(dayBegins)),
          _terminal(_outside, _random),
          _gatewayLine(
              _loop, _random, _portalFaults, [this] { return ownerOf(_gateway); },
              [this](const HttpRequest& request, const auto& respond) {
                  askGateway(request, respond);
              }),
          _subscriberLine(
              _loop, _random, _portalFaults, [this] { return ownerOf(_gateway); },
              [this](const HttpRequest& request, const auto& respond) {
                  askGateway(request, respond);
              }),
          _nodeLine(
              _loop, _random, _houseFaults, [this] { return ownerOf(_town); },
              [this](const HttpRequest& request, const auto& respond) {
                  askNode(node::Surface::Sync, request, respond);
              })
    {
        if (settings.plant == Plant::AcknowledgeBeforeCommit)
            _nodeDisk.setIgnoresSync(true);
    }

    WorldResult live();

private:
    // --- processes ---

    struct GatewayProcess {
        GatewayProcess(World& world, int number)
            : owner(number), loop(world._loop, number),
              database(world.databaseSettings(world._gatewayDisk, "gateway.db",
                                              ProcessEnded::Which::Gateway)),
              books(gateway::makeSqliteBooks(database)),
              service(world.gatewaySettings(), *books, loop, world._random)
        {}
        int owner;
        ProcessLoop loop;
        store::Database database;
        std::unique_ptr<gateway::Books> books;
        gateway::Gateway service;
    };

    struct TownProcess {
        TownProcess(World& world, int number)
            : owner(number), loop(world._loop, number),
              database(
                  world.databaseSettings(world._nodeDisk, "node.db", ProcessEnded::Which::Node)),
              work(loop), reader(eid::makeLoopIdentityReader(loop, world._random,
                                                             findSimulatedCard(world._card))),
              stream(loop, world._outside, world._random, world._terminal),
              payment(world.planted(zvt::makeZvtTerminal({}, stream, loop), loop)),
              pipe(world._printer), printer(escpos::makeEscposPrinter({}, pipe, loop))
        {
            node::migrate(database);
        }
        void open(World& world)
        {
            node::NodeSettings settings;
            settings.municipalityFolder = world._settings.source + "/config/municipality";
            settings.kioskHosts = {"kiosk.example"};
            settings.deskHosts = {"desk.example"};
            settings.displayToken = Secret(std::string_view("a-display-of-the-world"));
            hall = std::make_unique<node::Node>(
                std::move(settings),
                node::NodeDoors{loop, world._random, database, world._papers.pages, *reader,
                                *payment, *printer, &world._signer, work, watchers, nullptr});
        }
        int owner;
        ProcessLoop loop;
        store::Database database;
        WorkAtOnce work;
        NobodyWatches watchers;
        std::unique_ptr<IdentityReader> reader;
        SimulatedByteStream stream;
        std::unique_ptr<PaymentTerminal> payment;
        SimUsbPipe pipe;
        std::unique_ptr<ReceiptPrinter> printer;
        std::unique_ptr<node::Node> hall;
    };

    struct CarrierProcess {
        CarrierProcess(World& world, int number)
            : owner(number), loop(world._loop, number),
              link(world.planted(
                  portal::makeV2Link({"node", "sender-secret"}, world._gatewayLine, loop))),
              carrier({}, world._nodeLine, *link, loop, world._random)
        {}
        int owner;
        ProcessLoop loop;
        std::unique_ptr<portal::PortalLink> link;
        carrier::Carrier carrier;
    };

    struct SubscriberProcess {
        SubscriberProcess(World& world, int number)
            : owner(number), loop(world._loop, number),
              subscriber(world.subscriberSettings(), world._subscriberLine, loop, world._random,
                         [&world](const gateway::ReceivedCase& received) { world.keep(received); })
        {
            next();
        }
        void next()
        {
            subscriber.round([this](gateway::RoundResult) {
                loop.after(std::chrono::seconds(20), [this] { next(); });
            });
        }
        int owner;
        ProcessLoop loop;
        gateway::Subscriber subscriber;
    };

    int newOwner() { return ++_lastOwner; }

    template <typename Process>
    static std::optional<int> ownerOf(const std::unique_ptr<Process>& process)
    {
        return process ? std::optional(process->owner) : std::nullopt;
    }

    store::DatabaseSettings databaseSettings(SimDisk& disk, const std::string& path,
                                             ProcessEnded::Which which)
    {
        store::DatabaseSettings settings;
        settings.path = path;
        settings.vfs = disk.vfs();
        settings.onDiskError = [which] { throw ProcessEnded{which}; };
        settings.atCommit = [this, which](store::CommitMoment) {
            if (_killAtCommit[static_cast<std::size_t>(which)] > 0 &&
                --_killAtCommit[static_cast<std::size_t>(which)] == 0)
                throw ProcessEnded{which};
        };
        return settings;
    }

    gateway::GatewaySettings gatewaySettings() const
    {
        gateway::GatewaySettings settings;
        settings.url = serviceUrl;
        settings.signingKey = _papers.service;
        settings.signingKid = "service-1";
        return settings;
    }

    gateway::SubscriberSettings subscriberSettings() const
    {
        gateway::SubscriberSettings settings;
        settings.clientId = "subscriber";
        settings.clientSecret = Secret(std::string_view("subscriber-secret"));
        settings.serviceUrl = serviceUrl;
        settings.destinationId = destinationId;
        settings.openingKeys = {{"encryption-1", _papers.opening}};
        settings.signatureKid = "signature-1";
        settings.signatureKey = _papers.signing;
        return settings;
    }

    std::unique_ptr<PaymentTerminal> planted(std::unique_ptr<PaymentTerminal> real, EventLoop& loop)
    {
        if (_settings.plant == Plant::SilenceMeansDeclined)
            return std::make_unique<SilenceIsNo>(std::move(real));
        if (_settings.plant == Plant::IntentAfterSending)
            return std::make_unique<SendsFirst>(std::move(real), loop);
        return real;
    }
    std::unique_ptr<portal::PortalLink> planted(std::unique_ptr<portal::PortalLink> real)
    {
        if (_settings.plant == Plant::RetryAnnouncesSecondCase)
            return std::make_unique<AnnouncesAgain>(std::move(real), _random);
        return real;
    }

    void setUp();
    void startGateway();
    void startTown();
    void startCarrier();
    void startSubscriber();
    template <typename Process>
    void end(std::unique_ptr<Process>& process);
    void died(ProcessEnded::Which which);
    void cutPower();

    void askNode(node::Surface surface, const HttpRequest& request,
                 std::function<void(HttpResponse)> respond);
    void askGateway(HttpRequest request, const std::function<void(HttpResponse)>& respond);
    void keep(const gateway::ReceivedCase& received);

    // --- time goes on ---
    bool step();
    void runFor(Milliseconds time);

    // --- people ---
    struct Citizen {
        int number = 0;
        std::string givenNames, familyName, plate;
        bool choseCard = false;
        std::string reference; ///< Aktenzeichen that the screen showed
        bool sawCaseKept =
            false; ///< the payment page stood on the screen: the case is kept, whatever happens
        bool sawPaid = false;
    };
    void citizenComes();
    void readCard(Browser& browser, Citizen& citizen);
    void fillForm(Browser& browser, const Citizen& citizen);
    void pay(Browser& browser, Citizen& citizen);
    bool patient(Browser& browser);
    void clerkTidiesUp();
    void badLuck();
    void mend();

    // --- laws ---
    void judge();
    void broken(const std::string& sentence) { _result.broken.push_back(sentence); }
    void tell(const std::string& line)
    {
        const auto at = std::chrono::duration_cast<std::chrono::seconds>(_loop.sinceBoot()).count();
        _result.story.push_back(std::to_string(at) + " s: " + line);
        if (_settings.tellStory)
            std::printf("%s\n", _result.story.back().c_str());
    }

    WorldSettings _settings;
    Papers& _papers;
    SimRandom _random;
    /// A stream of its own: how much OpenSSL draws depends on what a key has blinded before, and
    /// must not change the story.
    SimRandom _opensslRandom;
    FeedOpenSsl _feed;
    SimLoop _loop;
    int _lastOwner = 0;
    Signer _signer;
    SimDisk _nodeDisk, _gatewayDisk;
    ProcessLoop _outside; ///< the terminal's own power supply
    SimulatedCard _card;
    SimulatedTerminal _terminal;
    SimPrinter _printer;
    LineFaults _portalFaults, _houseFaults;
    SimLine _gatewayLine, _subscriberLine, _nodeLine;
    std::array<int, 2> _killAtCommit{0, 0};

    std::unique_ptr<GatewayProcess> _gateway;
    std::unique_ptr<TownProcess> _town;
    std::unique_ptr<CarrierProcess> _carrier;
    std::unique_ptr<SubscriberProcess> _subscriber;

    bool _calm = false; ///< no new bad luck
    std::vector<Citizen> _citizens;
    std::map<std::string, gateway::ReceivedCase>
        _inbox; ///< by case id: the specialist procedure's folder
    WorldResult _result;
};

// ---------------------------------------------------------------------------------------------------------------------------

void World::setUp()
{
    startGateway();
    _loop.actAs(0, [&] {
        store::Database database(databaseSettings(_nodeDisk, "node.db", ProcessEnded::Which::Node));
        node::migrate(database);
        outbox::Journal journal(database);
        office::PeopleSettings cheap;
        cheap.cost = {64, 1, 1};
        office::People people(database, journal, _random, cheap);
        const Secret code = people.setUp(_papers.desk, _loop.utcNow());
        const auto password =
            office::stretch(people.orderForNew(Secret(std::string_view(clerkWord))));
        const auto first =
            people.firstClerk(code.revealText(), clerkName, password, _loop.utcNow());
        AMT_ASSERT(std::holds_alternative<office::FirstClerkIn>(first));
        node::enrol(database, _papers.enrolment, _loop.utcNow());
    });
    startTown();
    startCarrier();
    startSubscriber();
}

void World::startGateway()
{
    _gatewayDisk.powerOn();
    try {
        const int owner = newOwner();
        _loop.actAs(owner, [&] {
            _gateway = std::make_unique<GatewayProcess>(*this, owner);
            _gateway->service.enter(gateway::ClientEntry{"node",
                                                         Secret(std::string_view("sender-secret")),
                                                         {std::string(gateway::sendScope)}});
            _gateway->service.enter(gateway::ClientEntry{
                "subscriber",
                Secret(std::string_view("subscriber-secret")),
                {std::string(gateway::subscribeScope), std::string(gateway::manageScope)}});
            _gateway->service.enter(_papers.destination);
        });
    } catch (const ProcessEnded& ended) {
        died(ended.which);
    }
}

void World::startTown()
{
    _nodeDisk.powerOn();
    try {
        const int owner = newOwner();
        _loop.actAs(owner, [&] {
            _town = std::make_unique<TownProcess>(*this, owner);
            _town->open(*this);
        });
        tell("the node is up");
    } catch (const ProcessEnded& ended) {
        died(ended.which);
    } catch (const Error& failure) {
        broken("after a power cut the node starts again (" + failure.message() + ")");
    }
}

void World::startCarrier()
{
    const int owner = newOwner();
    _loop.actAs(owner, [&] {
        _carrier = std::make_unique<CarrierProcess>(*this, owner);
        _carrier->carrier.start();
    });
}

void World::startSubscriber()
{
    const int owner = newOwner();
    _loop.actAs(owner, [&] { _subscriber = std::make_unique<SubscriberProcess>(*this, owner); });
}

template <typename Process>
void World::end(std::unique_ptr<Process>& process)
{
    if (!process)
        return;
    _loop.kill(process->owner);
    const auto dead = std::move(process); // gone for everybody before its parts go
}

void World::died(ProcessEnded::Which which)
{
    SimDisk& disk = which == ProcessEnded::Which::Node ? _nodeDisk : _gatewayDisk;
    disk.halt(); // a power cut has decided already what survives; a killed process writes nothing
                 // more
    _killAtCommit[static_cast<std::size_t>(which)] = 0;
    const auto pause = std::chrono::seconds(2 + randomBelow(_random, 40));
    if (which == ProcessEnded::Which::Node) {
        tell("the node dies");
        end(_town);
        _loop.actAs(0, [&] { _loop.after(pause, [this] { startTown(); }); });
    } else {
        tell("the gateway dies");
        end(_gateway);
        _loop.actAs(0, [&] { _loop.after(pause, [this] { startGateway(); }); });
    }
}

void World::askNode(node::Surface surface, const HttpRequest& request,
                    std::function<void(HttpResponse)> respond)
{
    if (!_town)
        return;
    try {
        _loop.actAs(_town->owner,
                    [&] { _town->hall->handle(surface, request, std::move(respond)); });
    } catch (const ProcessEnded& ended) {
        died(ended.which);
    }
}

void World::askGateway(HttpRequest request, const std::function<void(HttpResponse)>& respond)
{
    if (!_gateway)
        return;
    request.headers["host"] = "portal.example";
    try {
        respond(_gateway->service.handle(request));
    } catch (const ProcessEnded& ended) {
        died(ended.which);
    }
}

void World::keep(const gateway::ReceivedCase& received)
{
    _inbox.insert_or_assign(received.caseId, received);
    tell("a case arrives at the office");
}

bool World::step()
{
    try {
        return _loop.runNext();
    } catch (const ProcessEnded& ended) {
        died(ended.which);
    } catch (const Error& failure) { // the door of a loop task
        tell(std::string("a task failed: ") + failure.name() + ", " + failure.message());
    }
    return true;
}

void World::runFor(Milliseconds time)
{
    bool over = false;
    _loop.actAs(0, [&] { _loop.after(time, [&over] { over = true; }); });
    while (!over && step()) {
    }
}

// --- bad luck

void World::badLuck()
{
    if (_calm || !_random.chance(30))
        return;
    switch (randomBelow(_random, 11)) {
    case 0:
    case 1:
        tell("the node's power will go soon");
        _nodeDisk.cutPowerAt(1 + randomBelow(_random, 60));
        ++_result.powerCuts;
        break;
    case 2:
        tell("the node will be killed at a commit");
        _killAtCommit[0] = 1 + static_cast<int>(randomBelow(_random, 8));
        ++_result.kills;
        break;
    case 3:
        tell("the gateway's power will go soon");
        _gatewayDisk.cutPowerAt(1 + randomBelow(_random, 40));
        ++_result.powerCuts;
        break;
    case 4:
        tell("the gateway will be killed at a commit");
        _killAtCommit[1] = 1 + static_cast<int>(randomBelow(_random, 5));
        ++_result.kills;
        break;
    case 5:
        tell("amt-sync is killed");
        end(_carrier);
        startCarrier();
        ++_result.kills;
        break;
    case 6: {
        const bool cut = !_gatewayLine.isCut();
        tell(cut ? "the line to the portal is cut" : "the line to the portal is back");
        _gatewayLine.cut(cut);
        break;
    }
    case 7:
        _portalFaults = {10, 20, 10, Milliseconds(2000)};
        tell("the line to the portal is bad");
        break;
    case 8: {
        TerminalBehaviour behaviour;
        using Payment = TerminalBehaviour::Payment;
        using Silence = TerminalBehaviour::Silence;
        constexpr std::array payments = {Payment::Approve,   Payment::Approve, Payment::Approve,
                                         Payment::Decline,   Payment::StopKey, Payment::NoCard,
                                         Payment::RefuseBusy};
        constexpr std::array silences = {Silence::None, Silence::None, Silence::FromStart,
                                         Silence::AfterAccept, Silence::AfterCharge};
        behaviour.payment = payments[randomBelow(_random, payments.size())];
        behaviour.silence = silences[randomBelow(_random, silences.size())];
        behaviour.worksSilently = _random.chance(50);
        behaviour.reversesUnacknowledged = _random.chance(50);
        behaviour.goesOnWithoutLine = _random.chance(50);
        behaviour.repeatsInformation = _random.chance(20);
        _terminal.setBehaviour(behaviour);
        tell("the terminal is in a mood");
        break;
    }
    case 9:
        if (_town) {
            TerminalLineFault fault;
            fault.direction = _random.chance(50) ? TerminalLineFault::Direction::ToTerminal
                                                 : TerminalLineFault::Direction::ToTill;
            constexpr std::array kinds = {TerminalLineFault::Kind::CutBefore,
                                          TerminalLineFault::Kind::CutAfter,
                                          TerminalLineFault::Kind::Deaf};
            fault.kind = kinds[randomBelow(_random, kinds.size())];
            fault.message = static_cast<int>(randomBelow(_random, 8));
            _town->stream.setFault(fault);
            tell("the terminal's line will fail at message " + std::to_string(fault.message));
        }
        break;
    default:
        tell("somebody sets the clock");
        _loop.jumpWallClock(Milliseconds(1000) *
                            (static_cast<long>(randomBelow(_random, 7200)) - 3600));
        break;
    }
}

void World::mend()
{
    _calm = true;
    _killAtCommit = {0, 0};
    _nodeDisk.calm();
    _gatewayDisk.calm();
    _gatewayLine.cut(false);
    _portalFaults = {};
    _terminal.setBehaviour({});
    if (_town)
        _town->stream.setFault(std::nullopt);
    _printer.setPaper(true);
    tell("everything is mended");
}

// --- citizens

/// Waits out an outage as a person does: half a minute, again, five times at most. False: goes
/// away.
bool World::patient(Browser& browser)
{
    for (int i = 0; i < 5 && browser.page().status == 0; ++i) {
        runFor(std::chrono::seconds(30));
        browser.get(browser.cookies().empty()
                        ? "/"
                        : "/visit/form"); // wherever the visit stands, the node leads there
    }
    return browser.page().status == 200;
}

void World::citizenComes()
{
    Citizen citizen;
    citizen.number = static_cast<int>(_citizens.size()) + 1;
    // Letters that nobody else has, to be hunted for on the disks afterwards.
    std::string letters;
    for (int i = 0; i < 10; ++i)
        letters += static_cast<char>('A' + randomBelow(_random, 26));
    citizen.givenNames = "VORNAME" + letters;
    citizen.familyName = "NACHNAME" + letters;
    citizen.plate = std::string("MS-") + static_cast<char>('A' + randomBelow(_random, 26)) + " " +
                    std::to_string(1000 + randomBelow(_random, 9000));
    ++_result.visits;
    tell("citizen " + std::to_string(citizen.number) + " comes");
    _card.become(cardOf(citizen.givenNames, citizen.familyName, "19840812"));
    _card.clearFaults();
    _card.lay();

    Browser browser(
        node::Surface::Kiosk, "http://kiosk.example",
        [this](node::Surface surface, const HttpRequest& request,
               std::function<void(HttpResponse)> respond) {
            askNode(surface, request, std::move(respond));
        },
        [this] { return step(); }, _loop);

    const int givesUpAfter =
        _random.chance(15) ? 1 + static_cast<int>(randomBelow(_random, 8)) : 1000;
    browser.get("/");
    for (int round = 0; round < 40; ++round) {
        if (round >= givesUpAfter) {
            tell("citizen " + std::to_string(citizen.number) + " walks away at " +
                 browser.page().path);
            if (_random.chance(50) && browser.page().status == 200 && !browser.cookies().empty())
                browser.post("/visit/end");
            break;
        }
        badLuck();
        if (browser.page().status != 200 && !patient(browser)) {
            // 403: the visit is over; 0: nobody answers. Both are the end of this visit for a
            // person.
            tell("citizen " + std::to_string(citizen.number) + " is sent away with " +
                 std::to_string(browser.page().status));
            break;
        }
        const std::string path = browser.page().path;
        tell("  " + path);
        if (path == "/") {
            browser.get("/services");
        } else if (path == "/services") {
            browser.post("/services", {{"service", serviceKey}});
        } else if (path == "/visit/notice") {
            browser.post("/visit/notice", {{"consent", "yes"}});
        } else if (path == "/visit/card" || path == "/visit/card/problem" ||
                   path == "/visit/card/reading") {
            readCard(browser, citizen);
        } else if (path == "/visit/form") {
            fillForm(browser, citizen);
        } else if (path == "/visit/review") {
            browser.post("/visit/review", {{"confirm", "yes"}});
            if (_random.chance(20) && browser.page().status == 200)
                browser.postAgain(); // an impatient finger
        } else if (path.starts_with("/visit/pay")) {
            citizen.sawCaseKept = true;
            pay(browser, citizen);
            if (browser.page().path == "/visit/pay/unresolved")
                break; // a person would go to the desk now
        } else if (path == "/visit/done") {
            citizen.sawCaseKept = true;
            static const std::regex reference("BP-[0-9A-Z]+-[0-9A-Z-]+");
            std::smatch found;
            if (std::regex_search(browser.page().body, found, reference))
                citizen.reference = found[0];
            tell("  " + citizen.reference);
            browser.post("/visit/end");
            break;
        } else if (path == "/visit/still-there") {
            browser.post("/visit/still-there");
        } else {
            tell("citizen " + std::to_string(citizen.number) + " stands before " + path);
            break;
        }
    }
    _card.pull();
    _citizens.push_back(citizen);
    runFor(std::chrono::seconds(randomBelow(_random, 240)));
}

void World::readCard(Browser& browser, Citizen& citizen)
{
    if (browser.page().path == "/visit/card/reading") {
        browser.waitWhile("/visit/card/reading", std::chrono::minutes(3));
        return;
    }
    if (_random.chance(browser.page().path == "/visit/card/problem" ? 50 : 20)) {
        browser.post("/visit/card/skip");
        return;
    }
    _card.lay();
    if (!_calm && _random.chance(25)) {
        ++_result.cardFaults;
        const auto command = 1 + randomBelow(_random, 28);
        switch (randomBelow(_random, 4)) {
        case 0:
            _card.faultAt(command, PullCard{});
            break;
        case 1:
            _card.faultAt(command, FlipBit{randomBelow(_random, 40)});
            break;
        case 2:
            _card.faultAt(command, CutAnswer{});
            break;
        default:
            _card.faultAt(command, AnswerStatus{0x6F00});
            break;
        }
    }
    if (browser.page().path == "/visit/card/problem")
        browser.get("/visit/card");
    if (browser.page().path != "/visit/card")
        return;
    citizen.choseCard = true;
    browser.post("/visit/card", {{"pin", _random.chance(10) ? "654321" : "123456"}});
    browser.waitWhile("/visit/card/reading", std::chrono::minutes(3));
}

void World::fillForm(Browser& browser, const Citizen& citizen)
{
    const std::map<std::string, std::string> answers = {{"givenNames", citizen.givenNames},
                                                        {"familyNames", citizen.familyName},
                                                        {"academicTitle", ""},
                                                        {"street", "Heidestraße 17"},
                                                        {"postalCode", "51147"},
                                                        {"city", "Köln"},
                                                        {"plate", citizen.plate},
                                                        {"zone", "B"},
                                                        {"digitalNotice", "no"}};
    std::map<std::string, std::string> fields = {{"action", "next"}};
    const std::string& body = browser.page().body;
    for (const auto& [name, value] : answers) {
        if (body.find("name=\"" + name + "\"") != std::string::npos)
            fields[name] = value;
    }
    for (const auto& [part, value] :
         std::map<std::string, std::string>{{"dateOfBirth", "12.08.1984"},
                                            {"dateOfBirth.day", "12"},
                                            {"dateOfBirth.month", "08"},
                                            {"dateOfBirth.year", "1984"}}) {
        if (body.find("name=\"" + part + "\"") != std::string::npos)
            fields[part] = value;
    }
    if (!_calm && _random.chance(5))
        fields["plate"] = "???"; // refused, then typed anew
    browser.post("/visit/form", fields);
}

void World::pay(Browser& browser, Citizen& citizen)
{
    if (browser.page().path == "/visit/pay") {
        const bool atDesk = _random.chance(15);
        browser.post("/visit/pay", {{"action", atDesk ? "desk" : "start"}});
        if (!atDesk && _random.chance(10) && browser.page().status == 200)
            browser.postAgain();
    }
    badLuck();
    if (browser.page().path == "/visit/pay/running") {
        if (_random.chance(10)) {
            runFor(Milliseconds(randomBelow(_random, 6000)));
            browser.post("/visit/pay/abort");
        }
        browser.waitWhile("/visit/pay/running", std::chrono::minutes(25));
    }
    if (browser.page().path == "/visit/pay/unresolved")
        browser.waitWhile("/visit/pay/unresolved", std::chrono::minutes(8));
    citizen.sawPaid = citizen.sawPaid || browser.page().path == "/visit/done";
}

// --- the clerk

void World::clerkTidiesUp()
{
    if (!_town)
        return;
    Browser desk(
        node::Surface::Desk, "https://desk.example",
        [this](node::Surface surface, const HttpRequest& request,
               std::function<void(HttpResponse)> respond) {
            askNode(surface, request, std::move(respond));
        },
        [this] { return step(); }, _loop);
    desk.get("/desk/sign-in");
    desk.post("/desk/sign-in", {{"name", clerkName}, {"password", clerkWord}});
    if (desk.page().path == "/desk/paper")
        desk.post("/desk/paper", {{"kept", "yes"}});
    // Statements end before the world goes on: the node may die at the next step, and its database
    // with it.
    const auto texts = [&](const char* sql, const std::string& parameter) {
        std::vector<std::string> rows;
        if (_town) {
            store::Statement statement = _town->database.prepare(sql);
            statement.bind(parameter);
            while (statement.step())
                rows.push_back(statement.text(0));
        }
        return rows;
    };
    for (const auto& id : texts("SELECT id FROM cases WHERE state = ?", "Held")) {
        // What the terminal could not tell the node, the clerk finds in the terminal's own journal.
        if (!texts("SELECT id FROM payment WHERE case_id = ? AND state = 'Unresolved'", id)
                 .empty()) {
            const auto approved =
                texts("SELECT coalesce(sum(amount), 0) FROM payment WHERE state = ?", "Approved");
            if (approved.empty())
                return;
            const bool paid = _terminal.taken().inCents() > std::stoll(approved[0]);
            desk.get("/desk/cases/" + id);
            desk.post("/desk/cases/" + id + "/payment", {{"finding", paid ? "paid" : "unpaid"},
                                                         {"reason", "Terminaljournal geprüft"}});
        }
        desk.get("/desk/cases/" + id);
        desk.post("/desk/cases/" + id + "/release", {{"reason", "Strom war weg"}});
        tell("the clerk releases a case: " + std::to_string(desk.page().status));
        ++_result.held;
    }
    desk.post("/desk/sign-out");
}

// --- the laws

void World::judge()
{
    if (!_town)
        return broken("in the end the node runs");
    if (!_gateway)
        return broken("in the end the gateway runs");
    store::Database& database = _town->database;

    try {
        outbox::Journal(database).verify(outbox::Extent::All);
    } catch (const Error& failure) {
        broken("the journal's chain verifies (" + failure.message() + ")");
    }

    // Money.
    std::int64_t approvedCents = 0;
    int approvedCount = 0;
    store::Statement payments =
        database.prepare("SELECT case_id, state, amount FROM payment ORDER BY id");
    std::map<std::string, int> approvedOf;
    while (payments.step()) {
        const std::string state = payments.text(1);
        if (state == "Unresolved" || state == "Authorising" || state == "Ordered")
            broken("no payment stays unknown for ever: one is " + state);
        if (state == "Approved") {
            approvedCents += payments.integer(2);
            ++approvedCount;
            ++approvedOf[payments.text(0)];
        }
    }
    int taken = 0;
    for (const auto& charge : _terminal.ledger())
        taken += charge.reversed ? 0 : 1;
    _result.charges = taken;
    if (_terminal.taken().inCents() != approvedCents || taken != approvedCount)
        broken("every charge belongs to an approved payment: the terminal took " +
               _terminal.taken().decimal() + " in " + std::to_string(taken) + ", the till knows " +
               Money::cents(approvedCents).decimal() + " in " + std::to_string(approvedCount));
    for (const auto& [id, count] : approvedOf) {
        if (count > 1)
            broken("no citizen pays twice");
    }

    // Cases: exactly once.
    std::map<std::string, int> arrived; // by plate, which only one citizen has
    for (const auto& [id, received] : _inbox) {
        const auto data = json::parseObject(toText(received.data));
        ++arrived[toText(received.data)];
        _result.accepted += 1;
    }
    const auto arrivals = [&](const Citizen& citizen) {
        int count = 0;
        for (const auto& [data, times] : arrived) {
            if (data.find(citizen.familyName) != std::string::npos)
                count += times;
        }
        return count;
    };
    for (const auto& citizen : _citizens) {
        const int count = arrivals(citizen);
        const std::string who = "citizen " + std::to_string(citizen.number);
        if (count > 1)
            broken("a case arrives at most once: that of " + who + " arrived " +
                   std::to_string(count) + " times");
        if (citizen.sawCaseKept)
            ++_result.submitted;
        if (citizen.sawCaseKept && count == 0)
            broken("what a citizen was told is kept arrives: that of " + who + " did not");
    }
    std::map<std::string, int> submittedOf;
    for (const auto& row : _gateway->service.census()) {
        if (row.state == "submitted" || row.state == "accepted" || row.state == "rejected")
            ++submittedOf[row.envelopeId];
    }
    for (const auto& [id, count] : submittedOf) {
        if (count > 1)
            broken("no two announcements of one envelope are submitted");
    }
    store::Statement waiting = database.prepare(
        "SELECT count(*) FROM envelope WHERE state NOT IN ('ACCEPTED', 'PURGED', 'REJECTED')");
    if (waiting.step() && waiting.integer(0) > 0)
        broken("connected for long enough, every case leaves the outbox: " +
               std::to_string(waiting.integer(0)) + " wait");
    store::Statement open = database.prepare("SELECT count(*) FROM cases WHERE state <> 'Sealed'");
    if (open.step() && open.integer(0) > 0)
        broken("every case is sealed in the end: " + std::to_string(open.integer(0)) + " are not");

    // Nothing readable rests on a disk.
    for (const auto& citizen : _citizens) {
        for (const std::string& marker : {citizen.givenNames, citizen.familyName}) {
            if (_nodeDisk.contains(view(marker)) || _gatewayDisk.contains(view(marker)))
                broken("no name of a citizen stands readable on a disk");
        }
    }
    store::Statement drafts = database.prepare("SELECT count(*) FROM draft");
    if (drafts.step() && drafts.integer(0) > 0)
        broken("no draft outlives its visit");
}

WorldResult World::live()
{
    setUp();
    _portalFaults = {static_cast<unsigned>(randomBelow(_random, 6)),
                     static_cast<unsigned>(randomBelow(_random, 11)),
                     static_cast<unsigned>(randomBelow(_random, 6)), Milliseconds(300)};
    const auto citizens = 2 + randomBelow(_random, 3);
    for (std::uint64_t i = 0; i < citizens; ++i)
        citizenComes();
    mend();
    runFor(std::chrono::minutes(
        15)); // visits end, the terminal comes to itself, what can be resolved is
    for (int i = 0; i < 4; ++i) {
        clerkTidiesUp();
        runFor(std::chrono::minutes(20));
    }
    judge();
    end(_carrier);
    end(_subscriber);
    end(_town);
    end(_gateway);
    return std::move(_result);
}

WorldResult liveWorld(const WorldSettings& settings)
{
    static Papers papers(settings.source);
    World world(settings, papers);
    return world.live();
}

namespace {

constexpr std::array<std::pair<Plant, std::string_view>, 5> plants = {
    {{Plant::None, "none"},
     {Plant::SilenceMeansDeclined, "silence-means-declined"},
     {Plant::IntentAfterSending, "intent-after-sending"},
     {Plant::AcknowledgeBeforeCommit, "acknowledge-before-commit"},
     {Plant::RetryAnnouncesSecondCase, "retry-announces-second-case"}}};

} // namespace

Plant plantFromName(const std::string& text)
{
    for (const auto& [plant, plantName] : plants) {
        if (plantName == text)
            return plant;
    }
    throw Error(ErrorCode::NotFound, "no such plant");
}

std::string_view name(Plant plant)
{
    return plants[static_cast<std::size_t>(plant)].second;
}

} // namespace amt::sim

// SPDX-License-Identifier: EUPL-1.2
//
// The processes of the world: how each is put together, how it dies and comes back.
#include "appliance/core/error.h"
#include "appliance/office/people/people.h"
#include "drivers/eid/eid.h"
#include "drivers/escpos/escpos.h"
#include "drivers/zvt/zvt.h"
#include "sync/outbox/journal.h"
#include "tests/sim/world/plants.h"
#include "tests/sim/world/town.h"

namespace amt::sim {

const std::string clerkName = "Petra Amt";
const std::string clerkWord = "wolkenloser-kassenschrank";

namespace {

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

template <typename Process>
std::optional<int> ownerOf(const std::unique_ptr<Process>& process)
{
    return process ? std::optional(process->owner) : std::nullopt;
}

} // namespace

std::string_view name(Part part)
{
    constexpr std::array<std::string_view, 7> names = {"the node",
                                                       "amt-sync",
                                                       "the broker of the card reader",
                                                       "the broker of the terminal",
                                                       "the broker of the printer",
                                                       "the gateway",
                                                       "the broker of the desk's reader"};
    return names[static_cast<std::size_t>(part)];
}

broker::Driver driverOf(Device device)
{
    switch (device) {
    case Device::Terminal:
        return broker::Driver::Payment;
    case Device::Printer:
        return broker::Driver::Printer;
    case Device::KioskReader:
    case Device::DeskReader:
        break;
    }
    return broker::Driver::Eid;
}

World::World(const WorldSettings& settings, Papers& papers)
    : _settings(settings), _papers(papers), _random(settings.seed),
      _opensslRandom(settings.seed + 1), _feed(_opensslRandom), _loop(dayBegins),
      _signer(std::make_unique<Signer>(papers.card)), _nodeDisk("node-disk", _random),
      _gatewayDisk("gateway-disk", _random), _outside(_loop, newOwner()),
      _card(_random, papers.card, cardProfile("erika"), localDate(dayBegins)),
      _deskCard(_random, papers.card, cardProfile("erika"), localDate(dayBegins)),
      _terminal(_outside, _random), _printer([this](const PrintedPaper&) {
          if (_doomAtPaper)
              _doom = std::exchange(_doomAtPaper, std::nullopt);
      }),
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

World::~World()
{
    end(_carrier);
    end(_subscriber);
    end(_town);
    for (auto& broker : _brokers)
        end(broker);
    end(_gateway);
}

World::GatewayProcess::GatewayProcess(World& world, int number)
    : owner(number), loop(world._loop, number, world._portalClock),
      database(
          world.databaseSettings(world._gatewayDisk, "gateway.db", ProcessEnded::Which::Gateway)),
      books(gateway::makeSqliteBooks(database)),
      service(world.gatewaySettings(), *books, loop, world._random)
{}

World::BrokerProcess::BrokerProcess(World& world, int number, Device device)
    : owner(number), loop(world._loop, number, world._houseClock),
      stream(device == Device::Terminal ? std::make_unique<SimulatedByteStream>(
                                              loop, world._outside, world._random, world._terminal)
                                        : nullptr),
      pipe(device == Device::Printer ? std::make_unique<SimUsbPipe>(world._printer) : nullptr),
      broker(world._loop, loop, world._random, driverOf(device),
             [this, &world, device](broker::Say say) -> std::unique_ptr<broker::Service> {
                 switch (device) {
                 case Device::KioskReader:
                 case Device::DeskReader:
                     return broker::makeIdentityService(
                         eid::makeLoopIdentityReader(loop, world._random,
                                                     findSimulatedCard(device == Device::DeskReader
                                                                           ? world._deskCard
                                                                           : world._card)),
                         std::move(say));
                 case Device::Terminal:
                     return broker::makePaymentService(zvt::makeZvtTerminal({}, *stream, loop),
                                                       std::move(say));
                 case Device::Printer:
                     return broker::makePrinterService(escpos::makeEscposPrinter({}, *pipe, loop),
                                                       std::move(say));
                 }
                 return nullptr;
             })
{}

World::TownProcess::TownProcess(World& world, int number)
    : owner(number), loop(world._loop, number, world._houseClock),
      database(world.databaseSettings(world._nodeDisk, "node.db", ProcessEnded::Which::Node)),
      work(std::make_unique<WorkAtOnce>(loop)), watchers(std::make_unique<NobodyWatches>()),
      reader(world.lineTo(loop, Device::KioskReader), loop),
      payment(planted(
          world._settings.plant,
          std::make_unique<BrokerPaymentTerminal>(world.lineTo(loop, Device::Terminal), loop),
          loop)),
      printer(world.lineTo(loop, Device::Printer), loop),
      deskReader(world.lineTo(loop, Device::DeskReader), loop)
{
    node::migrate(database);
}

World::TownProcess::~TownProcess() = default;

void World::TownProcess::open(World& world)
{
    node::NodeSettings settings;
    settings.municipalityFolder = world._settings.source + "/config/municipality";
    settings.kioskHosts = {"kiosk.example"};
    settings.deskHosts = {"desk.example"};
    settings.secondFactorFor = {}; // clerks of this world have no telephones
    settings.displayToken = Secret(std::string_view("a-display-of-the-world"));
    hall = std::make_unique<node::Node>(
        std::move(settings),
        node::NodeDoors{loop, world._random, database, world._papers.pages, reader, *payment,
                        printer, world._signer.get(), *work, *watchers, nullptr, nullptr,
                        &deskReader, world._signer.get()});
}

World::CarrierProcess::CarrierProcess(World& world, int number)
    : owner(number), loop(world._loop, number, world._houseClock),
      link(planted(world._settings.plant,
                   portal::makeV2Link({"node", "sender-secret"}, world._gatewayLine, loop),
                   world._random)),
      carrier({}, world._nodeLine, *link, loop, world._random)
{}

World::SubscriberProcess::SubscriberProcess(World& world, int number)
    : owner(number), loop(world._loop, number, world._officeClock),
      subscriber(world.subscriberSettings(), world._subscriberLine, loop, world._random,
                 [&world](const gateway::ReceivedCase& received) { world.keep(received); })
{
    next();
}

void World::SubscriberProcess::next()
{
    subscriber.round(
        [this](gateway::RoundResult) { loop.after(std::chrono::seconds(20), [this] { next(); }); });
}

broker::MakeLine World::lineTo(ProcessLoop& loop, Device device)
{
    return [this, &loop, device](broker::Driver driver, broker::LineCallbacks callbacks) {
        return std::make_unique<SimBrokerLine>(_loop, loop, _random, driver, std::move(callbacks),
                                               [this, device] {
                                                   auto& process = brokerOf(device);
                                                   return process ? &process->broker : nullptr;
                                               });
    };
}

store::DatabaseSettings World::databaseSettings(SimDisk& disk, const std::string& path,
                                                ProcessEnded::Which which)
{
    store::DatabaseSettings settings;
    settings.path = path;
    settings.vfs = disk.vfs();
    settings.onDiskError = [which] { throw ProcessEnded{which}; };
    settings.atCommit = [this, which](store::CommitMoment) {
        int& left = _killAtCommit[static_cast<std::size_t>(which)];
        if (left > 0 && --left == 0)
            throw ProcessEnded{which};
    };
    return settings;
}

gateway::GatewaySettings World::gatewaySettings() const
{
    gateway::GatewaySettings settings;
    settings.url = serviceUrl;
    settings.signingKey = _papers.service;
    settings.signingKid = "service-1";
    return settings;
}

gateway::SubscriberSettings World::subscriberSettings() const
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

// --- beginning, death and return

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
    for (const auto device : devices)
        startBroker(device);
    startTown();
    startCarrier();
    startSubscriber();
}

/// A process that may die, or find its disk full, before it is whole.
void World::startProcess(ProcessEnded::Which which, const std::string& name,
                         const std::function<void(int owner)>& start)
{
    const int owner = newOwner();
    try {
        _loop.actAs(owner, [&] { start(owner); });
    } catch (const ProcessEnded& ended) {
        _loop.kill(owner);
        died(ended.which);
    } catch (const Error& failure) {
        _loop.kill(owner);
        if (failure.errorCode() != ErrorCode::StoreFull)
            broken("after its end the " + name + " starts again (" + failure.message() + ")");
        died(which);
    }
}

void World::startGateway()
{
    if (_gateway)
        return;
    _gatewayDisk.powerOn();
    startProcess(ProcessEnded::Which::Gateway, "gateway", [&](int owner) {
        _gateway = std::make_unique<GatewayProcess>(*this, owner);
        _gateway->service.enter(gateway::ClientEntry{
            "node", Secret(std::string_view("sender-secret")), {std::string(gateway::sendScope)}});
        _gateway->service.enter(gateway::ClientEntry{
            "subscriber",
            Secret(std::string_view("subscriber-secret")),
            {std::string(gateway::subscribeScope), std::string(gateway::manageScope)}});
        _gateway->service.enter(_papers.destination);
    });
}

void World::startTown()
{
    if (_town || !_powered)
        return;
    _nodeDisk.powerOn();
    startProcess(ProcessEnded::Which::Node, "node", [&](int owner) {
        _town = std::make_unique<TownProcess>(*this, owner);
        _town->open(*this);
        tell("the node is up");
    });
}

void World::startCarrier()
{
    if (_carrier || !_powered)
        return;
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

void World::startBroker(Device device)
{
    auto& process = brokerOf(device);
    if (process || !_powered)
        return;
    const int owner = newOwner();
    _loop.actAs(owner, [&] { process = std::make_unique<BrokerProcess>(*this, owner, device); });
}

void World::inTheNameOfTheWorld(Milliseconds delay, Task task)
{
    _loop.actAs(0, [&] { _loop.after(delay, std::move(task)); });
}

void World::died(ProcessEnded::Which which)
{
    _killAtCommit[static_cast<std::size_t>(which)] = 0;
    const auto pause = std::chrono::seconds(2 + randomBelow(_random, 40));
    if (which == ProcessEnded::Which::Gateway) {
        tell("the gateway dies");
        _gatewayDisk.halt();
        end(_gateway);
        inTheNameOfTheWorld(pause, [this] { startGateway(); });
        return;
    }
    if (_nodeDisk.isDark())
        return powerGoes();
    tell("the node dies");
    _nodeDisk.halt();
    end(_town);
    inTheNameOfTheWorld(pause, [this] { startTown(); });
}

void World::powerGoes()
{
    if (!std::exchange(_powered, false))
        return;
    tell("the house goes dark");
    _nodeDisk.cutPower();
    _killAtCommit[0] = 0;
    for (auto& process : _brokers)
        end(process);
    end(_carrier);
    end(_town);
    inTheNameOfTheWorld(std::chrono::seconds(2 + randomBelow(_random, 40)), [this] {
        _powered = true;
        for (const auto device : devices)
            startBroker(device);
        startTown();
        startCarrier();
    });
}

void World::kill(Part part)
{
    ++_result.kills;
    const auto pause = std::chrono::seconds(1 + randomBelow(_random, 20));
    const auto broker = [&](Device device) {
        end(brokerOf(device));
        inTheNameOfTheWorld(pause, [this, device] { startBroker(device); });
    };
    if (part != Part::Node && part != Part::Gateway)
        tell(std::string(name(part)) + " dies");
    switch (part) {
    case Part::Node:
        if (_town)
            died(ProcessEnded::Which::Node);
        break;
    case Part::Gateway:
        if (_gateway)
            died(ProcessEnded::Which::Gateway);
        break;
    case Part::Sync:
        end(_carrier);
        inTheNameOfTheWorld(pause, [this] { startCarrier(); });
        break;
    case Part::EidBroker:
        broker(Device::KioskReader);
        break;
    case Part::PaymentBroker:
        broker(Device::Terminal);
        break;
    case Part::PrinterBroker:
        broker(Device::Printer);
        break;
    case Part::DeskBroker:
        broker(Device::DeskReader);
        break;
    }
}

// --- what they are asked

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
        HttpResponse response = _gateway->service.handle(request);
        if (_eventLogLags && request.method == "GET" && request.path.ends_with("/events") &&
            response.status == 200) {
            auto whole = json::parseObject(response.body);
            auto log = json::array(*whole, "eventLog");
            auto shorter = json::makeArray();
            const auto kept = randomBelow(_random, log->size() + 1);
            for (std::size_t i = 0; i < kept; ++i)
                shorter->add(log->get(static_cast<unsigned>(i)));
            whole->set("eventLog", shorter);
            response.body = json::write(*whole);
        }
        respond(std::move(response));
    } catch (const ProcessEnded& ended) {
        died(ended.which);
    }
}

void World::keep(const gateway::ReceivedCase& received)
{
    _inbox.insert_or_assign(received.caseId, received);
    tell("a case arrives at the office");
}

} // namespace amt::sim

// SPDX-License-Identifier: EUPL-1.2
//
// The world's parts in one place: machines and their processes, people, bad luck, laws. Each has a
// file of its own: processes.cpp, people.cpp, luck.cpp, laws.cpp.
#pragma once

#include "appliance/node/node.h"
#include "appliance/store/store.h"
#include "drivers/broker/client.h"
#include "drivers/broker/messages.h"
#include "sync/carrier/carrier.h"
#include "sync/gateway/books.h"
#include "sync/gateway/gateway.h"
#include "sync/gateway/subscriber.h"
#include "sync/portal/portal_link.h"
#include "tests/sim/card/card.h"
#include "tests/sim/printer/sim_printer.h"
#include "tests/sim/printer/sim_usb_pipe.h"
#include "tests/sim/terminal/line.h"
#include "tests/sim/world/browser.h"
#include "tests/sim/world/papers.h"
#include "tests/sim/world/process_loop.h"
#include "tests/sim/world/sim_broker.h"
#include "tests/sim/world/sim_disk.h"
#include "tests/sim/world/sim_line.h"
#include "tests/sim/world/sim_random.h"
#include "tests/sim/world/world.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace amt::sim {

/// Not an exception of the house: it passes all doors, as death does.
struct ProcessEnded {
    enum class Which { Node, Gateway } which;
};

extern const std::string clerkName, clerkWord;

/// What stands in the house, each with a broker of its own.
enum class Device { KioskReader, Terminal, Printer, DeskReader };
constexpr std::array devices = {Device::KioskReader, Device::Terminal, Device::Printer,
                                Device::DeskReader};
broker::Driver driverOf(Device device);

/// What can die alone.
enum class Part { Node, Sync, EidBroker, PaymentBroker, PrinterBroker, Gateway, DeskBroker };
std::string_view name(Part part);

class World {
public:
    World(const WorldSettings& settings, Papers& papers);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    WorldResult live();

private:
    // --- processes (processes.cpp)

    struct GatewayProcess;
    struct TownProcess;
    struct CarrierProcess;
    struct SubscriberProcess;
    struct BrokerProcess;

    int newOwner() { return ++_lastOwner; }
    store::DatabaseSettings databaseSettings(SimDisk& disk, const std::string& path,
                                             ProcessEnded::Which which);
    gateway::GatewaySettings gatewaySettings() const;
    gateway::SubscriberSettings subscriberSettings() const;
    std::unique_ptr<BrokerProcess>& brokerOf(Device device)
    {
        return _brokers[static_cast<std::size_t>(device)];
    }
    broker::MakeLine lineTo(ProcessLoop& loop, Device device);

    void setUp();
    void startProcess(ProcessEnded::Which which, const std::string& name,
                      const std::function<void(int owner)>& start);
    void startGateway();
    void startTown();
    void startCarrier();
    void startSubscriber();
    void startBroker(Device device);
    template <typename Process>
    void end(std::unique_ptr<Process>& process);
    /// A process on a disk ends: killed, or because its disk failed, or because the power is gone.
    void died(ProcessEnded::Which which);
    /// As kill -9.
    void kill(Part part);
    /// All processes of the house end, and its disk loses what was not synced.
    void powerGoes();
    void inTheNameOfTheWorld(Milliseconds delay, Task task);

    void askNode(node::Surface surface, const HttpRequest& request,
                 std::function<void(HttpResponse)> respond);
    void askGateway(HttpRequest request, const std::function<void(HttpResponse)>& respond);
    void keep(const gateway::ReceivedCase& received);

    // --- time goes on (world.cpp)

    /// The next task, or the death that was aimed at the moment before it.
    bool step();
    void runFor(Milliseconds time);
    /// Nothing is open but what waits for the clerk.
    bool isQuiet();
    /// Nothing is open.
    bool isAtRest();
    std::int64_t count(const char* sql);

    // --- people (people.cpp)

    struct Citizen {
        int number = 0;
        std::string givenNames, familyName, plate;
        std::string reference; ///< Aktenzeichen that the screen showed
        /// The payment page stood on the screen: the case is kept, whatever happens.
        bool sawCaseKept = false;
        bool sawPaid = false; ///< the page said so
    };
    Browser browserAt(node::Surface surface, const std::string& origin);
    void citizenComes();
    void readCard(Browser& browser);
    void fillForm(Browser& browser, const Citizen& citizen);
    void pay(Browser& browser, Citizen& citizen);
    void takeReceipt(Browser& browser);
    bool patient(Browser& browser);
    Browser clerkAtTheDesk();
    std::vector<std::string> rowsOf(const char* sql, const std::string& parameter);
    void clerkTidiesUp();
    /// The citizen of a case stands at the desk with a card, which now and then is somebody else's.
    void clerkComparesCard();
    void compareCard(Browser& desk, const std::string& caseId, const Citizen& citizen);
    /// Something happens to the card at one of the commands of a read.
    void harm(SimulatedCard& card);

    // --- bad luck (luck.cpp)

    enum class Journey { Card, Submit, Pay, Receipt, DeskCard };
    /// Something happens now or soon, perhaps.
    void badLuck();
    /// Somebody dies at one of the moments of this journey, perhaps: before the nth task of those
    /// who take part in it, that is between any two messages and timers, or at the nth commit, or
    /// at the nth write or sync.
    void aim(Journey journey);
    void fault(unsigned number);
    /// About right, as clocks are.
    void setClocks();
    void mend();
    void repairLater(Milliseconds most, const std::string& words, Task repair);

    struct Doom {
        std::uint64_t moments = 0; ///< left
        std::optional<Part> part;  ///< nothing: the power goes
    };
    /// Tasks of the house, of the terminal and of the lines between them in a payment, about; and
    /// in a card read or a submission.
    static constexpr std::uint64_t paymentMoments = 120, otherMoments = 120;
    bool isMoment(int owner) const;
    void strike(const Doom& doom);

    // --- laws (laws.cpp)

    void judge();
    void judgeMoney(store::Database& database);
    void judgeCases(store::Database& database);
    void judgeReceipts(store::Database& database);
    void judgeDeskCards(store::Database& database);
    void judgeTraces();
    void broken(const std::string& sentence) { _result.broken.push_back(sentence); }
    void tell(const std::string& line);

    WorldSettings _settings;
    Papers& _papers;
    SimRandom _random;
    /// A stream of its own: how much OpenSSL draws depends on what a key has blinded before, and
    /// must not change the story.
    SimRandom _opensslRandom;
    FeedOpenSsl _feed;
    SimLoop _loop;
    int _lastOwner = 0;
    /// Wall clocks, against the world's: of the house, the portal, and the office behind it.
    Milliseconds _houseClock{0}, _portalClock{0}, _officeClock{0};
    Milliseconds _aheadMost{0}; ///< that a clock which signs has been, of the true time
    std::unique_ptr<node::TerminalSigner> _signer;
    SimDisk _nodeDisk, _gatewayDisk;
    ProcessLoop _outside; ///< the terminal's own power supply
    SimulatedCard _card, _deskCard;
    SimulatedTerminal _terminal;
    TerminalBehaviour _terminalModel; ///< how this town's terminal is made
    SimPrinter _printer;
    LineFaults _portalFaults, _houseFaults;
    SimLine _gatewayLine, _subscriberLine, _nodeLine;
    std::array<int, 2> _killAtCommit{0, 0};
    bool _eventLogLags = false; ///< the portal answers from a copy that is behind
    bool _powered = true;

    std::unique_ptr<GatewayProcess> _gateway;
    std::array<std::unique_ptr<BrokerProcess>, devices.size()> _brokers;
    std::unique_ptr<TownProcess> _town;
    std::unique_ptr<CarrierProcess> _carrier;
    std::unique_ptr<SubscriberProcess> _subscriber;

    bool _calm = false; ///< no new bad luck
    std::optional<Doom> _doom;
    std::optional<Doom> _doomAtPaper; ///< begins when the next paper is cut
    std::vector<Citizen> _citizens;
    std::vector<std::string> _strangers; ///< family names of cards that were not the case's
    /// Aktenzeichen of the cases whose own citizen's card lay at the desk
    std::set<std::string> _rightCards;
    /// By case id: the specialist procedure's folder.
    std::map<std::string, gateway::ReceivedCase> _inbox;
    WorldResult _result;
};

struct World::GatewayProcess {
    GatewayProcess(World& world, int number);
    int owner;
    ProcessLoop loop;
    store::Database database;
    std::unique_ptr<gateway::Books> books;
    gateway::Gateway service;
};

struct World::BrokerProcess {
    BrokerProcess(World& world, int number, Device device);
    int owner;
    ProcessLoop loop;
    std::unique_ptr<SimulatedByteStream> stream; ///< of the payment broker
    std::unique_ptr<SimUsbPipe> pipe;            ///< of the printer broker
    SimBroker broker;
};

struct World::TownProcess {
    TownProcess(World& world, int number);
    ~TownProcess();
    void open(World& world);

    int owner;
    ProcessLoop loop;
    store::Database database;
    std::unique_ptr<node::LongWork> work;
    std::unique_ptr<node::LivePages> watchers;
    BrokerIdentityReader reader;
    std::unique_ptr<PaymentTerminal> payment;
    BrokerReceiptPrinter printer;
    BrokerIdentityReader deskReader;
    std::unique_ptr<node::Node> hall;
};

struct World::CarrierProcess {
    CarrierProcess(World& world, int number);
    int owner;
    ProcessLoop loop;
    std::unique_ptr<portal::PortalLink> link;
    carrier::Carrier carrier;
};

struct World::SubscriberProcess {
    SubscriberProcess(World& world, int number);
    void next();
    int owner;
    ProcessLoop loop;
    gateway::Subscriber subscriber;
};

template <typename Process>
void World::end(std::unique_ptr<Process>& process)
{
    if (!process)
        return;
    _loop.kill(process->owner);
    const auto dead = std::move(process); // gone for everybody before its parts go
}

} // namespace amt::sim

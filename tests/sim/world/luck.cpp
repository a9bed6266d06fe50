// SPDX-License-Identifier: EUPL-1.2
//
// Bad luck: what may go wrong at any time, deaths that are aimed at the gaps of a journey, and the
// end of all that.
#include "tests/sim/world/town.h"

namespace amt::sim {

namespace {

/// Faults that badLuck() chooses from.
enum class Fault : unsigned {
    NodePower,
    NodeKilledAtCommit,
    NodeDiskFull,
    NodeSyncFails,
    GatewayPower,
    GatewayKilledAtCommit,
    GatewayDiskFull,
    GatewaySyncFails,
    CarrierKilled,
    BrokerKilled,
    PortalLineCut,
    PortalLineBad,
    EventLogLags,
    TerminalMood,
    TerminalLine,
    PaperEnds,
    ClockSet,
};
constexpr unsigned faults = static_cast<unsigned>(Fault::ClockSet) + 1;

constexpr std::array brokerParts = {Part::EidBroker, Part::PaymentBroker, Part::PrinterBroker,
                                    Part::DeskBroker};

} // namespace

void World::badLuck()
{
    if (_calm || !_random.chance(30))
        return;
    fault(static_cast<unsigned>(randomBelow(_random, faults)));
}

void World::repairLater(Milliseconds most, const std::string& words, Task repair)
{
    const Milliseconds after(1 + randomBelow(_random, static_cast<std::uint64_t>(most.count())));
    inTheNameOfTheWorld(after, [this, words, repair = std::move(repair)] {
        tell(words);
        repair();
    });
}

void World::fault(unsigned number)
{
    switch (static_cast<Fault>(number)) {
    case Fault::NodePower:
        tell("the house's power will go soon");
        _nodeDisk.cutPowerAt(1 + randomBelow(_random, 60));
        ++_result.powerCuts;
        break;
    case Fault::NodeKilledAtCommit:
        tell("the node will be killed at a commit");
        _killAtCommit[0] = 1 + static_cast<int>(randomBelow(_random, 8));
        ++_result.kills;
        break;
    case Fault::NodeDiskFull:
        tell("the node's disk is full");
        _nodeDisk.setFull(true);
        ++_result.diskFaults;
        repairLater(std::chrono::minutes(4), "the node's disk has room again",
                    [this] { _nodeDisk.setFull(false); });
        break;
    case Fault::NodeSyncFails:
        tell("a sync of the node's disk will fail");
        _nodeDisk.failSyncAt(1 + randomBelow(_random, 12));
        ++_result.diskFaults;
        break;
    case Fault::GatewayPower:
        tell("the gateway's power will go soon");
        _gatewayDisk.cutPowerAt(1 + randomBelow(_random, 40));
        ++_result.powerCuts;
        break;
    case Fault::GatewayKilledAtCommit:
        tell("the gateway will be killed at a commit");
        _killAtCommit[1] = 1 + static_cast<int>(randomBelow(_random, 5));
        ++_result.kills;
        break;
    case Fault::GatewayDiskFull:
        tell("the gateway's disk is full");
        _gatewayDisk.setFull(true);
        ++_result.diskFaults;
        repairLater(std::chrono::minutes(4), "the gateway's disk has room again",
                    [this] { _gatewayDisk.setFull(false); });
        break;
    case Fault::GatewaySyncFails:
        tell("a sync of the gateway's disk will fail");
        _gatewayDisk.failSyncAt(1 + randomBelow(_random, 8));
        ++_result.diskFaults;
        break;
    case Fault::CarrierKilled:
        kill(Part::Sync);
        break;
    case Fault::BrokerKilled:
        kill(brokerParts[randomBelow(_random, brokerParts.size())]);
        break;
    case Fault::PortalLineCut: {
        const bool cut = !_gatewayLine.isCut();
        tell(cut ? "the line to the portal is cut" : "the line to the portal is back");
        _gatewayLine.cut(cut);
        break;
    }
    case Fault::PortalLineBad:
        _portalFaults = {10, 20, 10, 10, Milliseconds(2000)};
        tell("the line to the portal is bad");
        break;
    case Fault::EventLogLags:
        _eventLogLags = true;
        tell("the portal's event log is shorter than it was");
        repairLater(std::chrono::minutes(6), "the portal's event log is whole",
                    [this] { _eventLogLags = false; });
        break;
    case Fault::TerminalMood: {
        TerminalBehaviour behaviour = _terminalModel;
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
        behaviour.repeatsInformation = _random.chance(20);
        _terminal.setBehaviour(behaviour);
        tell("the terminal is in a mood");
        break;
    }
    case Fault::TerminalLine:
        if (const auto& process = brokerOf(Device::Terminal)) {
            TerminalLineFault fault;
            fault.direction = _random.chance(50) ? TerminalLineFault::Direction::ToTerminal
                                                 : TerminalLineFault::Direction::ToTill;
            constexpr std::array kinds = {TerminalLineFault::Kind::CutBefore,
                                          TerminalLineFault::Kind::CutAfter,
                                          TerminalLineFault::Kind::Deaf};
            fault.kind = kinds[randomBelow(_random, kinds.size())];
            fault.message = static_cast<int>(randomBelow(_random, 8));
            process->stream->setFault(fault);
            tell("the terminal's line will fail at message " + std::to_string(fault.message));
        }
        break;
    case Fault::PaperEnds:
        _printer.setPaperLeft(static_cast<int>(randomBelow(_random, 1600)));
        tell("the paper will end soon");
        ++_result.paperEnds;
        repairLater(std::chrono::minutes(5), "somebody puts in paper",
                    [this] { _printer.setPaper(true); });
        break;
    case Fault::ClockSet: {
        constexpr std::array<std::string_view, 3> whose = {"house", "portal", "office"};
        Milliseconds* const clocks[] = {&_houseClock, &_portalClock, &_officeClock};
        const auto which = randomBelow(_random, whose.size());
        *clocks[which] +=
            Milliseconds(1000) * (static_cast<long>(randomBelow(_random, 7200)) - 3600);
        _aheadMost = std::max({_aheadMost, _portalClock, _officeClock});
        tell("somebody sets the clock of the " + std::string(whose[which]));
        break;
    }
    }
}

// --- deaths at the gaps of a journey

void World::aim(Journey journey)
{
    if (_calm || _doom || !_random.chance(45))
        return;
    // Of those who take part, the one that dies; the node and the power most of all.
    std::optional<Part> part;
    const auto die = randomBelow(_random, 5);
    if (die < 2)
        part = Part::Node;
    else if (die < 4)
        part.reset();
    else if (journey == Journey::Card)
        part = Part::EidBroker;
    else if (journey == Journey::DeskCard)
        part = Part::DeskBroker;
    else if (journey == Journey::Pay)
        part = Part::PaymentBroker;
    else if (journey == Journey::Receipt)
        part = Part::PrinterBroker;
    else
        part = Part::Sync;
    const std::string who = part ? std::string(name(*part)) : "the power";
    part ? ++_result.kills : ++_result.powerCuts;

    if (part == Part::Node && _random.chance(30)) {
        _killAtCommit[0] = 1 + static_cast<int>(randomBelow(_random, 6));
        tell("death is aimed at " + who + ", commit " + std::to_string(_killAtCommit[0]));
        return;
    }
    if (!part && _random.chance(30)) {
        const auto operation = 1 + randomBelow(_random, 30);
        _nodeDisk.cutPowerAt(operation);
        tell("death is aimed at " + who + ", operation " + std::to_string(operation));
        return;
    }
    if (journey == Journey::Receipt) {
        _doomAtPaper = Doom{1 + randomBelow(_random, 6), part};
        tell("death is aimed at " + who + ", when a receipt is cut");
        return;
    }
    _doom = Doom{1 + randomBelow(_random, journey == Journey::Pay ? paymentMoments : otherMoments),
                 part};
    tell("death is aimed at " + who + ", moment " + std::to_string(_doom->moments));
}

bool World::isMoment(int owner) const
{
    const auto is = [&](const auto& process) { return process && process->owner == owner; };
    return owner == _outside.owner() || owner == SimLoop::kernel || is(_town) ||
           std::any_of(_brokers.begin(), _brokers.end(), is);
}

void World::strike(const Doom& doom)
{
    if (doom.part)
        return kill(*doom.part);
    if (_powered)
        powerGoes();
}

void World::setClocks()
{
    for (Milliseconds* clock : {&_houseClock, &_portalClock, &_officeClock})
        *clock = Milliseconds(static_cast<long>(randomBelow(_random, 240'000)) - 120'000);
}

void World::mend()
{
    _calm = true;
    _doom.reset();
    _doomAtPaper.reset();
    _killAtCommit = {0, 0};
    _nodeDisk.calm();
    _gatewayDisk.calm();
    _gatewayLine.cut(false);
    _portalFaults = {};
    _eventLogLags = false;
    setClocks();
    _terminal.setBehaviour(_terminalModel);
    if (const auto& process = brokerOf(Device::Terminal))
        process->stream->setFault(std::nullopt);
    _printer.setPaper(true);
    tell("everything is mended");
}

} // namespace amt::sim

// SPDX-License-Identifier: EUPL-1.2
//
// Five emulations and their switches.
#include "tests/sim/devices/devices.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/local_date.h"
#include "appliance/core/log.h"
#include "tests/sim/card/card.h"
#include "tests/sim/card/vpcd.h"
#include "tests/sim/printer/socket_server.h"
#include "tests/sim/scanner/sim_scanner.h"
#include "tests/sim/terminal/tcp_server.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace amt::sim {
namespace {

struct Description {
    std::string kind, detail;
    std::vector<std::string> acts;
};

/// One of the emulations, as the control line sees it.
class Switch {
public:
    virtual ~Switch() = default;
    virtual Description describe() = 0;
    /// One of the acts described.
    virtual void act(const std::string& act) = 0;
    /// What really happened to money; null where none is taken.
    virtual json::ArrayPtr charges() const { return nullptr; }
    /// A code before the glass. False where there is none, or nobody hears it.
    virtual bool scan(const std::string&) { return false; }
};

/// A reader with its card: the kiosk's, or the desk's, where cards of several kinds can be laid.
class CardSwitch : public Switch {
public:
    struct Place {
        std::string kind;
        std::filesystem::path pki;
        std::uint16_t vpcdPort = 0;
        std::map<std::string, CardProfile> otherCards; ///< by the act that lays them
    };

    CardSwitch(Place place, EventLoop& loop, RandomSource& random)
        : _place(std::move(place)), _loop(loop),
          _card(random, cardPkiIn(_place.pki, random, loop.utcNow()), cardProfile("erika"),
                localDate(loop.utcNow())),
          _vpcd(_card, loop, _place.vpcdPort)
    {
        _card.lay();
        _thread = std::thread([this] { _vpcd.serve(_stop); });
    }
    ~CardSwitch() override
    {
        _stop = true;
        _thread.join();
    }

    Description describe() override
    {
        const bool laid = _vpcd.with([](SimulatedCard& card) { return card.isPresent(); });
        Description description{.kind = _place.kind,
                                .detail = laid ? "devices.cardLaid" : "devices.cardAway",
                                .acts = {laid ? "pull" : "lay"}};
        if (!laid) {
            for (const auto& [act, profile] : _place.otherCards)
                description.acts.push_back(act);
        }
        return description;
    }

    void act(const std::string& act) override
    {
        const auto today = localDate(_loop.utcNow());
        _vpcd.with([&](SimulatedCard& card) {
            if (act == "pull")
                return card.pull();
            const auto other = _place.otherCards.find(act);
            // A card that wants its CAN or PUK is of no more use here: another one is laid.
            if (other != _place.otherCards.end())
                card.become(other->second);
            else if (card.memory().triesLeft <= 1 || act != _laidBy)
                card.become(cardProfile("erika"));
            _laidBy = act;
            card.setToday(today);
            card.lay();
        });
    }

private:
    Place _place;
    EventLoop& _loop;
    std::string _laidBy = "lay"; ///< the last act that laid a card
    SimulatedCard _card;
    VpcdLink _vpcd;
    std::atomic<bool> _stop{false};
    std::thread _thread;
};

class TerminalSwitch : public Switch {
public:
    TerminalSwitch(const DevicesSettings& settings, EventLoop& loop, RandomSource& random)
        : _terminal(loop, random), _server(loop, _terminal, settings.terminalPort)
    {
        _terminal.setBehaviour(behaviourOf(_mode));
    }

    Description describe() override
    {
        for (const auto& [mode, act, detail] : modes) {
            if (mode == _mode)
                return {.kind = "terminal", .detail = detail, .acts = otherActs()};
        }
        AMT_ASSERT(false);
    }

    void act(const std::string& wanted) override
    {
        for (const auto& [mode, act, detail] : modes) {
            if (act == wanted)
                _mode = mode;
        }
        _terminal.setBehaviour(behaviourOf(_mode));
    }

    json::ArrayPtr charges() const override
    {
        auto charges = json::makeArray();
        for (const auto& charge : _terminal.ledger()) {
            auto entry = json::makeObject();
            entry->set("receipt", charge.receipt);
            entry->set("trace", charge.trace);
            entry->set("cents", charge.amount.inCents());
            entry->set("reversed", charge.reversed);
            charges->add(entry);
        }
        return charges;
    }

private:
    struct Mode {
        TerminalMode mode;
        const char* act;
        const char* detail;
    };
    static constexpr Mode modes[] = {{TerminalMode::Approve, "approve", "devices.terminalApproves"},
                                     {TerminalMode::Decline, "decline", "devices.terminalDeclines"},
                                     {TerminalMode::Silent, "silent", "devices.terminalSilent"}};

    std::vector<std::string> otherActs() const
    {
        std::vector<std::string> acts;
        for (const auto& [mode, act, detail] : modes) {
            if (mode != _mode)
                acts.emplace_back(act);
        }
        return acts;
    }

    SimulatedTerminal _terminal;
    TerminalServer _server;
    TerminalMode _mode = TerminalMode::Approve;
};

/// What the last printed QR code holds: written by the printer's thread.
class LastCode {
public:
    void note(const PrintedPaper& paper)
    {
        const std::lock_guard lock(_mutex);
        for (const auto& item : paper.items) {
            if (item.qrContent)
                _code = *item.qrContent;
        }
    }
    std::string code() const
    {
        const std::lock_guard lock(_mutex);
        return _code;
    }

private:
    mutable std::mutex _mutex;
    std::string _code;
};

class PrinterSwitch : public Switch {
public:
    PrinterSwitch(const DevicesSettings& settings, LastCode& lastCode)
        : _tray(settings.state + "/printer"),
          _printer([this, &lastCode](const PrintedPaper& paper) {
              lastCode.note(paper);
              _tray.lay(paper);
          }),
          _server(_printer, settings.printerSocket)
    {}

    Description describe() override
    {
        const bool paper = _server.with([](SimPrinter& printer) { return printer.hasPaper(); });
        return {.kind = "printer",
                .detail = paper ? "devices.ready" : "devices.paperOut",
                .acts = {paper ? "paper-end" : "paper-new"}};
    }

    void act(const std::string& act) override
    {
        _server.with([&](SimPrinter& printer) { printer.setPaper(act == "paper-new"); });
    }

private:
    Tray _tray;
    SimPrinter _printer;
    PrinterServer _server;
};

class ScannerSwitch : public Switch {
public:
    ScannerSwitch(const DevicesSettings& settings, const LastCode& lastCode)
        : _path(settings.scannerSocket), _lastCode(lastCode), _scanner(std::in_place, _path)
    {}

    Description describe() override
    {
        if (!_scanner)
            return {.kind = "scanner", .detail = "devices.missing", .acts = {"plug"}};
        Description description{.kind = "scanner", .detail = "devices.ready", .acts = {}};
        if (!_lastCode.code().empty())
            description.acts.push_back("scan-last");
        description.acts.push_back("scan-strange");
        description.acts.push_back("unplug");
        return description;
    }

    void act(const std::string& act) override
    {
        if (act == "plug")
            _scanner.emplace(_path);
        else if (act == "unplug")
            _scanner.reset();
        else
            _scanner->type(typed(act == "scan-last" ? _lastCode.code() : strangeCode));
    }

    bool scan(const std::string& code) override
    {
        if (!_scanner || !_scanner->isHeld())
            return false;
        _scanner->type(typed(code));
        return true;
    }

private:
    static constexpr auto strangeCode = "HTTPS://EXAMPLE.ORG/?Q=4711";

    std::string _path;
    const LastCode& _lastCode;
    std::optional<ScannerServer> _scanner;
};

std::string refused(const char* why)
{
    auto answer = json::makeObject();
    answer->set("error", why);
    return json::write(*answer);
}

} // namespace

std::filesystem::path deskPki(const std::filesystem::path& state)
{
    return state / "desk";
}

class Devices::Impl {
public:
    Impl(const DevicesSettings& settings, EventLoop& loop, RandomSource& random)
    {
        for (const auto& kind : settings.only) {
            if (kind == "card")
                _switches.push_back(std::make_unique<CardSwitch>(
                    CardSwitch::Place{kind, settings.state, settings.vpcdPort, {}}, loop, random));
            else if (kind == "desk-card")
                _switches.push_back(std::make_unique<CardSwitch>(
                    CardSwitch::Place{kind,
                                      deskPki(settings.state),
                                      settings.deskVpcdPort,
                                      {{"lay-blocked", cardProfile("pin-blocked")},
                                       {"lay-expired", cardProfile("expired")},
                                       {"lay-forged", cardProfile("altered")},
                                       {"lay-other", cardOf("BEATE", "MÜLLER", "19911103")}}},
                    loop, random));
            else if (kind == "terminal")
                _switches.push_back(std::make_unique<TerminalSwitch>(settings, loop, random));
            else if (kind == "printer")
                _switches.push_back(std::make_unique<PrinterSwitch>(settings, _lastCode));
            else if (kind == "scanner")
                _switches.push_back(std::make_unique<ScannerSwitch>(settings, _lastCode));
            else
                throw Error(ErrorCode::ConfigurationInvalid, "no such emulation: " + kind);
            log::warning("device.emulated", {{"kind", kind}});
        }
    }

    std::string obey(const std::string& line)
    {
        if (line == "devices")
            return list();
        if (line == "charges")
            return charges();
        if (line.starts_with(scanCommand))
            return scan(line.substr(scanCommand.size()));
        for (const auto& candidate : _switches) {
            const auto description = candidate->describe();
            for (const auto& act : description.acts) {
                if (line != "act " + description.kind + " " + act)
                    continue;
                candidate->act(act);
                log::info("device.act", {{"kind", description.kind}, {"act", act}});
                return list();
            }
        }
        return refused("no such command, or not now");
    }

private:
    static constexpr std::string_view scanCommand = "scan ";

    std::string scan(const std::string& code)
    {
        for (const auto& one : _switches) {
            if (one->scan(code))
                return list();
        }
        return refused("nobody hears a scanner");
    }

    std::string charges()
    {
        auto answer = json::makeObject();
        answer->set("charges", json::makeArray());
        for (const auto& one : _switches)
            if (const auto taken = one->charges())
                answer->set("charges", taken);
        return json::write(*answer);
    }

    std::string list()
    {
        auto devices = json::makeArray();
        for (const auto& one : _switches) {
            const auto description = one->describe();
            auto acts = json::makeArray();
            for (const auto& act : description.acts)
                acts->add(act);
            auto device = json::makeObject();
            device->set("kind", description.kind);
            device->set("detail", description.detail);
            device->set("acts", acts);
            devices->add(device);
        }
        auto answer = json::makeObject();
        answer->set("devices", devices);
        return json::write(*answer);
    }

    LastCode _lastCode; ///< from the printer to the scanner
    std::vector<std::unique_ptr<Switch>> _switches;
};

Devices::Devices(const DevicesSettings& settings, EventLoop& loop, RandomSource& random)
    : _impl(std::make_unique<Impl>(settings, loop, random))
{}

Devices::~Devices() = default;

std::string Devices::obey(const std::string& line)
{
    return _impl->obey(line);
}

} // namespace amt::sim

// SPDX-License-Identifier: EUPL-1.2
//
// A town hall for tests: the real node, pages and database; scripted devices; a browser that keeps
// cookies and form keys.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/json.h"
#include "appliance/node/node.h"
#include "appliance/store/store.h"
#include "kiosk/page/page.h"
#include "sync/outbox/destinations.h"

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace amt::test {

/// A loop that a test turns by hand; its clock stands still otherwise.
class HandLoop : public EventLoop {
public:
    UtcTime utcNow() const override { return _start + _sinceBoot; }
    Milliseconds sinceBoot() const override { return _sinceBoot; }
    void post(Task task) override { _tasks.push_back(std::move(task)); }
    TimerId after(Milliseconds delay, Task task) override;
    void cancel(TimerId timer) override;

    /// Runs what is due now.
    void run();
    /// Moves the clock, with every timer on the way at its own time.
    void advance(Milliseconds time);

private:
    struct Timer {
        TimerId id;
        Task task;
    };
    UtcTime _start = fromIso("2026-11-21T09:41:00Z");
    Milliseconds _sinceBoot{1000};
    TimerId _lastTimer = 0;
    std::deque<Task> _tasks;
    std::multimap<Milliseconds, Timer> _timers;
};

class SeededRandom : public RandomSource {
public:
    void fill(std::span<std::uint8_t> bytes) override
    {
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(_engine());
    }

private:
    std::mt19937_64 _engine{20261121};
};

class ScriptedReader : public IdentityReader {
public:
    void read(IdentityRequest request, Milliseconds, Callbacks callbacks) override
    {
        if (request.purpose == IdentityPurpose::LookAtReader)
            return callbacks.done(ReaderReady{hasKeypad});
        ++reads;
        lastRequest = std::move(request);
        running = std::move(callbacks);
    }
    void cancel() override { ++cancels; }
    /// Ends the running read.
    void finish(const IdentityOutcome& outcome)
    {
        auto callbacks = *std::move(running);
        running.reset();
        callbacks.done(outcome);
    }

    int reads = 0, cancels = 0;
    bool hasKeypad = false;
    IdentityRequest lastRequest;
    std::optional<Callbacks> running;
};

class ScriptedTerminal : public PaymentTerminal {
public:
    void authorise(PaymentOrder order, Callbacks callbacks) override
    {
        ++authorisations;
        lastOrder = std::move(order);
        running = std::move(callbacks);
    }
    void abort() override { ++aborts; }
    void resolve(PaymentOrder order, Callbacks callbacks) override
    {
        ++questions;
        lastOrder = std::move(order);
        running = std::move(callbacks);
    }
    /// The evidence of an order that the terminal works on; the record when it was charged or
    /// declined.
    void evidence(PaymentEvidence evidence, std::optional<TerminalRecord> record = {})
    {
        bool committed = false;
        running->evidence(evidence, std::move(record), [&] { committed = true; });
        if (committed)
            ++commits;
    }
    void finish(const PaymentOutcome& outcome)
    {
        auto callbacks = *std::move(running);
        running.reset();
        callbacks.done(outcome);
    }
    TerminalRecord recordOf(int result) const;
    void approve();
    void decline(int result);
    void fallSilent();

    int authorisations = 0, questions = 0, aborts = 0, commits = 0;
    int receipt = 41;
    PaymentOrder lastOrder;
    std::optional<Callbacks> running;
};

class ScriptedPrinter : public ReceiptPrinter {
public:
    void print(PrintJob job, std::function<void(PrintOutcome)> done) override
    {
        jobs.push_back(std::move(job));
        _done = std::move(done);
    }
    void state(std::function<void(PrinterState)> done) override { done({.present = true}); }
    bool isPrinting() const { return static_cast<bool>(_done); }
    void finish(const PrintOutcome& outcome)
    {
        const auto done = std::exchange(_done, nullptr);
        done(outcome);
    }
    /// Everything on one job, line by line.
    static std::string textOf(const PrintJob& job);

    std::vector<PrintJob> jobs;

private:
    std::function<void(PrintOutcome)> _done;
};

class ScriptedSpeaker : public Speaker {
public:
    void speak(Utterance utterance, std::function<void(SpeechOutcome)> done) override
    {
        said.push_back(utterance.language + ": " + utterance.text);
        waiting.push_back(std::move(done));
    }
    void finish(const SpeechOutcome& outcome)
    {
        for (const auto& done : std::exchange(waiting, {}))
            done(outcome);
    }

    std::vector<std::string> said;
    std::vector<std::function<void(SpeechOutcome)>> waiting;
};

class ScriptedScanner : public CodeScanner {
public:
    void scan(Callbacks callbacks) override
    {
        ++scans;
        running = std::move(callbacks);
    }
    void cancel() override
    {
        ++cancels;
        if (running)
            finish(ScanCancelled{});
    }
    /// Ends the running scan.
    void finish(const ScanOutcome& outcome)
    {
        const auto callbacks = *std::exchange(running, std::nullopt);
        callbacks.done(outcome);
    }

    int scans = 0, cancels = 0;
    std::optional<Callbacks> running;
};

class ScriptedSigner : public node::TerminalSigner {
public:
    Bytes sign(ByteView toBeSigned) override
    {
        ++signatures;
        return Bytes(toBeSigned.begin(), toBeSigned.end());
    }
    TerminalCertificates certificates() const override { return {}; }
    std::optional<node::ShownCertificate> shown() const override { return toBeShown; }
    int signatures = 0;
    std::optional<node::ShownCertificate> toBeShown;
};

class AtOnce : public node::LongWork {
public:
    explicit AtOnce(EventLoop& loop) : _loop(loop) {}
    void run(std::function<void()> work, Task then) override
    {
        work();
        _loop.post(std::move(then));
    }

private:
    EventLoop& _loop;
};

class HeardPages : public node::LivePages {
public:
    void publish(const std::string& topic, const std::string& data) override
    {
        newest[topic] = data;
    }
    void close(const std::string& topic) override { newest.erase(topic); }
    std::map<std::string, std::string> newest;
};

/// The real renderer, read once.
const page::Renderer& pages();

class Town {
public:
    enum class Enrolled { Yes, No };
    explicit Town(Enrolled enrolled = Enrolled::Yes);
    explicit Town(const outbox::Enrolment& enrolment);
    ~Town();

    /// The process ends without a word and starts again on the same disk. Devices forget what they
    /// were asked.
    void restart();
    /// The process ends; `between` works on the files before it starts again.
    void restart(const std::function<void(const std::filesystem::path& database)>& between);
    /// Second medium, from the next start on.
    std::filesystem::path backupFolder;
    std::filesystem::path blockListFolder; ///< likewise
    std::string portalCalendar;            ///< likewise
    std::string identityProvider;          ///< likewise
    std::string paymentPlan;               ///< payment.json of the town, likewise; empty: none
    std::function<void(json::Object&)> otherService; ///< changes its service's file, likewise
    /// What is set up at the desk, from the next start on.
    bool hasDeskReader = true, hasDeskCertificate = true;
    IdentityReader* otherDeskReader = nullptr; ///< instead of the scripted one, likewise
    node::TerminalSigner* otherDeskSigner = nullptr;
    node::Node& node() { return *_node; }
    store::Database& database() { return *_database; }
    HttpResponse handle(node::Surface surface, const HttpRequest& request);
    /// Where the answer waits for a device.
    void handle(node::Surface surface, const HttpRequest& request, node::Node::Respond respond)
    {
        _node->handle(surface, request, std::move(respond));
    }
    std::string setupCode;

    HandLoop loop;
    SeededRandom random;
    ScriptedReader reader, deskReader;
    ScriptedTerminal terminal;
    ScriptedPrinter printer;
    ScriptedSpeaker speaker;
    ScriptedScanner scanner;
    bool hasScanner = false; ///< from the next start on
    ScriptedSigner signer, deskSigner;
    HeardPages livePages;
    AtOnce longWork{loop};
    office::Roles secondFactorFor;        ///< from the next start on
    node::Emulation* emulation = nullptr; ///< from the next start on

    std::int64_t count(const std::string& sql);
    std::string text(const std::string& sql);

private:
    std::filesystem::path _folder;
    std::unique_ptr<store::Database> _database;
    std::unique_ptr<node::Node> _node;
    void begin(const outbox::Enrolment* enrolment);
    void open();
};

class Browser {
public:
    Browser(Town& town, node::Surface surface) : _town(town), _surface(surface) {}

    /// Follows redirects to the page they end at.
    const HttpResponse& get(const std::string& path);
    /// Fills the form of the page on the screen, with its key, and follows the redirect.
    const HttpResponse& post(const std::string& path,
                             std::map<std::string, std::string> fields = {});
    /// One request as it is, without following.
    HttpResponse send(const std::string& method, const std::string& target,
                      const std::map<std::string, std::string>& fields = {});
    HttpResponse send(HttpRequest request);
    HttpRequest request(const std::string& method, const std::string& target,
                        const std::map<std::string, std::string>& fields = {}) const;

    /// Key of the page on the screen.
    std::string formKey() const;
    bool shows(const std::string& text) const { return page.body.find(text) != std::string::npos; }

    HttpResponse page;    ///< on the screen
    std::string location; ///< its address
    std::map<std::string, std::string> cookies;

private:
    void keepCookies(const HttpResponse& response);
    const HttpResponse& follow(HttpResponse response, const std::string& target);

    Town& _town;
    node::Surface _surface;
};

/// Ada from the card's data groups.
IdentityData adasCard();

} // namespace amt::test

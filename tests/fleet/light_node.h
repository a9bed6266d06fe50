// SPDX-License-Identifier: EUPL-1.2
//
// A node of which only the end of sync/carrier/PROTOCOL.md is there, in memory, behind the real
// carrier and the real v2 adapter; and the register of all that the nodes of a region were told.
#pragma once

#include "sync/carrier/carrier.h"
#include "sync/envelope/envelope.h"
#include "tests/fleet/lines.h"

#include <array>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace amt::fleet {

/// What the world was told about one envelope, for the judgement at the end.
struct Told {
    int node = 0;
    std::string submissionId; ///< journaled by the node
    Milliseconds sealed{0};
    Milliseconds stored{-1};   ///< the service's signed word was verified
    Milliseconds accepted{-1}; ///< the destination's
};

/// Of the whole region, by envelope. On the loop only.
class Register {
public:
    void sealed(const std::string& envelope, int node, Milliseconds now);
    void stored(const std::string& envelope, const std::string& submission, Milliseconds now);
    void accepted(const std::string& envelope, Milliseconds now);
    /// Something that must never be; kept for the report.
    void wrong(const std::string& what);

    const std::map<std::string, Told>& all() const { return _all; }
    std::size_t open() const { return _all.size() - _accepted; }
    std::size_t storedCount() const { return _stored; }
    std::size_t acceptedCount() const { return _accepted; }
    const std::vector<std::string>& wrongs() const { return _wrongs; }
    /// Longest time without an envelope becoming stored since the last call, as seen at `now`.
    Milliseconds longestPause(Milliseconds now);

private:
    std::map<std::string, Told> _all;
    std::size_t _stored = 0, _accepted = 0;
    Milliseconds _lastStored{0}, _pause{0};
    std::vector<std::string> _wrongs;
};

class LightNode {
public:
    struct Settings {
        int number = 0;
        int town = 0;
        carrier::CarrierSettings carrier;
    };
    /// `clock`: the carrier's; `loop`: of the lines. What is passed by reference must outlive it.
    LightNode(const Settings& settings, const Addresses& addresses, std::size_t firstAddress,
              EventLoop& clock, EventLoop& loop, RandomSource& random, Register& told,
              Meter& meter);
    ~LightNode();
    LightNode(const LightNode&) = delete;
    LightNode& operator=(const LightNode&) = delete;

    void start();
    /// One case with `attachments` of `bytes` each beside metadata and data.
    void capture(int attachments, std::size_t bytes);
    std::size_t waiting() const { return _open.size(); }

private:
    struct Envelope {
        std::string id, metadata, data, submissionId, caseId;
        std::map<std::string, std::string> attachments;
        std::set<std::string> lost;
        bool isStored = false;
        int eventsSeen = 0;
    };
    struct Door;

    HttpResponse handle(const HttpRequest& request);
    HttpResponse aboutEnvelope(const HttpRequest& request);
    HttpResponse announced(Envelope& envelope, const std::string& body);
    HttpResponse lost(Envelope& envelope, const std::string& body);
    HttpResponse events(Envelope& envelope, const std::string& body);
    std::string work();
    void journal();

    const Settings _settings;
    EventLoop& _loop;
    RandomSource& _random;
    Register& _told;
    const envelope::IssuerKeys _destination;
    const std::string _destinationId;
    const std::string _incarnation;
    std::vector<std::string> _journal; ///< hashes
    std::map<std::string, std::size_t> _order;
    std::map<std::size_t, Envelope> _open; ///< by order of capture
    std::size_t _captured = 0;
    std::string _work; ///< as answered; empty: made anew

    std::unique_ptr<Door> _door;
    RegionLine _line;
    std::unique_ptr<portal::PortalLink> _link;
    std::unique_ptr<carrier::Carrier> _carrier;
};

} // namespace amt::fleet

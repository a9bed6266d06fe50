// SPDX-License-Identifier: EUPL-1.2
//
// A destination without its private opening key: fetches what waits, compares it with what was
// fetched before, and signs that it is accepted.
#pragma once

#include "sync/envelope/envelope.h"
#include "tests/fleet/light_node.h"

#include <functional>
#include <map>
#include <set>
#include <string>

namespace amt::fleet {

class Office {
public:
    /// What is passed by reference must outlive it.
    Office(int town, const Addresses& addresses, std::size_t firstAddress, EventLoop& loop,
           RandomSource& random, Register& told, Meter& meter);
    Office(const Office&) = delete;
    Office& operator=(const Office&) = delete;

    /// One look, unless one is under way.
    void look();
    /// Submissions whose acceptance the gateway has answered with 204.
    const std::set<std::string>& accepted() const { return _accepted; }

private:
    struct Fetched {
        std::string submissionId, caseId;
        envelope::AuthenticationTags tags;
        std::vector<std::string> attachments;
    };
    using Then = std::function<void(const HttpResponse&)>;

    void ask(HttpRequest request, Then then);
    void signIn();
    void list();
    void fetchNext();
    void fetchAttachment(std::size_t index);
    void accept();
    void end() { _busy = false; }

    const int _town;
    EventLoop& _loop;
    RandomSource& _random;
    Register& _told;
    RegionLine _line;
    std::string _token;
    bool _busy = false;
    std::vector<Fetched> _waiting;
    std::set<std::string> _accepted;
    std::map<std::string, std::string> _seen; ///< tag of the data to the submission that brought it
};

} // namespace amt::fleet

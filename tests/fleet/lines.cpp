// SPDX-License-Identifier: EUPL-1.2
//
// One request at a time, and the next address after silence.
#include "tests/fleet/lines.h"

#include "sync/portal/exchange.h"
#include "tests/fleet/region.h"

#include <algorithm>

namespace amt::fleet {

void Meter::note(Milliseconds took, int status)
{
    if (status == 0 || status == 429 || status >= 500)
        ++_failed[status];
    else
        _times.push_back(static_cast<double>(took.count()));
}

Meter::Reading Meter::take()
{
    Reading reading;
    reading.calls = _times.size();
    reading.notAnswered = std::exchange(_failed, {});
    std::sort(_times.begin(), _times.end());
    const auto at = [&](double share) {
        return _times[static_cast<std::size_t>(static_cast<double>(_times.size() - 1) * share)];
    };
    if (!_times.empty()) {
        reading.p50 = at(0.5);
        reading.p99 = at(0.99);
        reading.most = at(1);
    }
    _times.clear();
    return reading;
}

RegionLine::RegionLine(const Addresses& addresses, std::size_t first, EventLoop& loop, Meter& meter)
    : _addresses(addresses), _at(first % addresses.urls.size()), _loop(loop), _meter(meter)
{}

RegionLine::~RegionLine() = default;

void RegionLine::send(HttpRequest request, std::function<void(HttpAnswer)> done)
{
    _jobs.push_back({std::move(request), std::move(done)});
    if (!_busy)
        next();
}

void RegionLine::next()
{
    if (_jobs.empty())
        return;
    _busy = true;
    auto job = std::move(_jobs.front());
    _jobs.pop_front();
    if (!_exchange)
        _exchange = portal::makeTlsExchange(_addresses.urls[_at], _addresses.authority, _loop);
    job.request.headers["host"] = regionHost;
    const Milliseconds begun = _loop.sinceBoot();
    _exchange->send(std::move(job.request),
                    [this, begun, done = std::move(job.done)](HttpAnswer answer) {
                        const auto* response = std::get_if<HttpResponse>(&answer);
                        _meter.note(_loop.sinceBoot() - begun, response ? response->status : 0);
                        if (!response && _addresses.urls.size() > 1) {
                            _at = (_at + 1) % _addresses.urls.size();
                            _exchange.reset(); // it has nothing under way any more
                        }
                        _busy = false;
                        done(std::move(answer));
                        if (!_busy)
                            next();
                    });
}

} // namespace amt::fleet

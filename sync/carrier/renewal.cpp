// SPDX-License-Identifier: EUPL-1.2
//
// Requests out, certificates in.
#include "sync/carrier/renewal.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "sync/portal/words.h"

namespace amt::carrier {
namespace {

constexpr auto lookEvery = std::chrono::hours(12);

HttpRequest post(std::string_view path, const json::Object& body)
{
    return {.method = "POST",
            .path = std::string(path),
            .query = {},
            .headers = {{"content-type", std::string(portal::jsonType)},
                        {"user-agent", "amtsstube/" AMT_VERSION}},
            .body = json::write(body),
            .peer = {}};
}

Enrolled taken(TransportKey& key, const HttpAnswer& answer)
{
    const auto* response = std::get_if<HttpResponse>(&answer);
    if (!response || response->status == 429 || response->status >= 500)
        return Enrolled::Unreachable;
    if (response->status == 202)
        return Enrolled::Waits;
    if (response->status == 409) // it was revoked, or is another's
        key.giveUp();
    if (response->status != 200)
        return Enrolled::Refused;
    try { // what comes from outside changes nothing when it is malformed
        key.take(json::text(*json::parseObject(response->body), "certificate"));
        return Enrolled::Yes;
    } catch (const Error& failure) {
        log::error("sync.certificate", {{"code", failure.name()}, {"detail", failure.message()}});
        return Enrolled::Refused;
    }
}

} // namespace

void askForCertificate(HttpExchange& service, TransportKey& key, const std::string& clientId,
                       const std::string& code, std::function<void(Enrolled)> done)
{
    auto body = json::makeObject();
    body->set("code", code);
    body->set("request", key.request(clientId));
    service.send(
        post(portal::enrolmentPath, *body),
        [&key, done = std::move(done)](const HttpAnswer& answer) { done(taken(key, answer)); });
}

Renewal::Renewal(HttpExchange& service, TransportKey& key, std::string clientId, EventLoop& loop)
    : _service(service), _key(key), _clientId(std::move(clientId)), _loop(loop)
{}

Renewal::~Renewal()
{
    *_alive = false;
    _loop.cancel(_next);
}

void Renewal::start()
{
    look();
}

void Renewal::look()
{
    _next = _loop.after(lookEvery, [this] { look(); });
    const auto validity = _key.validity();
    if (!validity || _loop.utcNow() < validity->until - (validity->until - validity->from) / 3)
        return;
    if (validity->until <= _loop.utcNow()) { // no line comes about with it
        log::error("sync.certificate_expired");
        return;
    }
    auto body = json::makeObject();
    body->set("request", _key.request(_clientId));
    _service.send(post(portal::renewalPath, *body),
                  [this, alive = _alive](const HttpAnswer& answer) {
                      if (!*alive) // read and written on the loop's thread only
                          return;
                      const Enrolled became = taken(_key, answer);
                      if (became == Enrolled::Yes)
                          log::info("sync.certificate_renewed");
                      else if (became == Enrolled::Refused)
                          log::error("sync.certificate_not_renewed");
                  });
}

} // namespace amt::carrier

// SPDX-License-Identifier: EUPL-1.2
//
// Entering and revoking, each one commit.
#include "sync/gateway/registry.h"

#include "appliance/core/json.h"
#include "sync/gateway/problem.h"
#include "sync/gateway/statements.h"
#include "sync/portal/words.h"

#include <algorithm>

namespace amt::gateway {
namespace {

constexpr std::size_t lineBytesMax = 200;
constexpr std::size_t tenantDigits = 12;

/// One line for people: not empty, no control characters. Throws InputMalformed.
std::string line(const json::Object& order, const char* key)
{
    const std::string text = json::text(order, key);
    const bool plain = std::all_of(
        text.begin(), text.end(), [](char each) { return static_cast<unsigned char>(each) >= 32; });
    if (text.empty() || text.size() > lineBytesMax || !plain || !isValidUtf8(text))
        throw Error(ErrorCode::InputMalformed, std::string(key) + " is a short line");
    return text;
}

/// Throws InputMalformed.
std::string tenantOf(const json::Object& order)
{
    std::string tenant = json::text(order, "tenantId");
    const bool digits = std::all_of(tenant.begin(), tenant.end(),
                                    [](char each) { return each >= '0' && each <= '9'; });
    if (!digits || (!tenant.empty() && tenant.size() != tenantDigits))
        throw Error(ErrorCode::InputMalformed, "a municipality has 12 digits");
    return tenant;
}

/// Throws InputMalformed.
std::vector<std::string> scopesOf(const std::string& role)
{
    if (role == "node" || role == "sender")
        return {std::string(portal::sendScope)};
    if (role == "office")
        return {std::string(portal::subscribeScope), std::string(portal::manageScope)};
    throw Error(ErrorCode::InputMalformed, "a role is node, sender or office");
}

/// Throws JsonMalformed, InputMalformed, KeyUnusable.
DestinationEntry readDestination(const json::Object& entry, const std::string& ownerId)
{
    json::onlyKeys(entry, {"document", "encryptionKey", "signatureKeys"});
    const auto document = json::object(entry, "document");
    DestinationEntry read{.id = json::text(*document, "destinationId"),
                          .ownerId = ownerId,
                          .document = json::write(*document),
                          .keys = {}};
    read.keys.push_back(
        envelope::parseJwk(*json::object(entry, "encryptionKey"), envelope::KeyUse::Encrypt));
    for (const auto& each : *json::array(entry, "signatureKeys")) {
        if (each.type() != typeid(json::ObjectPtr))
            throw Error(ErrorCode::JsonMalformed, "signatureKeys");
        read.keys.push_back(
            envelope::parseJwk(*each.extract<json::ObjectPtr>(), envelope::KeyUse::Verify));
    }
    if (!isUuid(read.id) || read.keys.size() < 2 ||
        json::text(*document, "encryptionKid") != read.keys[0].kid)
        throw Error(ErrorCode::InputMalformed,
                    "a destination has a UUID, the key that it names, and one to sign with");
    for (const auto& service : *json::array(*document, "publicServices")) {
        if (service.type() != typeid(json::ObjectPtr))
            throw Error(ErrorCode::JsonMalformed, "publicServices");
        json::text(*service.extract<json::ObjectPtr>(), "identifier");
    }
    return read;
}

HttpResponse unknown(std::string_view what)
{
    return problem(404, std::string(what) + "-not-found", "unknown here");
}

} // namespace

HttpResponse Registry::answer(const HttpRequest& request, UtcTime now)
{
    if (request.method == "GET") {
        if (request.path == "/clients")
            return clients();
        if (request.path == "/destinations")
            return destinations();
        const auto listed = [](const char* key, const json::ArrayPtr& list) {
            auto body = json::makeObject();
            body->set(key, list);
            return jsonResponse(200, json::write(*body));
        };
        if (request.path == "/devices")
            return listed("devices", _devices.list());
        if (request.path == "/operators")
            return listed("operators", _operators.list());
        return problem(404, "address-not-found", "there is nothing at this address");
    }
    struct Order {
        std::string_view path;
        HttpResponse (Registry::*carryOut)(const json::Object&, UtcTime);
    };
    constexpr Order orders[] = {
        {"/clients", &Registry::enterClient},
        {"/clients/revoke", &Registry::revokeClient},
        {"/destinations", &Registry::enterDestination},
        {"/destinations/revoke", &Registry::revokeDestination},
        {"/callbacks", &Registry::enterCallback},
        {"/devices/code", &Registry::makeCode},
        {"/devices/approve", &Registry::approveDevice},
        {"/devices/revoke", &Registry::revokeDevice},
        {"/operators", &Registry::enterOperator},
        {"/operators/code", &Registry::giveOperatorCode},
        {"/operators/end", &Registry::endOperator},
    };
    const auto* order = std::find_if(std::begin(orders), std::end(orders), [&](const auto& each) {
        return request.method == "POST" && each.path == request.path;
    });
    if (order == std::end(orders))
        return problem(404, "address-not-found", "there is nothing at this address");
    const auto body = json::parseObject(request.body);
    return _books.transact([&] { return (this->*order->carryOut)(*body, now); });
}

HttpResponse Registry::clients()
{
    auto list = json::makeArray();
    auto row = _books.prepare(sql::everyClient);
    while (row.step()) {
        auto client = json::makeObject();
        client->set("clientId", row.text(0));
        client->set("tenantId", row.text(1));
        client->set("role", row.text(2));
        client->set("name", row.text(3));
        client->set("scopes", row.text(4));
        client->set("enteredAt", row.isNull(5) ? "" : toIso(row.time(5)));
        client->set("state", row.integer(6) == 0 ? "active" : "revoked");
        client->set("heardAt", row.isNull(7) ? "" : toIso(row.time(7)));
        list->add(client);
    }
    auto body = json::makeObject();
    body->set("clients", list);
    return jsonResponse(200, json::write(*body));
}

HttpResponse Registry::destinations()
{
    auto list = json::makeArray();
    auto row = _books.prepare(sql::everyDestination);
    while (row.step()) {
        const auto document = json::parseObject(row.text(3));
        const std::string encryptionKid = json::text(*document, "encryptionKid");
        auto destination = json::makeObject();
        auto verifying = json::makeArray();
        auto keys = _books.prepare(sql::everyKeyOf).bind(row.text(0));
        while (keys.step()) {
            const auto key = json::parseObject(keys.text(1));
            if (keys.text(0) == "verify")
                verifying->add(key);
            else if (json::text(*key, "kid") == encryptionKid)
                destination->set("encryptionKey", key);
        }
        destination->set("document", document);
        destination->set("signatureKeys", verifying);
        destination->set("ownerId", row.text(1));
        destination->set("tenantId", row.text(2));
        destination->set("state", row.text(4));
        list->add(destination);
    }
    auto body = json::makeObject();
    body->set("destinations", list);
    return jsonResponse(200, json::write(*body));
}

HttpResponse Registry::enterClient(const json::Object& order, UtcTime now)
{
    json::onlyKeys(order, {"name", "tenantId", "role", "by"});
    const std::string role = json::text(order, "role");
    const std::string secret = toBase64Url(randomBytes(_random, 32));
    const ClientEntry client{.id = randomUuid(_random),
                             .secret = Secret(secret),
                             .scopes = scopesOf(role),
                             .tenantId = tenantOf(order)};
    _access.enter(client);
    _books.prepare(sql::nameClient).bind(line(order, "name"), role, now, client.id).run();
    note("enter-client", client.id, order, now);
    auto body = json::makeObject();
    body->set("clientId", client.id);
    body->set("clientSecret", secret);
    return jsonResponse(201, json::write(*body));
}

HttpResponse Registry::revokeClient(const json::Object& order, UtcTime now)
{
    json::onlyKeys(order, {"clientId", "by", "reason"});
    const std::string id = json::text(order, "clientId");
    const std::string reason = line(order, "reason");
    auto known = _books.prepare(sql::knownClient).bind(id);
    if (!known.step())
        return unknown("client");
    if (_books.prepare(sql::takesLeases).bind(id).step())  // what it may have sold is kept free
        _quota.revoke(id, line(order, "by"), reason, now); // (appointments-escrow R9)
    _books.prepare(sql::revokeClient).bind(id).run();
    _books.prepare(sql::dropTokensOfClient).bind(id).run();
    _callbacks.forget(id);
    _devices.revokeAll(id);
    note("revoke-client", id, order, now);
    return emptyResponse(204);
}

HttpResponse Registry::enterDestination(const json::Object& order, UtcTime now)
{
    json::onlyKeys(order, {"ownerId", "destination", "by"});
    const auto entry =
        readDestination(*json::object(order, "destination"), json::text(order, "ownerId"));
    auto owner = _books.prepare(sql::knownClient).bind(entry.ownerId);
    if (!owner.step() || owner.text(2) == "revoked" ||
        owner.text(1).find(portal::subscribeScope) == std::string::npos)
        return unknown("office");
    if (const auto known = _ledger.destination(entry.id)) {
        if (known->ownerId != entry.ownerId || known->isRevoked)
            return problem(409, "destination-taken", "it is another's, or was revoked");
    }
    for (const auto& key : entry.keys) { // a kid says for ever which key it was
        const auto known = _ledger.key(entry.id, key.kid);
        if (known && *known != json::write(*envelope::writeJwk(key)))
            return problem(409, "key-differs", "another key has this kid");
    }
    _ledger.enter(entry);
    note("enter-destination", entry.id, order, now);
    auto body = json::makeObject();
    body->set("destinationId", entry.id);
    return jsonResponse(201, json::write(*body));
}

HttpResponse Registry::revokeDestination(const json::Object& order, UtcTime now)
{
    json::onlyKeys(order, {"destinationId", "by", "reason"});
    const std::string id = json::text(order, "destinationId");
    line(order, "reason");
    if (!_ledger.destination(id))
        return unknown("destination");
    _books.prepare(sql::revokeDestination).bind(now, id).run();
    note("revoke-destination", id, order, now);
    return emptyResponse(204);
}

HttpResponse Registry::enterCallback(const json::Object& order, UtcTime now)
{
    json::onlyKeys(order, {"clientId", "url", "authority", "by"});
    const std::string id = json::text(order, "clientId");
    if (!isActive(id))
        return unknown("client");
    const std::string secret = toBase64Url(randomBytes(_random, 32));
    _callbacks.enter({.clientId = id,
                      .url = json::text(order, "url"),
                      .authority = json::text(order, "authority"),
                      .secret = Secret(secret)});
    note("enter-callback", id, order, now);
    auto body = json::makeObject();
    body->set("secret", secret);
    return jsonResponse(201, json::write(*body));
}

bool Registry::isActive(const std::string& clientId)
{
    auto known = _books.prepare(sql::knownClient).bind(clientId);
    return known.step() && known.text(2) != "revoked";
}

HttpResponse Registry::makeCode(const json::Object& order, UtcTime now)
{
    json::onlyKeys(order, {"clientId", "by"});
    const std::string id = json::text(order, "clientId");
    if (!isActive(id))
        return unknown("client");
    auto body = json::makeObject();
    body->set("code", _devices.makeCode(id, now));
    note("make-device-code", id, order, now);
    return jsonResponse(201, json::write(*body));
}

HttpResponse Registry::approveDevice(const json::Object& order, UtcTime now)
{
    json::onlyKeys(order, {"clientId", "fingerprint", "by"});
    const std::string id = json::text(order, "clientId");
    const auto expiresAt =
        isActive(id) ? _devices.approve(id, json::text(order, "fingerprint"), now) : std::nullopt;
    if (!expiresAt)
        return unknown("waiting-key");
    note("approve-device", id, order, now);
    auto body = json::makeObject();
    body->set("expiresAt", toIso(*expiresAt));
    return jsonResponse(200, json::write(*body));
}

HttpResponse Registry::revokeDevice(const json::Object& order, UtcTime now)
{
    json::onlyKeys(order, {"clientId", "fingerprint", "by", "reason"});
    const std::string id = json::text(order, "clientId");
    line(order, "reason");
    if (!_devices.revoke(id, json::text(order, "fingerprint")))
        return unknown("key");
    note("revoke-device", id, order, now);
    return emptyResponse(204);
}

HttpResponse Registry::enterOperator(const json::Object& order, UtcTime now)
{
    json::onlyKeys(order, {"name", "by"});
    const auto id = _operators.enter(line(order, "name"), now);
    if (!id)
        return problem(409, "operator-known", "there is an operator of this name");
    auto body = json::makeObject();
    body->set("operatorId", *id);
    body->set("code", std::string(_operators.giveCode(*id, now).revealText()));
    note("enter-operator", *id, order, now);
    return jsonResponse(201, json::write(*body));
}

HttpResponse Registry::giveOperatorCode(const json::Object& order, UtcTime now)
{
    json::onlyKeys(order, {"name", "by"});
    const auto id = _operators.idOf(line(order, "name"));
    if (!id)
        return unknown("operator");
    auto body = json::makeObject();
    body->set("code", std::string(_operators.giveCode(*id, now).revealText()));
    note("make-operator-code", *id, order, now);
    return jsonResponse(201, json::write(*body));
}

HttpResponse Registry::endOperator(const json::Object& order, UtcTime now)
{
    json::onlyKeys(order, {"name", "by", "reason"});
    const auto id = _operators.idOf(line(order, "name"));
    line(order, "reason");
    if (!id)
        return unknown("operator");
    _operators.end(*id, now);
    note("end-operator", *id, order, now);
    return emptyResponse(204);
}

void Registry::note(const char* act, const std::string& subject, const json::Object& order,
                    UtcTime now)
{
    _books.prepare(sql::noteAct)
        .bind(now, std::string_view(act), subject, line(order, "by"),
              json::optionalText(order, "reason").value_or(""))
        .run();
}

} // namespace amt::gateway

// SPDX-License-Identifier: EUPL-1.2
//
// Transport keys. A key asks with a code, once; the same request asked again hears what became of
// it, for answers get lost.
#include "sync/gateway/devices.h"

#include "sync/gateway/problem.h"
#include "sync/gateway/statements.h"

#include <algorithm>

namespace amt::gateway {
namespace {

constexpr std::size_t codeBytes = 16;

std::string hashOf(std::string_view code)
{
    return toHex(envelope::sha256(view(code)));
}

/// Unknown, used by another key, too old: whoever guesses learns nothing.
HttpResponse unknownCode()
{
    return problem(403, "enrolment-code-invalid", "unknown, used, or older than a day");
}

HttpResponse noCertificate(const char* why)
{
    return problem(401, "certificate-needed", why);
}

} // namespace

HttpResponse Devices::ask(const HttpRequest& request, UtcTime now)
{
    const auto body = json::parseObject(request.body);
    json::onlyKeys(*body, {"code", "request"});
    const std::string hash = hashOf(json::text(*body, "code"));
    auto code = _books.prepare(sql::deviceCode).bind(hash);
    if (!_authority || !code.step())
        return unknownCode();
    const std::string clientId = code.text(0), usedBy = code.text(2);
    const UtcTime expiresAt = code.time(1);
    const std::string pem = json::text(*body, "request");
    const DeviceRequest asked = readDeviceRequest(pem);
    if (!usedBy.empty())
        return usedBy == asked.fingerprint ? answer(asked.fingerprint) : unknownCode();
    if (expiresAt <= now)
        return unknownCode();
    if (asked.clientId != clientId)
        return problem(422, "request-foreign", "the code is for another client");
    auto known = _books.prepare(sql::deviceByFingerprint).bind(asked.fingerprint);
    const bool isKnown = known.step();
    if (isKnown && (known.text(0) != clientId || known.text(1) == "revoked"))
        return problem(409, "key-known", "a new enrolment wants a new key");
    _books.prepare(sql::useDeviceCode).bind(asked.fingerprint, hash).run();
    if (!isKnown) // else it asked with an earlier code
        _books.prepare(sql::addDevice).bind(asked.fingerprint, clientId, pem, now).run();
    return answer(asked.fingerprint);
}

HttpResponse Devices::renew(const HttpRequest& request, UtcTime now)
{
    const auto shown = request.headers.find(shownCertificate);
    if (!_authority || shown == request.headers.end())
        return noCertificate("the certificate to be renewed has to be shown");
    auto device = _books.prepare(sql::deviceByDigest).bind(shown->second);
    if (!device.step() || device.text(1) != "issued" || device.time(2) <= now)
        return noCertificate("the certificate is not valid here");
    const std::string clientId = device.text(0);
    const auto body = json::parseObject(request.body);
    json::onlyKeys(*body, {"request"});
    const std::string pem = json::text(*body, "request");
    const DeviceRequest asked = readDeviceRequest(pem);
    if (asked.clientId != clientId)
        return problem(422, "request-foreign", "the certificate is another client's");
    auto known = _books.prepare(sql::deviceByFingerprint).bind(asked.fingerprint);
    if (known.step()) // the answer was lost, or it is no new key
        return known.text(0) == clientId && known.text(3) == pem
                   ? answer(asked.fingerprint)
                   : problem(409, "key-known", "a renewal wants a new key");
    _books.prepare(sql::addDevice).bind(asked.fingerprint, clientId, pem, now).run();
    issue(asked.fingerprint, pem, now);
    _books.prepare(sql::endDevicesOf).bind(now + deviceOverlap, clientId, asked.fingerprint).run();
    return answer(asked.fingerprint);
}

HttpResponse Devices::answer(const std::string& fingerprint)
{
    auto device = _books.prepare(sql::deviceByFingerprint).bind(fingerprint);
    device.step();
    const std::string state = device.text(1);
    if (state == "revoked")
        return problem(403, "key-revoked", "an operator does not want this key");
    auto body = json::makeObject();
    body->set("state", state);
    body->set("fingerprint", fingerprint);
    if (state == "issued")
        body->set("certificate", device.text(2));
    return jsonResponse(state == "issued" ? 200 : 202, json::write(*body));
}

std::optional<HttpResponse> Devices::refusal(const Caller& caller, const HttpRequest& request,
                                             UtcTime now)
{
    const auto shown = request.headers.find(shownCertificate);
    if (shown == request.headers.end()) {
        const bool isNode = caller.role == "node" ||
                            (caller.role.empty() && caller.scopes.contains(portal::sendScope));
        if (caller.hasCertificate || (_need == DevicesNeedCertificates::Yes && isNode))
            return noCertificate("this client shows a certificate");
        return std::nullopt;
    }
    auto device = _books.prepare(sql::deviceByDigest).bind(shown->second);
    if (!device.step() || device.text(0) != caller.clientId || device.text(1) != "issued" ||
        device.time(2) <= now)
        return noCertificate("the certificate is not valid here for this client");
    return std::nullopt;
}

std::string Devices::makeCode(const std::string& clientId, UtcTime now)
{
    const std::string code = toHex(randomBytes(_random, codeBytes));
    _books.prepare(sql::dropDeviceCodes).bind(now - deviceCodeLife * 30).run();
    _books.prepare(sql::dropDeviceCodesOf).bind(clientId).run(); // one at a time
    _books.prepare(sql::addDeviceCode).bind(hashOf(code), clientId, now + deviceCodeLife).run();
    return code;
}

std::optional<UtcTime> Devices::approve(const std::string& clientId, const std::string& fingerprint,
                                        UtcTime now)
{
    auto device = _books.prepare(sql::deviceByFingerprint).bind(fingerprint);
    if (!_authority || !device.step() || device.text(0) != clientId || device.text(1) == "revoked")
        return std::nullopt;
    if (device.text(1) == "issued") // said before; the answer was lost
        return device.time(4);
    issue(fingerprint, device.text(3), now);
    _books.prepare(sql::revokeDevicesOf).bind(clientId, fingerprint).run();
    return now + deviceCertificateLife;
}

void Devices::issue(const std::string& fingerprint, const std::string& request, UtcTime now)
{
    const UtcTime until = now + deviceCertificateLife;
    // an hour ago: the node's clock may be slow
    const auto made = certify(*_authority, request, now - std::chrono::hours(1), until);
    _books.prepare(sql::issueDevice).bind(made.pem, made.digest, until, fingerprint).run();
}

bool Devices::revoke(const std::string& clientId, const std::string& fingerprint)
{
    auto device = _books.prepare(sql::deviceByFingerprint).bind(fingerprint);
    if (!device.step() || device.text(0) != clientId)
        return false;
    _books.prepare(sql::revokeDevice).bind(fingerprint).run();
    return true;
}

void Devices::revokeAll(const std::string& clientId)
{
    _books.prepare(sql::revokeDevicesOf).bind(clientId, std::string_view()).run();
    _books.prepare(sql::dropDeviceCodesOf).bind(clientId).run();
}

json::ArrayPtr Devices::list()
{
    auto list = json::makeArray();
    auto row = _books.prepare(sql::everyDevice);
    while (row.step()) {
        auto device = json::makeObject();
        device->set("clientId", row.text(0));
        device->set("fingerprint", row.text(1));
        device->set("state", row.text(2));
        device->set("askedAt", toIso(row.time(3)));
        device->set("expiresAt", row.text(2) == "asked" ? "" : toIso(row.time(4)));
        list->add(device);
    }
    return list;
}

} // namespace amt::gateway

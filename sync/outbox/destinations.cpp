// SPDX-License-Identifier: EUPL-1.2
//
// Key sets as they come in: judged by pinned roots and by the newest time ever seen; what fails a
// check changes nothing.
#include "sync/outbox/destinations.h"

#include "appliance/core/json.h"
#include "appliance/core/log.h"

namespace amt::outbox {

namespace {

constexpr std::string_view servicePrefix = "urn:de:fim:leika:leistung:";
constexpr std::size_t documentBytesMax = 64 * 1024; // security.md 4 T5: key sets
constexpr int unpinnedKeysMax = 16;

json::ObjectPtr objectAt(const json::Array& array, std::size_t index)
{
    const json::ObjectPtr object = array.getObject(static_cast<unsigned>(index));
    if (object.isNull())
        throw Error(ErrorCode::JsonMalformed, "an element is not an object");
    return object;
}

struct DestinationDocument {
    std::string id, status, encryptionKid;
};

DestinationDocument readDocument(const std::string& text)
{
    json::ObjectPtr object = json::parseObject(text, documentBytesMax);
    return {json::text(*object, "destinationId"), json::text(*object, "status"),
            json::text(*object, "encryptionKid")};
}

bool offers(const std::string& document, const std::string& serviceKey)
{
    const json::ArrayPtr services =
        json::array(*json::parseObject(document, documentBytesMax), "publicServices");
    for (std::size_t i = 0; i < services->size(); ++i) {
        if (json::text(*objectAt(*services, i), "identifier") ==
            std::string(servicePrefix) + serviceKey)
            return true;
    }
    return false;
}

} // namespace

Enrolment readEnrolment(const std::string& text)
{
    const json::ObjectPtr root = json::parseObject(text);
    json::onlyKeys(*root, {"format", "service", "roots", "destinations"});
    if (json::integer(*root, "format") != 1)
        throw Error(ErrorCode::JsonMalformed, "enrolment of another format");
    Enrolment enrolment;
    const json::ObjectPtr service = json::object(*root, "service");
    json::onlyKeys(*service, {"issuer", "keys"});
    enrolment.serviceIssuer = json::text(*service, "issuer");
    enrolment.serviceKeys = envelope::parseJwkSet(json::write(*json::object(*service, "keys")),
                                                  envelope::KeyUse::Verify);
    for (const std::string& certificate : json::texts(*root, "roots"))
        enrolment.roots.push_back(fromBase64(certificate));
    const json::ArrayPtr destinations = json::array(*root, "destinations");
    for (std::size_t i = 0; i < destinations->size(); ++i) {
        const json::ObjectPtr entry = objectAt(*destinations, i);
        json::onlyKeys(*entry, {"document", "encryptionKey", "signatureKeys"});
        Enrolment::Destination destination;
        const json::ObjectPtr document = json::object(*entry, "document");
        destination.id = json::text(*document, "destinationId");
        destination.document = json::write(*document);
        destination.key = json::write(*json::object(*entry, "encryptionKey"));
        const json::ArrayPtr keys = json::array(*entry, "signatureKeys");
        for (std::size_t k = 0; k < keys->size(); ++k)
            destination.signatureKeys.push_back(
                envelope::parseJwk(*objectAt(*keys, k), envelope::KeyUse::Verify));
        enrolment.destinations.push_back(std::move(destination));
    }
    return enrolment;
}

Destinations::Destinations(store::Database& database, Journal& journal, KeyAgeLimits limits)
    : _database(database), _journal(journal), _limits(limits)
{}

void Destinations::store(const std::string& destinationId, const std::string& document,
                         const std::string& jwk, const std::vector<Bytes>& roots, UtcTime now)
{
    const DestinationDocument read = readDocument(document);
    if (!isUuid(destinationId) || read.id != destinationId)
        throw Error(ErrorCode::KeyUnusable, "the document is about another destination");
    const auto key =
        envelope::parseJwk(*json::parseObject(jwk, documentBytesMax), envelope::KeyUse::Encrypt);
    if (key.kid != read.encryptionKid)
        throw Error(ErrorCode::KeyUnusable, "the key is not the one that the document names");
    envelope::checkChain(key, roots, _journal.newestTime(now));
    const std::string fingerprint = key.key.fingerprint();
    auto before = _database.prepare(
        "SELECT encryption_kid, fingerprint, document FROM destination WHERE id = ?");
    const bool known = before.bind(destinationId).step();
    if (known && before.text(0) == key.kid && before.text(1) != fingerprint)
        throw Error(ErrorCode::KeyUnusable, "another key under the same kid");
    if (known && before.text(0) != key.kid)
        compareWithEarlier(destinationId, key.kid, fingerprint);
    if (!known || before.text(1) != fingerprint || before.text(2) != document) {
        _journal.append(RecordKind::KeySet, destinationId,
                        {{"kid", key.kid},
                         {"fingerprint", fingerprint},
                         {"document", toHex(envelope::sha256(view(document)))}},
                        now);
    }
    _database
        .prepare(
            "INSERT INTO destination (id, document, encryption_key, encryption_kid, fingerprint, "
            "confirmed_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET document = "
            "excluded.document,"
            " encryption_key = excluded.encryption_key, encryption_kid = excluded.encryption_kid,"
            " fingerprint = excluded.fingerprint, confirmed_at = excluded.confirmed_at")
        .bind(destinationId, document, json::write(*envelope::writeJwk(key)), key.kid, fingerprint,
              _journal.newestTime(now))
        .run();
}

/// A kid names one key for ever: an envelope under it may still wait, here or there.
void Destinations::compareWithEarlier(const std::string& destinationId, const std::string& kid,
                                      const std::string& fingerprint) const
{
    constexpr const char* another = "another key under a kid that was used before";
    auto waiting = _database.prepare(
        "SELECT 1 FROM envelope WHERE destination_id = ? AND kid = ? AND fingerprint <> ? LIMIT 1");
    if (waiting.bind(destinationId, kid, fingerprint).step())
        throw Error(ErrorCode::KeyUnusable, another);
    for (const JournalRecord& record : _journal.about(destinationId)) {
        const auto earlier = record.details.find("kid");
        if (record.kind != name(RecordKind::KeySet) || record.details.contains("use") ||
            earlier == record.details.end() || earlier->second != kid)
            continue;
        if (record.details.at("fingerprint") != fingerprint)
            throw Error(ErrorCode::KeyUnusable, another);
        log::warning("destinationkey.returns", {{"destination", destinationId}, {"kid", kid}});
        return;
    }
}

void Destinations::enrol(const Enrolment& enrolment, UtcTime now)
{
    if (enrolment.roots.empty() || enrolment.serviceKeys.empty() || enrolment.destinations.empty())
        throw Error(ErrorCode::KeyUnusable,
                    "an enrolment without roots, service keys or destinations");
    _database.transact([&] {
        _database.execute("DELETE FROM pinned_root; DELETE FROM service_key");
        for (const Bytes& root : enrolment.roots) {
            _database
                .prepare("INSERT OR IGNORE INTO pinned_root (fingerprint, certificate, pinned_at) "
                         "VALUES (?, ?, ?)")
                .bind(toHex(envelope::sha256(root)), root, now)
                .run();
        }
        for (const auto& key : enrolment.serviceKeys) {
            _database
                .prepare("INSERT INTO service_key (issuer, kid, jwk, pinned, seen_at) VALUES (?, "
                         "?, ?, 1, ?)")
                .bind(enrolment.serviceIssuer, key.kid, json::write(*envelope::writeJwk(key)), now)
                .run();
            _journal.append(
                RecordKind::KeySet, enrolment.serviceIssuer,
                {{"kid", key.kid}, {"fingerprint", key.key.fingerprint()}, {"pinned", "yes"}}, now);
        }
        for (const auto& destination : enrolment.destinations) {
            store(destination.id, destination.document, destination.key, enrolment.roots, now);
            _database.prepare("DELETE FROM destination_signature_key WHERE destination_id = ?")
                .bind(destination.id)
                .run();
            for (const auto& key : destination.signatureKeys) {
                envelope::checkChain(key, enrolment.roots, _journal.newestTime(now));
                _database
                    .prepare("INSERT INTO destination_signature_key (destination_id, kid, jwk) "
                             "VALUES (?, ?, ?)")
                    .bind(destination.id, key.kid, json::write(*envelope::writeJwk(key)))
                    .run();
                _journal.append(
                    RecordKind::KeySet, destination.id,
                    {{"kid", key.kid}, {"fingerprint", key.key.fingerprint()}, {"use", "verify"}},
                    now);
            }
        }
    });
}

bool Destinations::enrolled() const
{
    auto any = _database.prepare("SELECT 1 FROM destination LIMIT 1");
    return any.step();
}

std::string Destinations::ownDestination() const
{
    auto first = _database.prepare("SELECT id FROM destination ORDER BY rowid LIMIT 1");
    if (!first.step())
        throw Error(ErrorCode::KeyUnusable, "no destination is enrolled");
    return first.text(0);
}

std::string Destinations::destinationFor(const std::string& serviceKey) const
{
    auto all = _database.prepare("SELECT id, document FROM destination ORDER BY id");
    while (all.step()) {
        if (offers(all.text(1), serviceKey))
            return all.text(0);
    }
    throw Error(ErrorCode::KeyUnusable, "no destination takes service " + serviceKey);
}

void Destinations::takeDestination(const std::string& destinationId, const std::string& document,
                                   const std::string& jwk, UtcTime now)
{
    _database.transact([&] {
        auto known = _database.prepare("SELECT 1 FROM destination WHERE id = ?");
        if (!known.bind(destinationId).step())
            throw Error(ErrorCode::NotFound, "destination is not enrolled");
        store(destinationId, document, jwk, roots(), now);
    });
}

void Destinations::takeServiceKeys(const std::string& jwks, UtcTime now)
{
    const auto brought = envelope::parseJwkSet(jwks, envelope::KeyUse::Verify);
    _database.transact([&] {
        auto first = _database.prepare("SELECT issuer FROM service_key WHERE pinned = 1 LIMIT 1");
        if (!first.step())
            throw Error(ErrorCode::KeyUnusable, "no service is enrolled");
        const std::string issuer = first.text(0);
        for (const auto& key : brought) {
            const std::string fingerprint = key.key.fingerprint();
            auto known = _database.prepare(
                "SELECT jwk, pinned FROM service_key WHERE issuer = ? AND kid = ?");
            if (known.bind(issuer, key.kid).step()) {
                const auto before =
                    envelope::parseJwk(*json::parseObject(known.text(0)), envelope::KeyUse::Verify);
                if (before.key.fingerprint() != fingerprint) {
                    log::error("servicekey.changed",
                               {{"kid", key.kid}, {"fingerprint", fingerprint}});
                    continue; // what is pinned stays
                }
                _database.prepare("UPDATE service_key SET seen_at = ? WHERE issuer = ? AND kid = ?")
                    .bind(_journal.newestTime(now), issuer, key.kid)
                    .run();
                continue;
            }
            auto waiting = _database.prepare("SELECT count(*) FROM service_key WHERE pinned = 0");
            waiting.step();
            if (waiting.integer(0) >= unpinnedKeysMax)
                break;
            log::warning("servicekey.waits", {{"kid", key.kid}, {"fingerprint", fingerprint}});
            _database
                .prepare("INSERT INTO service_key (issuer, kid, jwk, pinned, seen_at) VALUES (?, "
                         "?, ?, 0, ?)")
                .bind(issuer, key.kid, json::write(*envelope::writeJwk(key)), now)
                .run();
            _journal.append(RecordKind::KeySet, issuer,
                            {{"kid", key.kid}, {"fingerprint", fingerprint}, {"pinned", "no"}},
                            now);
        }
    });
}

KeyStanding Destinations::standing(const std::string& destinationId, UtcTime now) const
{
    auto found = _database.prepare("SELECT confirmed_at, document FROM destination WHERE id = ?");
    if (!found.bind(destinationId).step() || readDocument(found.text(1)).status != "active")
        return KeyStanding::Missing;
    const Milliseconds age = _journal.newestTime(now) - fromMilliseconds(found.integer(0));
    if (age > _limits.refusal)
        return KeyStanding::TooOld;
    return age > _limits.warning ? KeyStanding::Aging : KeyStanding::Good;
}

std::optional<UtcTime> Destinations::confirmedAt(const std::string& destinationId) const
{
    auto found = _database.prepare("SELECT confirmed_at FROM destination WHERE id = ?");
    return found.bind(destinationId).step() ? found.optionalTime(0) : std::nullopt;
}

SealingKey Destinations::sealingKey(const std::string& destinationId, UtcTime now) const
{
    const KeyStanding stands = standing(destinationId, now);
    if (stands == KeyStanding::Missing)
        throw Error(ErrorCode::KeyUnusable, "destination is unknown or not active");
    if (stands == KeyStanding::TooOld)
        throw Error(ErrorCode::KeyUnusable, "key set of the destination is too old");
    auto found =
        _database.prepare("SELECT encryption_key, fingerprint FROM destination WHERE id = ?");
    found.bind(destinationId).step();
    auto jwk = envelope::parseJwk(*json::parseObject(found.text(0)), envelope::KeyUse::Encrypt);
    envelope::checkChain(jwk, roots(), _journal.newestTime(now));
    return {destinationId, std::move(jwk), found.text(1)};
}

std::vector<KeyInUse> Destinations::keysInUse() const
{
    std::vector<KeyInUse> keys;
    auto rows = _database.prepare(
        "SELECT destination_id, envelope.kid, envelope.fingerprint, count(*), min(sealed_at),"
        " max(destination.id IS NOT NULL) FROM envelope LEFT JOIN destination ON destination.id ="
        " destination_id AND encryption_kid = envelope.kid AND destination.fingerprint ="
        " envelope.fingerprint WHERE state NOT IN ('ACCEPTED', 'PURGED')"
        " GROUP BY destination_id, envelope.kid, envelope.fingerprint"
        " ORDER BY destination_id, min(sealed_at), envelope.kid");
    while (rows.step())
        keys.push_back({.destinationId = rows.text(0),
                        .kid = rows.text(1),
                        .fingerprint = rows.text(2),
                        .envelopes = static_cast<int>(rows.integer(3)),
                        .oldest = rows.time(4),
                        .replaced = rows.integer(5) == 0});
    return keys;
}

std::vector<std::string> Destinations::due(UtcTime now) const
{
    std::vector<std::string> ids;
    auto all = _database.prepare("SELECT id, confirmed_at FROM destination ORDER BY id");
    while (all.step()) {
        if (_journal.newestTime(now) - all.time(1) >= _limits.refresh)
            ids.push_back(all.text(0));
    }
    return ids;
}

bool Destinations::serviceKeysDue(UtcTime now) const
{
    auto newest = _database.prepare("SELECT max(seen_at) FROM service_key WHERE pinned = 1");
    newest.step();
    return !newest.isNull(0) &&
           _journal.newestTime(now) - fromMilliseconds(newest.integer(0)) >= _limits.refresh;
}

envelope::IssuerKeys Destinations::serviceKeys() const
{
    envelope::IssuerKeys keys;
    auto all =
        _database.prepare("SELECT issuer, jwk FROM service_key WHERE pinned = 1 ORDER BY kid");
    while (all.step()) {
        keys.issuer = all.text(0);
        keys.keys.push_back(
            envelope::parseJwk(*json::parseObject(all.text(1)), envelope::KeyUse::Verify));
    }
    return keys;
}

envelope::IssuerKeys Destinations::destinationKeys(const std::string& destinationId) const
{
    envelope::IssuerKeys keys{.issuer = destinationId, .keys = {}};
    auto all = _database.prepare(
        "SELECT jwk FROM destination_signature_key WHERE destination_id = ? ORDER BY kid");
    all.bind(destinationId);
    while (all.step())
        keys.keys.push_back(
            envelope::parseJwk(*json::parseObject(all.text(0)), envelope::KeyUse::Verify));
    return keys;
}

std::vector<Bytes> Destinations::roots() const
{
    std::vector<Bytes> certificates;
    auto all = _database.prepare("SELECT certificate FROM pinned_root ORDER BY fingerprint");
    while (all.step())
        certificates.push_back(all.blob(0));
    return certificates;
}

} // namespace amt::outbox

// SPDX-License-Identifier: EUPL-1.2
//
// A gateway with one destination, its clients and sealed parts, for tests. No sockets; the clock
// jumps.
#pragma once

#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "sync/gateway/books.h"
#include "sync/gateway/gateway.h"
#include "sync/portal/words.h"
#include "tests/sim/world/sim_loop.h"
#include "tests/support/test_keys.h"

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace amt::test {

inline const std::string serviceUrl = "https://gateway.test:8443";
inline const std::string destinationId = "6f1c2c5e-0a53-4d8e-9a52-5d1f5f2f7a01";
inline const std::string otherDestinationId = "6f1c2c5e-0a53-4d8e-9a52-5d1f5f2f7a02";
inline const std::string tenant = "059620024024";
inline const std::string otherTenant = "055150000000";
inline const std::string parkingService = "urn:de:fim:leika:leistung:99108001001000";

/// "Other": of the other municipality. A colleague has every scope, has sent nothing and owns
/// nothing.
enum class Who {
    Nobody,
    Sender,
    OtherSender,
    Subscriber,
    OtherSubscriber,
    Colleague,
    OtherColleague
};

/// A folder of its own that goes with the test.
class TemporaryFolder {
public:
    TemporaryFolder()
    {
        SystemRandom random;
        // in memory where there is such a thing: these tests do not cut the power
        const std::filesystem::path memory = "/dev/shm";
        const auto parent =
            std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
        _path = parent / ("amt-test-" + randomUuid(random));
        std::filesystem::create_directory(_path);
    }
    ~TemporaryFolder() { std::filesystem::remove_all(_path); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::filesystem::path& path() const { return _path; }

private:
    std::filesystem::path _path;
};

/// Says before and after each commit that it is one, and before each statement.
class WatchedBooks final : public gateway::Books {
public:
    using Watcher = std::function<void(store::CommitMoment)>;
    using Listener = std::function<void(std::string_view statement)>;
    WatchedBooks(std::unique_ptr<gateway::Books> books, const Watcher& watcher,
                 const Listener& listener)
        : _books(std::move(books)), _watcher(watcher), _listener(listener)
    {}
    void migrate() override { _books->migrate(); }
    void see(const std::string& sight) override
    {
        Books::see(sight);
        _books->see(sight);
    }
    Answer ask(std::string_view statement, const std::vector<Value>& values) override
    {
        if (_listener)
            _listener(statement);
        return _books->ask(statement, values);
    }

protected:
    void transactOnce(const std::function<void()>& work) override
    {
        const bool outer = !std::exchange(_inside, true);
        const auto tell = [&](store::CommitMoment moment) {
            if (outer && _watcher)
                _watcher(moment);
        };
        try {
            _books->transact([&] {
                work();
                tell(store::CommitMoment::Before);
            });
        } catch (...) {
            _inside = !outer;
            throw;
        }
        _inside = !outer;
        tell(store::CommitMoment::After);
    }

private:
    std::unique_ptr<gateway::Books> _books;
    const Watcher& _watcher;
    const Listener& _listener;
    bool _inside = false;
};

class GatewayTown {
public:
    GatewayTown() { start(); }
    struct Beside {
        const GatewayTown& other;
    };
    /// Another gateway before the same database, which is on AMT_TEST_POSTGRES.
    explicit GatewayTown(Beside beside) : _schema(beside.other._schema) { start(); }

    /// A new process over the same disk.
    void restart()
    {
        gateway.reset();
        _all.reset();
        books.reset();
        start();
    }

    HttpResponse ask(HttpRequest request)
    {
        request.headers.try_emplace("host", "gateway.test:8443");
        request.headers.try_emplace("user-agent", "test");
        const auto nobody = books->nothing(); // the gateway says itself whose rows it needs
        return gateway->handle(request);
    }

    HttpResponse ask(Who who, const std::string& method, const std::string& path,
                     const std::string& type = {}, const std::string& body = {},
                     const std::map<std::string, std::string>& more = {})
    {
        HttpRequest request{
            .method = method, .path = path, .query = {}, .headers = more, .body = body, .peer = {}};
        if (const auto mark = path.find('?'); mark != std::string::npos) {
            request.path = path.substr(0, mark);
            request.query = path.substr(mark + 1);
        }
        if (!type.empty())
            request.headers["content-type"] = type;
        if (who != Who::Nobody)
            request.headers["authorization"] = "Bearer " + tokenOf(who);
        return ask(request);
    }

    std::string tokenOf(Who who)
    {
        if (!_tokens.contains(who)) {
            const auto response =
                ask(Who::Nobody, "POST", "/token", "application/x-www-form-urlencoded",
                    writeForm({{"grant_type", "client_credentials"},
                               {"client_id", clientIds.at(who)},
                               {"client_secret", secretOf(who)}}));
            _tokens[who] = json::text(*json::parseObject(response.body), "access_token");
        }
        return _tokens[who];
    }
    void forgetTokens() { _tokens.clear(); }

    std::string secretOf(Who who) const { return "secret-of-" + clientIds.at(who); }
    static const std::string& tenantOf(Who who)
    {
        return who == Who::OtherSender || who == Who::OtherSubscriber || who == Who::OtherColleague
                   ? otherTenant
                   : tenant;
    }

    std::string announcement(const std::vector<std::string>& attachments = {},
                             const std::string& to = destinationId) const
    {
        auto ids = json::makeArray();
        for (const auto& id : attachments)
            ids->add(id);
        auto service = json::makeObject();
        service->set("identifier", parkingService);
        service->set("name", "Bewohnerparkausweis");
        auto body = json::makeObject();
        body->set("destinationId", to);
        body->set("announcedAttachments", ids);
        body->set("publicService", service);
        return json::write(*body);
    }

    struct Ids {
        std::string submission, opened;
    };
    HttpResponse announce(const std::string& envelopeId, const std::string& body)
    {
        return ask(sender, "POST", "/v2/submissions", "application/json", body,
                   {{"idempotency-key", envelopeId}});
    }
    static Ids idsOf(const HttpResponse& response)
    {
        const auto body = json::parseObject(response.body);
        return {json::text(*body, "submissionId"), json::text(*body, "caseId")};
    }

    std::string sealed(const std::string& plain, const std::string& type = "application/json",
                       const std::string& kid = "destination-encryption-1", int key = 1)
    {
        return envelope::seal(view(plain), rsaKey(key), kid, type, random).compact;
    }

    static std::string submitBody(const std::string& metadata, const std::string& data)
    {
        auto body = json::makeObject();
        body->set("encryptedMetadata", metadata);
        body->set("encryptedData", data);
        return json::write(*body);
    }

    /// Metadata that fit `data` and the attachments (plain text by id).
    static std::string metadataFor(const std::string& data,
                                   const std::map<std::string, std::string>& attachments = {})
    {
        const auto hash = [](const std::string& plain) {
            auto object = json::makeObject();
            object->set("type", "sha512");
            object->set("content", toHex(envelope::sha512(view(plain))));
            return object;
        };
        auto list = json::makeArray();
        for (const auto& [id, plain] : attachments) {
            auto each = json::makeObject();
            each->set("hash", hash(plain));
            each->set("purpose", "attachment");
            each->set("mimeType", "application/pdf");
            each->set("attachmentId", id);
            list->add(each);
        }
        auto schema = json::makeObject();
        schema->set("schemaUri", "urn:example:amtsstube:bewohnerparkausweis:1.0");
        schema->set("mimeType", "application/json");
        auto described = json::makeObject();
        described->set("hash", hash(data));
        described->set("submissionSchema", schema);
        auto structure = json::makeObject();
        structure->set("data", described);
        structure->set("attachments", list);
        auto metadata = json::makeObject();
        metadata->set("$schema",
                      "https://schema.fitko.de/fit-connect/metadata/2.1.0/metadata.schema.json");
        metadata->set("contentStructure", structure);
        return json::write(*metadata);
    }

    /// A submission that arrived whole.
    struct Sent {
        Ids ids;
        envelope::AuthenticationTags tags;
    };
    Sent send(const std::map<std::string, std::string>& attachments = {},
              const std::string& data = R"({"kennzeichen":"MUS-TE 1"})")
    {
        return sendParts(attachments, metadataFor(data, attachments), data);
    }
    Sent sendParts(const std::map<std::string, std::string>& attachments,
                   const std::string& metadata, const std::string& data)
    {
        std::vector<std::string> ids;
        for (const auto& [id, plain] : attachments)
            ids.push_back(id);
        Sent sent;
        sent.ids = idsOf(announce(randomUuid(random), announcement(ids)));
        for (const auto& [id, plain] : attachments) {
            const std::string jwe = sealed(plain, "application/pdf");
            sent.tags.attachments[id] = envelope::tagOf(jwe);
            ask(sender, "PUT", "/v2/submissions/" + sent.ids.submission + "/attachments/" + id,
                "application/jose", jwe);
        }
        const std::string first = sealed(metadata);
        const std::string second = sealed(data);
        sent.tags.metadata = envelope::tagOf(first);
        sent.tags.data = envelope::tagOf(second);
        submitted = submitBody(first, second);
        ask(sender, "PUT", "/v2/submissions/" + sent.ids.submission, "application/json", submitted);
        return sent;
    }

    envelope::SecurityEvent acceptOf(const Sent& sent)
    {
        return {.id = randomUuid(random),
                .issuer = destinationId,
                .issuedAt = std::chrono::floor<std::chrono::seconds>(loop.utcNow()),
                .submissionId = sent.ids.submission,
                .caseId = sent.ids.opened,
                .kind = envelope::EventKind::Accept,
                .tags = sent.tags,
                .problems = {}};
    }
    HttpResponse post(const envelope::SecurityEvent& event, int key = 2,
                      const std::string& kid = "destination-signature-1")
    {
        return ask(Who::Subscriber, "POST", "/v2/cases/" + event.caseId + "/events",
                   "application/jose", envelope::signEvent(event, rsaKey(key), kid));
    }

    envelope::IssuerKeys serviceKeys() const
    {
        return {serviceUrl, {{"service-signature-1", envelope::KeyUse::Verify, rsaKey(0), {}}}};
    }
    envelope::IssuerKeys destinationKeys() const
    {
        return {destinationId,
                {{"destination-signature-1", envelope::KeyUse::Verify, rsaKey(2), {}}}};
    }
    std::vector<envelope::SecurityEvent> eventsOf(const std::string& caseId, Who who = Who::Sender)
    {
        const auto response = ask(who, "GET", "/v2/cases/" + caseId + "/events");
        std::vector<envelope::SecurityEvent> events;
        for (const auto& token : json::texts(*json::parseObject(response.body), "eventLog"))
            events.push_back(
                envelope::verifyEvent(token, serviceKeys(), destinationKeys(), loop.utcNow()));
        return events;
    }

    /// Last part of the problem's type.
    static std::string problemOf(const HttpResponse& response)
    {
        const std::string type = json::text(*json::parseObject(response.body), "type");
        return type.substr(type.rfind('/') + 1);
    }

    void passTime(Milliseconds time)
    {
        const Milliseconds until = loop.sinceBoot() + time;
        loop.after(time, [] {});
        while (loop.sinceBoot() < until && loop.runNext()) {
        }
    }

    const std::map<Who, std::string> clientIds = {
        {Who::Sender, "town-a"},       {Who::OtherSender, "town-b"},
        {Who::Subscriber, "office-a"}, {Who::OtherSubscriber, "office-b"},
        {Who::Colleague, "all-a"},     {Who::OtherColleague, "all-b"},
    };
    Who sender = Who::Sender; ///< of announce() and send()

    TemporaryFolder folder;
    sim::SimLoop loop{fromIso("2026-11-21T09:00:00Z")};
    SystemRandom random;
    WatchedBooks::Watcher atCommit;
    WatchedBooks::Listener beforeAsking;
    gateway::CallbackDoor callbackDoor; ///< of the next start
    std::chrono::seconds callbackInterval{2};
    std::size_t attachmentBytesMax = 100'000;                ///< of the next start
    std::shared_ptr<const gateway::DeviceAuthority> devices; ///< of the next start
    bool nodesNeedCertificates = false;                      ///< of the next start
    std::shared_ptr<gateway::Counters> counters = std::make_shared<gateway::Counters>();
    std::string submitted; ///< what send() submitted last
    std::unique_ptr<gateway::Books> books;
    std::unique_ptr<gateway::Gateway> gateway;

private:
    void start()
    {
        log::setEnabled(false);
        books = std::make_unique<WatchedBooks>(open(), atCommit, beforeAsking);
        _all.emplace(*books, "region"); // tests look at every row
        gateway::GatewaySettings settings;
        settings.url = serviceUrl;
        settings.signingKey = rsaKey(0);
        settings.signingKid = "service-signature-1";
        settings.attachmentBytesMax = attachmentBytesMax;
        settings.submissionBytesMax = 200'000;
        settings.callbackDoor = callbackDoor;
        settings.callbackInterval = callbackInterval;
        settings.counters = counters;
        settings.devices = devices;
        settings.devicesNeedCertificates = nodesNeedCertificates;
        gateway = std::make_unique<gateway::Gateway>(std::move(settings), *books, loop, random);
        for (const auto& [who, id] : clientIds) {
            const bool sends = who != Who::Subscriber && who != Who::OtherSubscriber;
            const bool subscribes = who != Who::Sender && who != Who::OtherSender;
            std::vector<std::string> scopes;
            if (sends)
                scopes.emplace_back(portal::sendScope);
            if (subscribes)
                scopes.insert(scopes.end(), {std::string(portal::subscribeScope),
                                             std::string(portal::manageScope)});
            gateway->enter(
                gateway::ClientEntry{id, Secret(secretOf(who)), std::move(scopes), tenantOf(who)});
        }
        enter(destinationId, "office-a");
        enter(otherDestinationId, "office-b");
    }

    /// SQLite; with AMT_TEST_POSTGRES a schema of this town's own on that server.
    std::unique_ptr<gateway::Books> open()
    {
        const char* server = std::getenv("AMT_TEST_POSTGRES");
        if (!server) {
            store::DatabaseSettings file;
            file.path = (folder.path() / "gateway.db").string();
            return gateway::makeSqliteBooks(std::move(file));
        }
        // As a region runs it: one role owns the tables, another one serves (with_postgres.sh).
        if (_schema.empty()) {
            _schema = "town" + toHex(randomBytes(random, 8));
            gateway::makePostgresBooks(server, loop)
                ->ask("CREATE SCHEMA " + _schema + " AUTHORIZATION amt_owner", {});
        }
        const std::string there =
            std::string(server) + "&options=-csearch_path%3D" + _schema + "&user=";
        return gateway::makePostgresBooks(there + "amt_serve", loop, there + "amt_owner");
    }

    void enter(const std::string& id, const std::string& owner)
    {
        const std::string document =
            R"({"destinationId":")" + id +
            R"(","name":"Ordnungsamt","encryptionKid":"destination-encryption-1",)"
            R"("metadataVersions":["2.1.0"],"publicServices":[{"identifier":")" +
            parkingService +
            R"(","submissionSchemas":[{"schemaUri":"urn:example:amtsstube:bewohnerparkausweis:1.0",)"
            R"("mimeType":"application/json"}],"regions":["DE"]}]})";
        gateway->enter(gateway::DestinationEntry{
            id,
            owner,
            document,
            {{"destination-encryption-1", envelope::KeyUse::Encrypt, publicRsaKey(1), {}},
             {"destination-signature-1", envelope::KeyUse::Verify, publicRsaKey(2), {}}}});
    }

    std::map<Who, std::string> _tokens;
    std::string _schema;
    std::optional<gateway::Books::Seeing> _all;
};

} // namespace amt::test

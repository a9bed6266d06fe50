// SPDX-License-Identifier: EUPL-1.2
//
// amt-bench-gateway: real amt-gateway processes before a real PostgreSQL with a day of a federal
// state in its books, asked over HTTPS by one light client. Rows as JSON lines; bench.mjs prints
// them.
#include "appliance/core/files.h"
#include "appliance/core/http.h"
#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "appliance/core/real_event_loop.h"
#include "sync/envelope/envelope.h"
#include "sync/gateway/access.h"
#include "sync/gateway/books.h"
#include "sync/gateway/enrolment.h"
#include "sync/gateway/ledger.h"
#include "sync/gateway/tls_identity.h"
#include "sync/portal/words.h"
#include "tests/support/test_keys.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/StreamCopier.h>
#include <libpq-fe.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

namespace {

using namespace amt;

constexpr int towns = 396;           ///< municipalities of North Rhine-Westphalia
constexpr int historyCases = 57'600; ///< its peak day (facts/portal.md 6.3)
constexpr int connections = 16;
constexpr int idleLines = 8'000;
constexpr int freshLines = 500;
constexpr int bendPairsMax = 512; ///< a town and its office each
constexpr double bendMilliseconds = 500;
constexpr std::size_t partBytes = 16 * 1024;
constexpr double phaseSeconds = 12;
const std::string service = "urn:de:fim:leika:leistung:99108001001000";
const std::string serviceKid = "service-signature-1";
const std::string encryptionKid = "destination-encryption-1";
const std::string signatureKid = "destination-signature-1";

double seconds(clockid_t clock)
{
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Peer {
    std::string name;
    double value;
};

/// A row of the table (README of tests/bench).
void row(const std::string& name, double value, const std::string& unit,
         std::optional<Peer> peer = {}, std::optional<double> goal = {}, bool higherIsBetter = true)
{
    auto object = json::makeObject();
    const Poco::Dynamic::Var nothing;
    object->set("name", name);
    object->set("value", value);
    object->set("unit", unit);
    object->set("peer", peer ? Poco::Dynamic::Var(peer->name) : nothing);
    object->set("peer_value", peer ? Poco::Dynamic::Var(peer->value) : nothing);
    object->set("ratio", peer ? Poco::Dynamic::Var(value / peer->value) : nothing);
    object->set("goal", goal ? Poco::Dynamic::Var(*goal) : nothing);
    object->set("met", goal ? Poco::Dynamic::Var(higherIsBetter ? value >= *goal : value <= *goal)
                            : nothing);
    std::printf("%s\n", json::write(*object).c_str());
    std::fflush(stdout);
}

double quantile(std::vector<double>& values, double share)
{
    if (values.empty())
        return 0;
    const auto at = values.begin() +
                    static_cast<std::ptrdiff_t>(static_cast<double>(values.size() - 1) * share);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

std::string destinationOf(int town)
{
    const auto digits = toHex(envelope::sha256(view("destination" + std::to_string(town))));
    return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-4" + digits.substr(13, 3) + "-8" +
           digits.substr(17, 3) + "-" + digits.substr(20, 12);
}

std::string secretOf(const std::string& client)
{
    return "secret-of-" + client;
}

// --- set-up
// ---------------------------------------------------------------------------------------

class Folder {
public:
    Folder()
    {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "amt-bench-XXXXXX").string();
        if (!::mkdtemp(pattern.data()))
            throw Error(ErrorCode::SystemFailed, "no folder");
        _path = pattern;
    }
    ~Folder() { std::filesystem::remove_all(_path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    const std::filesystem::path& path() const { return _path; }

private:
    std::filesystem::path _path;
};

std::uint16_t freePort()
{
    const Poco::Net::ServerSocket probe(Poco::Net::SocketAddress("127.0.0.1", 0));
    return probe.address().port();
}

/// What `amt-gateway init` writes, but with keys that are there already.
void writeState(const std::filesystem::path& state, const std::string& url)
{
    const RealEventLoop clock;
    const auto tls = gateway::makeTlsIdentity({"127.0.0.1"}, clock.utcNow() - std::chrono::hours(1),
                                              clock.utcNow() + std::chrono::hours(1));
    std::filesystem::create_directory(state / "tls");
    std::filesystem::create_directory(state / "keys");
    writeDurably(state / "tls" / "ca.pem", view(tls.authority));
    writeDurably(gateway::serverCertificateFile(state), view(tls.certificate));
    writeDurably(gateway::serverKeyFile(state), view(tls.privateKey));
    writeDurably(state / "keys" / "service.der",
                 test::readRsaKey(AMT_SOURCE_DIR, 0).privateDer().reveal());
    auto own = json::makeObject();
    own->set("format", 1);
    own->set("url", url);
    own->set("signingKid", serviceKid);
    writeDurably(state / "gateway.json", view(json::write(*own)));
}

/// Towns, their offices, and a day of theirs that is over.
void fillBooks(const std::string& database)
{
    const RealEventLoop clock;
    SystemRandom random;
    const auto books = gateway::makePostgresBooks(database, clock);
    const auto all = books->wholeRegion();
    books->migrate();
    const auto publicKey = [](int number) {
        return envelope::RsaKey::fromPublicDer(
            test::readRsaKey(AMT_SOURCE_DIR, number).publicDer());
    };
    const std::vector<envelope::PublicJwk> keys = {
        {encryptionKid, envelope::KeyUse::Encrypt, publicKey(1), {}},
        {signatureKid, envelope::KeyUse::Verify, publicKey(2), {}}};
    books->transact([&] {
        gateway::Access access(*books, random, std::chrono::seconds(1800));
        gateway::Ledger ledger(*books);
        for (int town = 0; town < towns; ++town) {
            const std::string sender = "town-" + std::to_string(town);
            const std::string office = "office-" + std::to_string(town);
            access.enter({.id = sender,
                          .secret = Secret(secretOf(sender)),
                          .scopes = {std::string(portal::sendScope)},
                          .tenantId = std::to_string(town)});
            access.enter({.id = office,
                          .secret = Secret(secretOf(office)),
                          .scopes = {std::string(portal::subscribeScope)},
                          .tenantId = std::to_string(town)});
            const std::string id = destinationOf(town);
            ledger.enter({.id = id,
                          .ownerId = office,
                          .document = R"({"destinationId":")" + id +
                                      R"(","name":"Ordnungsamt","encryptionKid":")" +
                                      encryptionKid +
                                      R"(","metadataVersions":["2.1.0"],"publicServices":[)"
                                      R"({"identifier":")" +
                                      service + R"(","submissionSchemas":[],"regions":["DE"]}]})",
                          .keys = keys});
        }
    });
    const std::string cases = std::to_string(historyCases);
    const std::string from = " FROM generate_series(1, " + cases + ") n";
    books->ask("INSERT INTO case_file (id, client_id, destination_id) SELECT"
               " md5('c' || n)::uuid::text, 'town-' || n % 396, d.ids[n % 396 + 1]"
               " FROM (SELECT array_agg(id) ids FROM destination) d, generate_series(1, " +
                   cases + ") n",
               {});
    books->ask("INSERT INTO submission (id, case_id, client_id, destination_id, envelope_id,"
               " service, state, announced_at, submitted_at, metadata_digest, data_digest, digest)"
               " SELECT md5('s' || n)::uuid::text, id, client_id, destination_id,"
               " md5('e' || n)::uuid::text, '" +
                   service +
                   "', 'accepted', n, n, md5('m' || n) || md5('m' || n), md5('d' || n) ||"
                   " md5('d' || n), md5('a' || n) || md5('a' || n)" +
                   from + " JOIN case_file ON id = md5('c' || n)::uuid::text",
               {});
    books->ask("INSERT INTO idempotency (client_id, envelope_id, digest, submission_id)"
               " SELECT client_id, envelope_id, digest, id FROM submission",
               {});
    books->ask("INSERT INTO attachment (submission_id, id, digest, tag) SELECT id,"
               " md5(id || k)::uuid::text, digest, md5(id || k) FROM submission,"
               " generate_series(1, 2) k",
               {});
    books->ask("INSERT INTO event (case_id, submission_id, jti, kind, token, logged_at)"
               " SELECT case_id, id, md5(id || k)::uuid::text, 'submit-submission',"
               " repeat(md5(id || k), 44), k FROM generate_series(1, 4) k, submission",
               {});
    books->ask("ANALYZE", {});
    books->ask("CHECKPOINT", {});
}

/// An amt-gateway of its own; ends with this.
class Process {
public:
    Process(const std::string& program, const std::filesystem::path& state,
            const std::string& database, const std::vector<std::string>& more)
        : port(freePort()), plainPort(freePort())
    {
        std::vector<std::string> words = {program,          "serve",
                                          "--state",        state.string(),
                                          "--database",     database,
                                          "--port",         std::to_string(port),
                                          "--metrics-port", std::to_string(plainPort)};
        words.insert(words.end(), more.begin(), more.end());
        std::vector<char*> arguments;
        for (auto& word : words)
            arguments.push_back(word.data());
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions, 2, (state / "log").c_str(),
                                           O_WRONLY | O_CREAT | O_APPEND, 0600);
        const int failed =
            ::posix_spawn(&_pid, program.c_str(), &actions, nullptr, arguments.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        if (failed != 0)
            throw Error(ErrorCode::SystemFailed, "cannot start " + program);
    }
    ~Process()
    {
        ::kill(_pid, SIGTERM);
        ::waitpid(_pid, nullptr, 0);
    }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    double residentMebibytes() const { return status("VmRSS:") / 1024; }
    double threads() const { return status("Threads:"); }
    long files() const
    {
        return std::distance(
            std::filesystem::directory_iterator("/proc/" + std::to_string(_pid) + "/fd"), {});
    }
    double cpuSeconds() const
    {
        std::ifstream stat("/proc/" + std::to_string(_pid) + "/stat");
        std::string word;
        double ticks = 0;
        for (int field = 1; stat >> word; ++field) {
            if (field == 14 || field == 15)
                ticks += std::stod(word);
        }
        return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }

    const std::uint16_t port, plainPort;

private:
    double status(const std::string& name) const
    {
        std::ifstream status("/proc/" + std::to_string(_pid) + "/status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with(name))
                return std::stod(line.substr(name.size()));
        }
        return 0;
    }

    pid_t _pid = 0;
};

// --- the client
// -----------------------------------------------------------------------------------

/// Sealed before the clock runs; each case has new ids and these bytes.
struct Parts {
    std::string submit, attachment;
    envelope::AuthenticationTags tags; ///< attachments: the tag of `attachment`, under no id
    std::string attachmentTag;
};

Parts makeParts()
{
    SystemRandom random;
    const auto key =
        envelope::RsaKey::fromPublicDer(test::readRsaKey(AMT_SOURCE_DIR, 1).publicDer());
    const auto sealed = [&](std::size_t size, const char* type) {
        return envelope::seal(Bytes(size, 'x'), key, encryptionKid, type, random);
    };
    const auto metadata = sealed(4096, "application/json");
    const auto data = sealed(partBytes, "application/json");
    const auto attachment = sealed(partBytes, "application/pdf");
    return {.submit = portal::writeSubmit({metadata.compact, data.compact}),
            .attachment = attachment.compact,
            .tags = {.metadata = metadata.tag, .data = data.tag, .attachments = {}},
            .attachmentTag = attachment.tag};
}

/// One connection of one town or its office, which asks one thing after the other.
class Line {
public:
    Line(std::uint16_t port, std::string host, Poco::Net::Context::Ptr tls)
        : _session("127.0.0.1", port, tls), _host(std::move(host))
    {
        _session.setKeepAlive(true);
        _session.setKeepAliveTimeout(Poco::Timespan(60, 0));
        _session.setTimeout(Poco::Timespan(30, 0));
    }

    void signIn(const std::string& client)
    {
        _token.clear();
        const auto body = ask("POST", "/token", portal::formType,
                              writeForm({{"grant_type", "client_credentials"},
                                         {"client_id", client},
                                         {"client_secret", secretOf(client)}}));
        _token = portal::readToken(body).accessToken;
    }

    /// Throws PortalRefused for what is no 2xx.
    std::string ask(const std::string& method, const std::string& path, std::string_view type = {},
                    const std::string& content = {}, const std::string& idempotencyKey = {})
    {
        const double begin = seconds(CLOCK_MONOTONIC);
        Poco::Net::HTTPRequest head(method, path, Poco::Net::HTTPMessage::HTTP_1_1);
        head.set("Host", _host);
        head.set("User-Agent", "amt-bench");
        if (!_token.empty())
            head.set("Authorization", "Bearer " + _token);
        if (!idempotencyKey.empty())
            head.set("Idempotency-Key", idempotencyKey);
        if (!type.empty()) {
            head.setContentType(std::string(type));
            head.setContentLength64(static_cast<Poco::Int64>(content.size()));
        }
        auto& out = _session.sendRequest(head);
        out.write(content.data(), static_cast<std::streamsize>(content.size()));
        out.flush();
        Poco::Net::HTTPResponse from;
        std::string body;
        Poco::StreamCopier::copyToString(_session.receiveResponse(from), body);
        times.push_back(seconds(CLOCK_MONOTONIC) - begin);
        if (from.getStatus() < 200 || from.getStatus() > 299)
            throw Error(ErrorCode::PortalRefused,
                        method + " " + path + ": " + std::to_string(from.getStatus()) + " " + body);
        return body;
    }

    std::vector<double> times; ///< of each call, s

private:
    Poco::Net::HTTPSClientSession _session;
    std::string _host;
    std::string _token;
};

struct Result {
    double works = 0, calls = 0;          ///< a second
    double p50 = 0, p99 = 0;              ///< of a call, ms
    double clientCpu = 0, gatewayCpu = 0; ///< cores
};

/// A town and its office on two connections, for one thread.
struct Pair {
    Pair(int number, std::uint16_t port, const std::string& host, Poco::Net::Context::Ptr tls)
        : town(port, host, tls), office(port, host, tls), destination(destinationOf(number))
    {
        town.signIn("town-" + std::to_string(number));
        office.signIn("office-" + std::to_string(number));
        town.times.clear();
        office.times.clear();
    }

    Line town, office;
    std::string destination;
    SystemRandom random;
};

class Field {
public:
    Field(std::vector<const Process*> gateways, std::string host, Poco::Net::Context::Ptr tls)
        : _gateways(std::move(gateways)), _host(std::move(host)), _tls(std::move(tls))
    {}

    /// `work` again and again, on a thread and two connections for each of `count` towns.
    Result run(double duration, const std::function<void(Pair&)>& work, int count = connections / 2)
    {
        std::vector<std::unique_ptr<Pair>> pairs;
        for (int i = 0; i < count; ++i) {
            const auto port = _gateways[static_cast<std::size_t>(i) % _gateways.size()]->port;
            pairs.push_back(std::make_unique<Pair>(i % towns, port, _host, _tls));
        }
        std::atomic<int> works = 0;
        std::atomic<bool> failed = false;
        const double cpuBefore = seconds(CLOCK_PROCESS_CPUTIME_ID), gatewayBefore = gatewayCpu();
        const double begin = seconds(CLOCK_MONOTONIC);
        std::vector<std::thread> threads;
        for (auto& pair : pairs) {
            threads.emplace_back([&, mine = pair.get()] {
                try {
                    while (!failed && seconds(CLOCK_MONOTONIC) - begin < duration) {
                        work(*mine);
                        ++works;
                    }
                } catch (const Poco::Exception& failure) {
                    if (!failed.exchange(true))
                        std::fprintf(stderr, "amt-bench-gateway: %s\n",
                                     failure.displayText().c_str());
                }
            });
        }
        for (auto& thread : threads)
            thread.join();
        const double passed = seconds(CLOCK_MONOTONIC) - begin;
        if (failed)
            throw Error(ErrorCode::PortalRefused, "a call failed");
        std::vector<double> times;
        for (const auto& pair : pairs) {
            times.insert(times.end(), pair->town.times.begin(), pair->town.times.end());
            times.insert(times.end(), pair->office.times.begin(), pair->office.times.end());
        }
        return {.works = works / passed,
                .calls = static_cast<double>(times.size()) / passed,
                .p50 = quantile(times, 0.5) * 1e3,
                .p99 = quantile(times, 0.99) * 1e3,
                .clientCpu = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpuBefore) / passed,
                .gatewayCpu = (gatewayCpu() - gatewayBefore) / passed};
    }

private:
    double gatewayCpu() const
    {
        double all = 0;
        for (const auto* gateway : _gateways)
            all += gateway->cpuSeconds();
        return all;
    }

    std::vector<const Process*> _gateways;
    std::string _host;
    Poco::Net::Context::Ptr _tls;
};

portal::AnnouncedBody announce(Pair& pair, const std::vector<std::string>& attachments)
{
    const portal::AnnounceBody body{.destinationId = pair.destination,
                                    .attachmentIds = attachments,
                                    .service = service,
                                    .serviceName = "Bewohnerparkausweis",
                                    .region = {},
                                    .caseId = {}};
    return portal::readAnnounced(pair.town.ask("POST", std::string(portal::submissionsPath),
                                               portal::jsonType, portal::writeAnnounce(body),
                                               randomUuid(pair.random)));
}

/// The ten calls of facts/portal.md 6.3: six by the node, four by the office, which signs.
void wholeCase(Pair& pair, const Parts& parts, const envelope::RsaKey& signatureKey)
{
    const RealEventLoop clock;
    auto& [town, office, destination, random] = pair;
    const std::vector<std::string> attachments = {randomUuid(random), randomUuid(random)};
    const auto ids = announce(pair, attachments);
    const std::string path = portal::submissionPath(ids.submissionId);
    auto tags = parts.tags;
    for (const auto& id : attachments) {
        town.ask("PUT", portal::attachmentPath(ids.submissionId, id), portal::joseType,
                 parts.attachment);
        tags.attachments[id] = parts.attachmentTag;
    }
    town.ask("PUT", path, portal::jsonType, parts.submit);
    town.ask("GET", portal::caseEventsPath(ids.caseId));
    office.ask("GET", path);
    for (const auto& id : attachments)
        office.ask("GET", portal::attachmentPath(ids.submissionId, id));
    office.ask(
        "POST", portal::caseEventsPath(ids.caseId), portal::joseType,
        envelope::signEvent({.id = randomUuid(random),
                             .issuer = destination,
                             .issuedAt = std::chrono::floor<std::chrono::seconds>(clock.utcNow()),
                             .submissionId = ids.submissionId,
                             .caseId = ids.caseId,
                             .kind = envelope::EventKind::Accept,
                             .tags = tags,
                             .problems = {}},
                            signatureKey, signatureKid));
    town.ask("GET", portal::caseEventsPath(ids.caseId));
}

// --- the peer: libpq alone
// ------------------------------------------------------------------------

/// The rows of announce and submit in two commits, by one connection of libpq and nothing else.
class BareLine {
public:
    explicit BareLine(const std::string& database)
        : _connection(::PQconnectdb(database.c_str()), &::PQfinish)
    {
        ask("SET synchronous_commit = on", {});
    }

    void submission(RandomSource& random, const std::string& destination, const Parts& parts)
    {
        const std::string opened = randomUuid(random), id = randomUuid(random);
        const std::string envelopeId = randomUuid(random), digest(64, 'a'), token(1400, 't');
        ask("BEGIN", {});
        ask("INSERT INTO case_file (id, client_id, destination_id) VALUES ($1, 'town-0', $2)",
            {opened, destination});
        ask("INSERT INTO submission (id, case_id, client_id, destination_id, envelope_id, service,"
            " state, announced_at) VALUES ($1, $2, 'town-0', $3, $4, 'p', 'announced', 1)",
            {id, opened, destination, envelopeId});
        ask("INSERT INTO idempotency (client_id, envelope_id, digest, submission_id)"
            " VALUES ('town-0', $1, $2, $3)",
            {envelopeId, digest, id});
        log(opened, id, randomUuid(random), token);
        ask("COMMIT", {});
        ask("BEGIN", {});
        ask("UPDATE submission SET state = 'submitted', submitted_at = 2, metadata = 'm', data ="
            " $1, metadata_digest = $2, data_digest = $2, digest = $2 WHERE id = $3",
            {parts.submit, digest, id});
        log(opened, id, randomUuid(random), token);
        ask("COMMIT", {});
    }

private:
    void log(const std::string& opened, const std::string& id, const std::string& jti,
             const std::string& token)
    {
        ask("INSERT INTO event (case_id, submission_id, jti, kind, token, logged_at)"
            " VALUES ($1, $2, $3, 'k', $4, 1)",
            {opened, id, jti, token});
    }

    void ask(const std::string& sql, const std::vector<std::string>& values)
    {
        auto known = _prepared.find(sql);
        if (known == _prepared.end()) {
            known = _prepared.emplace(sql, "b" + std::to_string(_prepared.size())).first;
            check(::PQprepare(_connection.get(), known->second.c_str(), sql.c_str(), 0, nullptr));
        }
        std::vector<const char*> parameters;
        for (const auto& value : values)
            parameters.push_back(value.c_str());
        check(::PQexecPrepared(_connection.get(), known->second.c_str(),
                               static_cast<int>(values.size()), parameters.data(), nullptr, nullptr,
                               0));
    }

    static void check(PGresult* result)
    {
        const auto status = ::PQresultStatus(result);
        const std::string message = ::PQresultErrorMessage(result);
        ::PQclear(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            throw Error(ErrorCode::StoreFailed, message);
    }

    std::unique_ptr<PGconn, decltype(&::PQfinish)> _connection;
    std::map<std::string, std::string> _prepared;
};

/// Submissions a second by as many connections as the client has towns.
double bareSubmissions(const std::string& database, const Parts& parts, int lines, double duration)
{
    std::atomic<int> count = 0;
    std::atomic<bool> failed = false;
    std::vector<std::thread> threads;
    const double begin = seconds(CLOCK_MONOTONIC);
    for (int i = 0; i < lines; ++i) {
        threads.emplace_back([&, i] {
            try {
                SystemRandom random;
                BareLine line(database);
                while (seconds(CLOCK_MONOTONIC) - begin < duration) {
                    line.submission(random, destinationOf(i), parts);
                    ++count;
                }
            } catch (const Error& failure) {
                failed = true;
                std::fprintf(stderr, "amt-bench-gateway: %s\n", failure.displayText().c_str());
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    if (failed)
        throw Error(ErrorCode::StoreFailed, "libpq alone");
    return count / (seconds(CLOCK_MONOTONIC) - begin);
}

/// PS512 with RSA 4096 as an event takes it, a second of CPU.
double signatures()
{
    const auto key = test::readRsaKey(AMT_SOURCE_DIR, 0);
    const std::string payload(700, 'p');
    const double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
    int count = 0;
    for (; seconds(CLOCK_THREAD_CPUTIME_ID) - begin < 1; ++count)
        envelope::sign(payload, key, serviceKid, "secevent+jwt");
    return count / (seconds(CLOCK_THREAD_CPUTIME_ID) - begin);
}

/// One connection that asks for the health of the gateway and rests: little memory on this side.
class Rester {
public:
    /// `tls`: null for a plain one.
    Rester(std::uint16_t port, Poco::Net::Context::Ptr tls)
        : _socket(tls ? Poco::Net::SecureStreamSocket(address(port), tls)
                      : Poco::Net::StreamSocket(address(port)))
    {
        _socket.setNoDelay(true);
    }

    void ask(const std::string& host)
    {
        const std::string head = "GET /health HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
        _socket.sendBytes(head.data(), static_cast<int>(head.size()));
        std::array<char, 4096> part;
        std::string all;
        while (!isWhole(all)) {
            const int got = _socket.receiveBytes(part.data(), static_cast<int>(part.size()));
            if (got <= 0)
                throw Error(ErrorCode::SystemFailed, "a connection was closed");
            all.append(part.data(), static_cast<std::size_t>(got));
        }
        if (!all.starts_with("HTTP/1.1 200"))
            throw Error(ErrorCode::PortalRefused, all);
    }

private:
    static Poco::Net::SocketAddress address(std::uint16_t port) { return {"127.0.0.1", port}; }
    static bool isWhole(const std::string& answer)
    {
        constexpr std::string_view lengthField = "Content-Length: ";
        const std::size_t end = answer.find("\r\n\r\n"), length = answer.find(lengthField);
        return end != std::string::npos && length < end &&
               answer.size() >=
                   end + 4 + std::stoul(answer.substr(length + lengthField.size(), 10));
    }

    Poco::Net::StreamSocket _socket;
};

/// Connections that used theirs once rest; others come new meanwhile: time from nothing to an
/// answer.
void restBeside(const Process& gateway, const std::string& host, Poco::Net::Context::Ptr tls)
{
    const std::string with = tls ? ", TLS" : ", plain";
    const auto port = tls ? gateway.port : gateway.plainPort;
    const double before = gateway.residentMebibytes();
    std::vector<std::unique_ptr<Rester>> lines;
    const auto fresh = [&] {
        const double begin = seconds(CLOCK_MONOTONIC);
        lines.push_back(std::make_unique<Rester>(port, tls));
        lines.back()->ask(host);
        return (seconds(CLOCK_MONOTONIC) - begin) * 1e3;
    };
    for (int i = 0; i < idleLines; ++i)
        fresh();
    const double after = gateway.residentMebibytes();
    row("open files of the gateway" + with, static_cast<double>(gateway.files()), "", {},
        static_cast<double>(idleLines));
    row("threads of the gateway meanwhile" + with, gateway.threads(), "");
    std::vector<double> times, again;
    for (int i = 0; i < freshLines; ++i)
        times.push_back(fresh());
    row("fresh request beside them" + with, quantile(times, 0.5), "ms p50");
    row("fresh request beside them" + with, quantile(times, 0.99), "ms p99", {},
        tls ? std::optional<double>() : 5.0, false);
    for (int i = 0; i < freshLines; ++i) { // whoever rested is still known
        const double begin = seconds(CLOCK_MONOTONIC);
        lines[static_cast<std::size_t>(i * (idleLines / freshLines))]->ask(host);
        again.push_back((seconds(CLOCK_MONOTONIC) - begin) * 1e3);
    }
    row("request of one that rested" + with, quantile(again, 0.99), "ms p99");
    row("resident memory for each that rests" + with, (after - before) * 1024 / idleLines, "KiB");
    row("resident memory beside them" + with, gateway.residentMebibytes(), "MiB");
}

void waitFor(const Process& gateway, const std::string& host, Poco::Net::Context::Ptr tls)
{
    for (int i = 0; i < 100; ++i) {
        try {
            Line(gateway.port, host, tls).ask("GET", "/health");
            return;
        } catch (const Poco::Exception&) {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
    }
    throw Error(ErrorCode::SystemFailed, "the gateway does not come up");
}

void measure(const std::string& program, const std::string& database)
{
    const Folder folder;
    const std::string host = "gateway.example";
    writeState(folder.path(), "https://" + host);
    fillBooks(database);
    const Parts parts = makeParts();
    const auto officeKey = test::readRsaKey(AMT_SOURCE_DIR, 2);
    Poco::Net::Context::Ptr tls = new Poco::Net::Context(
        Poco::Net::Context::TLS_CLIENT_USE, "", "", (folder.path() / "tls" / "ca.pem").string(),
        Poco::Net::Context::VERIFY_RELAXED);
    tls->enableExtendedCertificateVerification(false);
    SSL_CTX_set_mode(tls->sslContext(), SSL_MODE_RELEASE_BUFFERS); // thousands in one process

    const double signs = signatures();
    row("RSA-4096 PS512 alone", signs, "1/s of CPU");
    const double bareOne = bareSubmissions(database, parts, 1, 5);
    const double bare = bareSubmissions(database, parts, connections / 2, 8);
    row("libpq alone, 1 connection", bareOne, "subm./s");
    row("libpq alone, " + std::to_string(connections / 2) + " connections", bare, "subm./s");

    const auto caseWork = [&](Pair& pair) { wholeCase(pair, parts, officeKey); };
    const auto submissionWork = [&](Pair& pair) {
        const auto ids = announce(pair, {});
        pair.town.ask("PUT", portal::submissionPath(ids.submissionId), portal::jsonType,
                      parts.submit);
    };
    const auto lightWork = [](Pair& pair) {
        pair.town.ask("GET", portal::destinationPath(pair.destination));
    };

    struct Setting {
        std::string name;
        int gateways, workers;
    };
    const Setting settings[] = {
        {", 1 worker", 1, 1}, {", 8 workers", 1, 8}, {", 2 gateways", 2, 8}};
    for (const auto& [with, count, workers] : settings) {
        std::vector<std::unique_ptr<Process>> gateways;
        std::vector<const Process*> running;
        for (int i = 0; i < count; ++i) {
            gateways.push_back(std::make_unique<Process>(
                program, folder.path(), database,
                std::vector<std::string>{"--workers", std::to_string(workers), "--calls",
                                         "10000"}));
            running.push_back(gateways.back().get());
            waitFor(*gateways.back(), host, tls);
        }
        Field field(running, host, tls);
        const auto cases = field.run(phaseSeconds, caseWork);
        // The goals are for one gateway as it comes.
        const auto goal = [&, isUsual = count == 1 && workers > 1](double value) {
            return isUsual ? std::optional(value) : std::nullopt;
        };
        row("cases" + with, cases.works, "1/s", {}, goal(60));
        row("cases beside signing" + with, cases.works, "1/s",
            Peer{"2 signatures of the gateway and 1 of the office alone", signs / 3});
        row("calls of cases" + with, cases.calls, "1/s", {}, goal(600));
        row("call of a case" + with, cases.p50, "ms p50");
        row("call of a case" + with, cases.p99, "ms p99", {}, goal(500), false);
        row("CPU of the gateways meanwhile" + with, cases.gatewayCpu, "cores");
        row("CPU of the client meanwhile" + with, cases.clientCpu, "cores");
        const auto light = field.run(phaseSeconds / 3, lightWork);
        row("light calls (a destination)" + with, light.calls, "1/s", {}, goal(600));
        row("light call" + with, light.p99, "ms p99", {}, goal(500), false);
        const auto durable = field.run(phaseSeconds / 2, submissionWork);
        row("durable submissions, 16 KiB" + with, durable.works, "1/s",
            Peer{"the same rows by libpq alone", bare});
        row("durable submissions beside signing" + with, durable.works, "1/s",
            Peer{"its 2 signatures alone", signs / 2});
        row("resident memory of a gateway" + with, gateways[0]->residentMebibytes(), "MiB");
        if (!goal(1))
            continue;
        restBeside(*gateways[0], host, {});
        restBeside(*gateways[0], host, tls);
        for (int pairs = connections / 2; pairs <= bendPairsMax; pairs *= 2) {
            const auto many = field.run(phaseSeconds, caseWork, pairs);
            const std::string by = ", " + std::to_string(2 * pairs) + " clients";
            row("cases" + by, many.works, "1/s");
            row("call of a case" + by, many.p99, "ms p99");
            if (many.p99 > bendMilliseconds)
                break;
        }
    }
}

} // namespace

int main(int argc, char** argv)
{
    log::setEnabled(false);
    const char* database = std::getenv("AMT_TEST_POSTGRES");
    if (argc != 2 || !database) {
        std::fprintf(stderr, "usage: with_postgres.sh amt-bench-gateway AMT-GATEWAY\n");
        return 64;
    }
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    try {
        measure(argv[1], database);
    } catch (const Poco::Exception& failure) {
        std::fprintf(stderr, "amt-bench-gateway: %s\n", failure.displayText().c_str());
        return 1;
    }
    return 0;
}

// SPDX-License-Identifier: EUPL-1.2
//
// The town hall of the tests: keys, enrolment, devices, browser.
#include "tests/node/town.h"

#include "appliance/core/log.h"
#include "appliance/office/people/people.h"
#include "sync/outbox/destinations.h"
#include "tests/support/test_keys.h"

#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace amt::test {
namespace {

constexpr auto destinationId = "6f1c9a40-5b0e-4a86-9d0f-3f3f7f1c2a10";

outbox::Enrolment testEnrolment(UtcTime now)
{
    const UtcTime from = now - std::chrono::hours(24);
    const UtcTime until = now + std::chrono::hours(24 * 365);
    const auto root = envelope::makeRootCertificate(rsaKey(0), "Test root", from, until);
    const auto jwk = [&](int key, envelope::KeyUse use, const std::string& kid) {
        envelope::PublicJwk made;
        made.kid = kid;
        made.use = use;
        made.key = publicRsaKey(key);
        made.chain = {
            envelope::makeLeafCertificate(publicRsaKey(key), use, kid, rsaKey(0), root, from, until)
                .der,
            root.der};
        return made;
    };
    outbox::Enrolment enrolment;
    enrolment.serviceIssuer = "https://gateway.example";
    auto service = jwk(3, envelope::KeyUse::Verify, "service-key-1");
    service.chain.clear();
    enrolment.serviceKeys = {service};
    enrolment.roots = {root.der};
    const std::string document =
        R"({"destinationId":")" + std::string(destinationId) +
        R"(","name":"Ordnungsamt","status":"active","encryptionKid":"encryption-1","metadataVersions":["2.1.0"],)"
        R"("publicServices":[{"identifier":"urn:de:fim:leika:leistung:99108001001000","submissionSchemas":)"
        R"([{"schemaUri":"urn:example:amtsstube:bewohnerparkausweis:1.0","mimeType":"application/json"}],"regions":["DE"]}],)"
        R"("contactInformation":{"legalName":"Stadt Musterstadt"}})";
    outbox::Enrolment::Destination destination;
    destination.id = destinationId;
    destination.document = document;
    destination.key =
        json::write(*envelope::writeJwk(jwk(1, envelope::KeyUse::Encrypt, "encryption-1")));
    destination.signatureKeys = {jwk(2, envelope::KeyUse::Verify, "signature-1")};
    enrolment.destinations = {destination};
    return enrolment;
}

std::unique_ptr<store::Database> openDatabase(const std::filesystem::path& folder)
{
    store::DatabaseSettings settings;
    settings.path = (folder / "node.db").string();
    return std::make_unique<store::Database>(settings);
}

std::string source()
{
    return AMT_SOURCE_DIR;
}

} // namespace

// --- loop

TimerId HandLoop::after(Milliseconds delay, Task task)
{
    const TimerId id = ++_lastTimer;
    _timers.emplace(_sinceBoot + delay, Timer{id, std::move(task)});
    return id;
}

void HandLoop::cancel(TimerId timer)
{
    std::erase_if(_timers, [&](const auto& entry) { return entry.second.id == timer; });
}

void HandLoop::run()
{
    while (true) {
        if (!_tasks.empty()) {
            const Task task = std::move(_tasks.front());
            _tasks.pop_front();
            task();
        } else if (!_timers.empty() && _timers.begin()->first <= _sinceBoot) {
            const Task task = std::move(_timers.begin()->second.task);
            _timers.erase(_timers.begin());
            task();
        } else {
            return;
        }
    }
}

void HandLoop::advance(Milliseconds time)
{
    const Milliseconds until = _sinceBoot + time;
    run();
    while (!_timers.empty() && _timers.begin()->first <= until) {
        _sinceBoot = std::max(_sinceBoot, _timers.begin()->first);
        run();
    }
    _sinceBoot = until;
}

// --- devices

TerminalRecord ScriptedTerminal::recordOf(int result) const
{
    TerminalRecord record;
    record.result = result;
    record.amount = lastOrder.amount;
    record.currency = 978;
    record.trace = 4711;
    record.receipt = receipt;
    record.terminalId = "65010001";
    record.date = "1121";
    record.time = "104100";
    record.cardName = "girocard";
    record.cardType = 5;
    record.cardDigits = "1234";
    return record;
}

void ScriptedTerminal::approve()
{
    ++receipt;
    evidence(PaymentEvidence::Sent);
    evidence(PaymentEvidence::Accepted);
    evidence(PaymentEvidence::Recorded, recordOf(0));
    evidence(PaymentEvidence::Acknowledged, recordOf(0));
    finish(PaymentApproved{recordOf(0)});
}

void ScriptedTerminal::decline(int result)
{
    evidence(PaymentEvidence::Sent);
    evidence(PaymentEvidence::Accepted);
    evidence(PaymentEvidence::Recorded, recordOf(result));
    finish(PaymentDeclined{recordOf(result)});
}

void ScriptedTerminal::fallSilent()
{
    evidence(PaymentEvidence::Sent);
    finish(PaymentUnresolved{"line lost after 06 01"});
}

std::string ScriptedPrinter::textOf(const PrintJob& job)
{
    std::string text;
    for (const auto& element : job.elements) {
        if (const auto* line = std::get_if<PrintText>(&element))
            text += line->text + "\n";
        if (const auto* pair = std::get_if<PrintPair>(&element))
            text += pair->left + ": " + pair->right + "\n";
    }
    return text;
}

IdentityData adasCard()
{
    IdentityData card;
    card.documentType = "ID";
    card.givenNames = "Ada Erika";
    card.familyNames = "Mustermann";
    card.dateOfBirth = "19641121";
    card.placeOfResidence.street = "Heidestraße 17";
    card.placeOfResidence.postalCode = "51147";
    card.placeOfResidence.city = "Köln";
    card.placeOfResidence.country = "D";
    return card;
}

// --- town

const page::Renderer& pages()
{
    static const page::Renderer renderer(source() + "/kiosk");
    return renderer;
}

Town::Town(Enrolled enrolled)
{
    const auto enrolment = testEnrolment(loop.utcNow());
    begin(enrolled == Enrolled::Yes ? &enrolment : nullptr);
}

Town::Town(const outbox::Enrolment& enrolment)
{
    begin(&enrolment);
}

void Town::begin(const outbox::Enrolment* enrolment)
{
    log::setEnabled(false);
    static int number = 0;
    _folder = std::filesystem::temp_directory_path() /
              ("amt-node-test-" + std::to_string(::getpid()) + "-" + std::to_string(++number));
    std::filesystem::create_directories(_folder);
    _database = openDatabase(_folder);
    node::migrate(*_database);
    outbox::Journal journal(*_database);
    office::People people(*_database, journal, random);
    setupCode = people.setUp(rsaKey(4), loop.utcNow()).revealText();
    if (enrolment)
        outbox::Destinations(*_database, journal).enrol(*enrolment, loop.utcNow());
    open();
}

Town::~Town()
{
    _node.reset();
    _database.reset();
    std::filesystem::remove_all(_folder);
}

void Town::open()
{
    node::NodeSettings settings;
    settings.municipalityFolder = source() + "/config/municipality";
    if (!paymentPlan.empty() || otherService) {
        const auto own = _folder / "municipality";
        std::filesystem::remove_all(own);
        std::filesystem::copy(settings.municipalityFolder, own,
                              std::filesystem::copy_options::recursive);
        if (!paymentPlan.empty())
            std::ofstream(own / "payment.json") << paymentPlan;
        if (otherService) {
            const auto file = own / "services" / "99108001001000-bewohnerparkausweis.json";
            std::ifstream in(file);
            json::Object service =
                *json::parseObject(std::string(std::istreambuf_iterator<char>(in), {}));
            otherService(service);
            std::ofstream(file) << json::write(service);
        }
        settings.municipalityFolder = own.string();
    }
    settings.deskHosts = {"desk.example"};
    settings.displayToken = Secret(std::string_view("display-token"));
    settings.secondFactorFor = secondFactorFor;
    settings.backupFolder = backupFolder.string();
    settings.portalCalendar = portalCalendar;
    settings.identityProvider = identityProvider;
    settings.blockListFolder = blockListFolder.string();
    IdentityReader* const deskReaderDoor = otherDeskReader ? otherDeskReader
                                           : hasDeskReader ? &deskReader
                                                           : nullptr;
    node::TerminalSigner* const deskSignerDoor = otherDeskSigner      ? otherDeskSigner
                                                 : hasDeskCertificate ? &deskSigner
                                                                      : nullptr;
    _node = std::make_unique<node::Node>(
        std::move(settings),
        node::NodeDoors{loop, random, *_database, pages(), reader, terminal, printer, &signer,
                        longWork, livePages, emulation, nullptr, deskReaderDoor, deskSignerDoor,
                        &speaker, hasScanner ? &scanner : nullptr});
}

void Town::restart()
{
    restart([](const auto&) {});
}

void Town::restart(const std::function<void(const std::filesystem::path& database)>& between)
{
    _node.reset();
    reader.running.reset();
    deskReader.running.reset();
    scanner.running.reset();
    terminal.running.reset();
    printer = ScriptedPrinter();
    _database.reset();
    between(_folder / "node.db");
    _database = openDatabase(_folder);
    node::migrate(*_database);
    open();
}

HttpResponse Town::handle(node::Surface surface, const HttpRequest& request)
{
    std::optional<HttpResponse> answer;
    _node->handle(surface, request, [&](HttpResponse response) {
        BOOST_REQUIRE(!answer); // once, whatever happens
        answer = std::move(response);
    });
    loop.run();
    BOOST_REQUIRE(answer.has_value());
    return *std::move(answer);
}

std::int64_t Town::count(const std::string& sql)
{
    auto statement = _database->prepare(sql);
    return statement.step() ? statement.integer(0) : 0;
}

std::string Town::text(const std::string& sql)
{
    auto statement = _database->prepare(sql);
    return statement.step() ? statement.text(0) : std::string();
}

// --- browser

HttpRequest Browser::request(const std::string& method, const std::string& target,
                             const std::map<std::string, std::string>& fields) const
{
    HttpRequest made;
    made.method = method;
    const auto mark = target.find('?');
    made.path = target.substr(0, mark);
    made.query = mark == std::string::npos ? "" : target.substr(mark + 1);
    made.peer = _surface == node::Surface::Kiosk ? "loopback" : "lan";
    const bool kiosk = _surface == node::Surface::Kiosk;
    made.headers["host"] = kiosk ? "127.0.0.1:8080" : "desk.example:8443";
    if (method == "POST") {
        made.headers["origin"] = kiosk ? "http://127.0.0.1:8080" : "https://desk.example:8443";
        made.headers["content-type"] = "application/x-www-form-urlencoded";
        made.body = writeForm(fields);
    }
    std::string header;
    for (const auto& [name, value] : cookies)
        header += (header.empty() ? "" : "; ") + name + "=" + value;
    if (!header.empty())
        made.headers["cookie"] = header;
    return made;
}

HttpResponse Browser::send(HttpRequest made)
{
    HttpResponse response = _town.handle(_surface, made);
    keepCookies(response);
    return response;
}

HttpResponse Browser::send(const std::string& method, const std::string& target,
                           const std::map<std::string, std::string>& fields)
{
    return send(request(method, target, fields));
}

void Browser::keepCookies(const HttpResponse& response)
{
    for (const auto& [name, value] : response.headers) {
        if (name != "Set-Cookie")
            continue;
        const auto equals = value.find('=');
        const std::string cookie = value.substr(0, equals);
        const std::string content = value.substr(equals + 1, value.find(';') - equals - 1);
        if (value.find("Max-Age=0") != std::string::npos)
            cookies.erase(cookie);
        else
            cookies[cookie] = content;
    }
}

const HttpResponse& Browser::follow(HttpResponse response, const std::string& target)
{
    location = target;
    int hops = 0;
    while (response.status == 303) {
        BOOST_REQUIRE(++hops <= 3); // never a stack of redirects
        location = response.header("Location");
        response = send("GET", location);
    }
    page = std::move(response);
    return page;
}

const HttpResponse& Browser::get(const std::string& path)
{
    return follow(send("GET", path), path);
}

const HttpResponse& Browser::post(const std::string& path,
                                  std::map<std::string, std::string> fields)
{
    fields.emplace("key", formKey());
    return follow(send("POST", path, fields), path);
}

std::string Browser::formKey() const
{
    const std::string mark = "name=\"key\" value=\"";
    const auto at = page.body.find(mark);
    BOOST_REQUIRE(at != std::string::npos);
    const auto begin = at + mark.size();
    return page.body.substr(begin, page.body.find('"', begin) - begin);
}

} // namespace amt::test

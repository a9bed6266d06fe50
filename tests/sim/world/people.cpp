// SPDX-License-Identifier: EUPL-1.2
//
// Citizens, who walk the journey with all their patience, and the clerk who tidies up behind them.
#include "tests/sim/world/town.h"

#include <algorithm>
#include <regex>

namespace amt::sim {

namespace {

/// To be hunted for on the disks afterwards.
std::string lettersOfNobodyElse(SimRandom& random)
{
    std::string letters;
    for (int i = 0; i < 10; ++i)
        letters += static_cast<char>('A' + randomBelow(random, 26));
    return letters;
}

constexpr auto dateOfBirth = "19840812";

} // namespace

Browser World::browserAt(node::Surface surface, const std::string& origin)
{
    return Browser(
        surface, origin,
        [this](node::Surface asked, const HttpRequest& request,
               std::function<void(HttpResponse)> respond) {
            askNode(asked, request, std::move(respond));
        },
        [this] { return step(); }, _loop);
}

/// Waits out an outage as a person does: half a minute, again, five times at most. False: goes
/// away.
bool World::patient(Browser& browser)
{
    for (int i = 0; i < 5 && browser.page().status == 0; ++i) {
        runFor(std::chrono::seconds(30));
        browser.get(browser.cookies().empty()
                        ? "/"
                        : "/visit/form"); // wherever the visit stands, the node leads there
    }
    return browser.page().status == 200;
}

void World::citizenComes()
{
    Citizen citizen;
    citizen.number = static_cast<int>(_citizens.size()) + 1;
    const std::string letters = lettersOfNobodyElse(_random);
    citizen.givenNames = "VORNAME" + letters;
    citizen.familyName = "NACHNAME" + letters;
    citizen.plate = std::string("MS-") + static_cast<char>('A' + randomBelow(_random, 26)) + " " +
                    std::to_string(1000 + randomBelow(_random, 9000));
    ++_result.visits;
    tell("citizen " + std::to_string(citizen.number) + " comes");
    _card.become(cardOf(citizen.givenNames, citizen.familyName, dateOfBirth));
    _card.clearFaults();
    _card.lay();

    Browser browser = browserAt(node::Surface::Kiosk, "http://kiosk.example");

    const int givesUpAfter =
        _random.chance(15) ? 1 + static_cast<int>(randomBelow(_random, 8)) : 1000;
    browser.get("/");
    for (int round = 0; round < 40; ++round) {
        if (round >= givesUpAfter) {
            tell("citizen " + std::to_string(citizen.number) + " walks away at " +
                 browser.page().path);
            if (_random.chance(50) && browser.page().status == 200 && !browser.cookies().empty())
                browser.post("/visit/end");
            break;
        }
        badLuck();
        if (browser.page().status != 200 && !patient(browser)) {
            // 403: the visit is over; 0: nobody answers. Both are the end of this visit for a
            // person.
            tell("citizen " + std::to_string(citizen.number) + " is sent away with " +
                 std::to_string(browser.page().status));
            break;
        }
        const std::string path = browser.page().path;
        tell("  " + path);
        if (path == "/") {
            browser.get("/services");
        } else if (path == "/services") {
            browser.post("/services", {{"service", serviceKey}});
        } else if (path == "/visit/notice") {
            browser.post("/visit/notice", {{"consent", "yes"}});
        } else if (path == "/visit/card" || path == "/visit/card/problem" ||
                   path == "/visit/card/reading") {
            readCard(browser);
        } else if (path == "/visit/form") {
            fillForm(browser, citizen);
        } else if (path == "/visit/review") {
            aim(Journey::Submit);
            browser.post("/visit/review", {{"confirm", "yes"}});
            if (_random.chance(20) && browser.page().status == 200)
                browser.postAgain(); // an impatient finger
        } else if (path.starts_with("/visit/pay")) {
            citizen.sawCaseKept = true;
            pay(browser, citizen);
            if (browser.page().path == "/visit/pay/unresolved")
                break; // a person would go to the desk now
        } else if (path == "/visit/done") {
            citizen.sawCaseKept = true;
            static const std::regex reference("BP-[0-9A-Z]+-[0-9A-Z-]+");
            std::smatch found;
            if (std::regex_search(browser.page().body, found, reference))
                citizen.reference = found[0];
            tell("  " + citizen.reference);
            citizen.sawPaid = citizen.sawPaid || browser.page().has("Bezahlt: ");
            takeReceipt(browser);
            browser.post("/visit/end");
            break;
        } else if (path == "/visit/still-there") {
            browser.post("/visit/still-there");
        } else {
            tell("citizen " + std::to_string(citizen.number) + " stands before " + path);
            break;
        }
    }
    _card.pull();
    _citizens.push_back(citizen);
    runFor(std::chrono::seconds(randomBelow(_random, 240)));
}

/// Waits for the paper, and asks again where there was none, or to have another one.
void World::takeReceipt(Browser& browser)
{
    for (int i = 0; i < 3; ++i) {
        runFor(std::chrono::seconds(5));
        browser.get("/visit/done");
        if (browser.page().status != 200 || !browser.page().has("action=\"/visit/receipt\"") ||
            !_random.chance(40))
            return;
        aim(Journey::Receipt);
        tell("  another receipt, please");
        browser.post("/visit/receipt");
    }
}

void World::readCard(Browser& browser)
{
    if (browser.page().path == "/visit/card/reading") {
        browser.waitWhile("/visit/card/reading", std::chrono::minutes(3));
        return;
    }
    if (_random.chance(browser.page().path == "/visit/card/problem" ? 50 : 20)) {
        browser.post("/visit/card/skip");
        return;
    }
    _card.lay();
    if (!_calm && _random.chance(25))
        harm(_card);
    if (browser.page().path == "/visit/card/problem")
        browser.get("/visit/card");
    if (browser.page().path != "/visit/card")
        return;
    aim(Journey::Card);
    browser.post("/visit/card", {{"pin", _random.chance(10) ? "654321" : "123456"}});
    browser.waitWhile("/visit/card/reading", std::chrono::minutes(3));
}

void World::harm(SimulatedCard& card)
{
    ++_result.cardFaults;
    const auto command = 1 + randomBelow(_random, 28);
    switch (randomBelow(_random, 4)) {
    case 0:
        card.faultAt(command, PullCard{});
        break;
    case 1:
        card.faultAt(command, FlipBit{randomBelow(_random, 40)});
        break;
    case 2:
        card.faultAt(command, CutAnswer{});
        break;
    default:
        card.faultAt(command, AnswerStatus{0x6F00});
        break;
    }
}

void World::fillForm(Browser& browser, const Citizen& citizen)
{
    const std::map<std::string, std::string> answers = {{"givenNames", citizen.givenNames},
                                                        {"familyNames", citizen.familyName},
                                                        {"academicTitle", ""},
                                                        {"street", "Heidestraße 17"},
                                                        {"postalCode", "51147"},
                                                        {"city", "Köln"},
                                                        {"plate", citizen.plate},
                                                        {"zone", "B"},
                                                        {"digitalNotice", "no"}};
    std::map<std::string, std::string> fields = {{"action", "next"}};
    const std::string& body = browser.page().body;
    for (const auto& [name, value] : answers) {
        if (body.find("name=\"" + name + "\"") != std::string::npos)
            fields[name] = value;
    }
    for (const auto& [part, value] :
         std::map<std::string, std::string>{{"dateOfBirth", "12.08.1984"},
                                            {"dateOfBirth.day", "12"},
                                            {"dateOfBirth.month", "08"},
                                            {"dateOfBirth.year", "1984"}}) {
        if (body.find("name=\"" + part + "\"") != std::string::npos)
            fields[part] = value;
    }
    if (!_calm && _random.chance(5))
        fields["plate"] = "???"; // refused, then typed anew
    browser.post("/visit/form", fields);
}

void World::pay(Browser& browser, Citizen& citizen)
{
    if (browser.page().path == "/visit/pay") {
        const bool atDesk = _random.chance(15);
        aim(atDesk || _random.chance(20) ? Journey::Receipt : Journey::Pay);
        browser.post("/visit/pay", {{"action", atDesk ? "desk" : "start"}});
        if (!atDesk && _random.chance(10) && browser.page().status == 200)
            browser.postAgain();
    }
    badLuck();
    if (browser.page().path == "/visit/pay/running") {
        if (_random.chance(10)) {
            runFor(Milliseconds(randomBelow(_random, 6000)));
            browser.post("/visit/pay/abort");
        }
        browser.waitWhile("/visit/pay/running", std::chrono::minutes(25));
    }
    if (browser.page().path == "/visit/pay/unresolved")
        browser.waitWhile("/visit/pay/unresolved", std::chrono::minutes(8));
    citizen.sawPaid = citizen.sawPaid || browser.page().has("Bezahlt: ");
}

// --- the clerk

Browser World::clerkAtTheDesk()
{
    Browser desk = browserAt(node::Surface::Desk, "https://desk.example");
    desk.get("/desk/sign-in");
    desk.post("/desk/sign-in", {{"name", clerkName}, {"password", clerkWord}});
    if (desk.page().path == "/desk/paper")
        desk.post("/desk/paper", {{"kept", "yes"}});
    return desk;
}

/// § 18a PAuswG: the photo first, then the card by its CAN. What the page says of somebody else's
/// card is looked at here; what the journal and the office say of it, by the laws.
void World::compareCard(Browser& desk, const std::string& caseId, const Citizen& citizen)
{
    const bool isRight = _random.chance(65);
    std::string familyName = citizen.familyName;
    if (isRight) {
        _deskCard.become(cardOf(citizen.givenNames, citizen.familyName, dateOfBirth));
        _rightCards.insert(citizen.reference);
    } else {
        const std::string letters = lettersOfNobodyElse(_random);
        familyName = "FREMD" + letters;
        _strangers.push_back(familyName);
        _deskCard.become(cardOf("ANDERS" + letters, familyName, dateOfBirth));
    }
    _deskCard.clearFaults();
    _deskCard.lay();
    const std::string address = "/desk/cases/" + caseId + "/identity";
    desk.get(address);
    for (int attempt = 0; attempt < 3 && desk.page().status == 200; ++attempt) {
        if (desk.page().has("name=\"compared\""))
            desk.post(address + "/photo", {{"compared", "yes"}, {"consent", "yes"}});
        if (!desk.page().has("name=\"can\""))
            break;
        if (!_calm && _random.chance(40))
            harm(_deskCard);
        aim(Journey::DeskCard);
        desk.post(address + "/read", {{"can", _random.chance(10) ? "111111" : "222222"}});
        for (int seconds = 0; seconds < 180 && desk.page().has("http-equiv=\"refresh\"");
             ++seconds) {
            runFor(std::chrono::seconds(1));
            desk.get(address);
        }
        if (desk.page().has(familyName))
            break;
        _deskCard.lay(); // pulled, perhaps
    }
    const bool isShown = desk.page().has(familyName);
    tell(std::string("the clerk sees ") + (isShown ? "" : "nothing of ") +
         (isRight ? "the citizen's card" : "another card"));
    if (isShown) {
        ++(isRight ? _result.deskCards : _result.wrongCards);
        const bool agrees = !desk.page().has("kern-table__row differs");
        if (agrees != isRight)
            broken(isRight ? "a citizen's own card agrees with her case"
                           : "somebody else's card differs from the case");
        desk.post(address + "/end");
    }
    _deskCard.pull();
}

void World::clerkComparesCard()
{
    if (!_town || _citizens.empty() || _citizens.back().reference.empty() || !_random.chance(40))
        return;
    Browser desk = clerkAtTheDesk();
    if (desk.page().status == 200 && _town) {
        const auto id =
            rowsOf("SELECT id FROM cases WHERE reference = ?", _citizens.back().reference);
        if (!id.empty())
            compareCard(desk, id[0], _citizens.back());
    }
    desk.post("/desk/sign-out");
}

/// Statements end before the world goes on: the node may die at the next step, and its database
/// with it.
std::vector<std::string> World::rowsOf(const char* sql, const std::string& parameter)
{
    std::vector<std::string> rows;
    if (_town) {
        store::Statement statement = _town->database.prepare(sql);
        statement.bind(parameter);
        while (statement.step())
            rows.push_back(statement.text(0));
    }
    return rows;
}

void World::clerkTidiesUp()
{
    if (!_town)
        return;
    Browser desk = clerkAtTheDesk();
    for (const auto& id : rowsOf("SELECT id FROM cases WHERE state = ?", "Held")) {
        // What the terminal could not tell the node, the clerk finds in the terminal's own journal.
        if (!rowsOf("SELECT id FROM payment WHERE case_id = ? AND state = 'Unresolved'", id)
                 .empty()) {
            const auto approved =
                rowsOf("SELECT coalesce(sum(amount), 0) FROM payment WHERE state = ?", "Approved");
            if (approved.empty())
                return;
            const bool paid = _terminal.taken().inCents() > std::stoll(approved[0]);
            desk.get("/desk/cases/" + id);
            desk.post("/desk/cases/" + id + "/payment", {{"finding", paid ? "paid" : "unpaid"},
                                                         {"reason", "Terminaljournal geprüft"}});
        }
        const auto reference = rowsOf("SELECT reference FROM cases WHERE id = ?", id);
        const auto whose = std::find_if(_citizens.begin(), _citizens.end(), [&](const auto& each) {
            return !reference.empty() && each.reference == reference[0];
        });
        if (whose != _citizens.end() && _random.chance(60))
            compareCard(desk, id, *whose);
        desk.get("/desk/cases/" + id);
        desk.post("/desk/cases/" + id + "/release", {{"reason", "Strom war weg"}});
        tell("the clerk releases a case: " + std::to_string(desk.page().status));
        ++_result.held;
    }
    // What the outbox holds because an event did not fit (a clock was wrong): looked at, and on it
    // goes.
    for (const auto& id : rowsOf("SELECT cases.id FROM cases JOIN envelope ON envelope.id = "
                                 "cases.envelope_id WHERE envelope.state = ?",
                                 "HELD")) {
        desk.get("/desk/held");
        desk.get("/desk/cases/" + id);
        desk.post("/desk/cases/" + id + "/release", {{"reason", "Uhr gestellt"}});
        tell("the clerk lets an envelope go on: " + std::to_string(desk.page().status));
        ++_result.held;
    }
    desk.post("/desk/sign-out");
}

} // namespace amt::sim

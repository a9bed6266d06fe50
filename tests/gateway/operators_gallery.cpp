// SPDX-License-Identifier: EUPL-1.2
//
// amt-operators-gallery FOLDER: adds a sample of every operators' page to what amt-page-gallery
// wrote, for eyes and for tests/e2e.
#include "tests/gateway/operators_browser.h"

#include <filesystem>
#include <fstream>
#include <iostream>

namespace {

using namespace amt;
using namespace std::chrono_literals;

void addKey(test::OperatorsTown& operated, const std::string& clientId, char digit,
            const std::string& state, UtcTime ends)
{
    operated.town.books
        ->prepare(
            "INSERT INTO device_certificate (fingerprint, client_id, request, state, asked_at,"
            " certificate, digest, expires_at) VALUES ($1, $2, '', $3, $4, '', $5, $6)")
        .bind(std::string(60, digit) + "4e7f", clientId, state, operated.town.loop.utcNow() - 3h,
              state == "asked" ? std::string() : std::string(64, digit), ends)
        .run();
}

/// A region on an ordinary day: most is well, some is not.
void furnish(test::OperatorsTown& operated)
{
    auto& loop = operated.town.loop;
    const std::string silent = operated.enterNode("Musterstadt, Rathaus");
    operated.hear(silent, portal::NodeReport{"0.1.0", 3, 1, loop.utcNow() - 26h});
    addKey(operated, silent, 'a', "issued", loop.utcNow() + 200 * 24h);
    operated.town.send();
    operated.town.passTime(4 * 24h); // nobody fetches
    const UtcTime now = loop.utcNow();
    const std::string ending = operated.enterNode("Musterstadt, Bürgerbüro Nord");
    operated.hear(ending, portal::NodeReport{"0.1.0", 0, 0, {}});
    addKey(operated, ending, 'b', "issued", now + 5 * 24h + 1h);
    const std::string queue =
        operated.enterNode("Verbandsgemeinde Obere Musterau, Nebenstelle", test::otherTenant);
    operated.hear(queue, portal::NodeReport{"0.0.9", 12, 2, now - 3h});
    addKey(operated, queue, 'c', "issued", now + 25 * 24h);
    const std::string well = operated.enterNode("Beispielhausen", test::otherTenant);
    operated.hear(well, portal::NodeReport{"0.1.0", 0, 0, {}});
    addKey(operated, well, 'd', "issued", now + 300 * 24h);
    const std::string fresh = operated.enterNode("Neudorf", "059740000000");
    addKey(operated, fresh, 'e', "asked", now);
    const std::string gone = operated.enterNode("Altdorf", "059740000000");
    operated.order("/clients/revoke",
                   R"({"clientId":")" + gone + R"(","by":"Meier","reason":"Gerät gestohlen"})");
}

std::string idOf(test::OperatorsTown& operated, const std::string& name)
{
    auto row = operated.town.books->prepare("SELECT id FROM client WHERE name = $1").bind(name);
    return row.step() ? row.text(0) : "";
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::cerr << "usage: amt-operators-gallery FOLDER\n";
        return 2;
    }
    const auto folder = std::filesystem::path(argv[1]) / "operators";
    std::filesystem::create_directories(folder);
    const auto write = [&](const std::string& name, const HttpResponse& page) {
        std::ofstream(folder / (name + ".html"), std::ios::binary) << page.body;
    };
    test::OperatorsTown operated;
    // Nodes that only the tests know would be strange to look at.
    operated.town.books->prepare("UPDATE client SET role = 'sender' WHERE role = ''").run();
    furnish(operated);
    auto visitor = operated.browser();
    write("sign-in", visitor.get("/sign-in"));
    write("sign-in-refused", visitor.signIn("Meier", "falsch", "123456"));
    for (int i = 0; i < 3; ++i)
        visitor.signIn("Meier", "falsch", "123456");
    write("sign-in-delayed", visitor.signIn("Meier", "falsch", "123456"));
    write("first", visitor.get("/first"));
    write("first-short",
          visitor.post("/first", {{"name", "Schmidt"}, {"password", "kurz"}, {"again", "kurz"}}));
    visitor.post("/first", {{"name", "Schmidt"},
                            {"code", operated.codeFor("Schmidt")},
                            {"password", test::operatorPassword},
                            {"again", test::operatorPassword}});
    write("factor", visitor.get("/first/factor"));
    auto other = operated.signedIn("Schulze");
    auto in = operated.signedIn("Meyer-Lüdenscheidt");
    write("fleet", in.get("/"));
    write("fleet-revoked", in.get("/?show=revoked"));
    write("fleet-none", in.get("/?show=now&tenant=059740000000"));
    const std::string silent = idOf(operated, "Musterstadt, Rathaus");
    const std::string fresh = idOf(operated, "Neudorf");
    write("node", in.get("/nodes/" + silent));
    write("node-fresh", in.get("/nodes/" + fresh));
    write("requests", in.get("/requests"));
    write("requests-done", in.get("/requests?done=approve"));
    const std::string key = std::string(60, 'e') + "4e7f";
    write("confirm-approve",
          in.get("/confirm?act=approve&client=" + fresh + "&fingerprint=" + key));
    write("confirm-refuse", in.get("/confirm?act=refuse&client=" + fresh + "&fingerprint=" + key));
    write("confirm-revoke", in.get("/confirm?act=revoke&client=" + silent));
    write("confirm-faulty", in.press("/act", {{"act", "revoke"}, {"client", silent}}));
    write("account", in.get("/account"));
    write("nothing", in.get("/nothing"));
    return 0;
}

// SPDX-License-Identifier: EUPL-1.2
//
// Ways through the kiosk that tests begin with.
#pragma once

#include "tests/node/town.h"

#include <regex>

namespace amt::test {

inline void walkToCard(Browser& kiosk)
{
    kiosk.get("/");
    kiosk.get("/services");
    kiosk.post("/services", {{"service", "99108001001000"}});
    kiosk.post("/visit/notice", {{"consent", "yes"}});
}

inline void walkToReading(Browser& kiosk)
{
    walkToCard(kiosk);
    kiosk.post("/visit/card", {{"pin", "123456"}});
}

inline void fillLastPage(Browser& kiosk)
{
    kiosk.post(
        "/visit/form",
        {{"plate", "KLE AB 123"}, {"zone", "A"}, {"digitalNotice", "no"}, {"action", "next"}});
}

inline void walkToForm(Town& town, Browser& kiosk)
{
    walkToReading(kiosk);
    town.reader.finish(IdentityRead{Personal<IdentityData>(adasCard())});
    kiosk.get("/visit/card/reading");
}

inline void walkToReview(Town& town, Browser& kiosk)
{
    walkToForm(town, kiosk);
    fillLastPage(kiosk);
}

inline void walkToPay(Town& town, Browser& kiosk)
{
    walkToReview(town, kiosk);
    kiosk.post("/visit/review", {{"confirm", "yes"}});
}

inline void walkToPaying(Town& town, Browser& kiosk)
{
    walkToPay(town, kiosk);
    kiosk.post("/visit/pay", {{"action", "start"}});
}

inline void walkToDone(Town& town, Browser& kiosk)
{
    walkToPaying(town, kiosk);
    town.terminal.approve();
    kiosk.get("/visit/pay/running");
}

/// What a card would have given.
inline void typeFirstPages(Browser& kiosk)
{
    kiosk.post("/visit/form", {{"givenNames", "Zoë"},
                               {"familyNames", "Łukasiewicz"},
                               {"academicTitle", ""},
                               {"dateOfBirth", "1.3.1984"},
                               {"action", "next"}});
    kiosk.post("/visit/form", {{"street", "Lange Straße 4"},
                               {"postalCode", "47533"},
                               {"city", "Kleve"},
                               {"action", "next"}});
}

constexpr auto firstPassword = "ein langes Kennwort";

inline void signInFirst(Town& town, Browser& desk)
{
    desk.get("/desk/first");
    desk.post("/desk/first", {{"code", town.setupCode},
                              {"name", "Erika Amt"},
                              {"password", firstPassword},
                              {"again", firstPassword}});
}

inline std::string firstOf(const Browser& browser, const std::string& pattern);
/// From the page that shows it once.
inline std::string paperHalf(const Browser& desk)
{
    return firstOf(desk, "<p class=\"paper-code\"><bdi>([^<]*)</bdi>");
}

/// What stands on the page where the pattern has brackets; nothing when it does not fit.
inline std::string firstOf(const Browser& browser, const std::string& pattern)
{
    std::smatch found;
    return std::regex_search(browser.page.body, found, std::regex(pattern)) ? found[1].str() : "";
}

/// Two passports on Monday at eight. Gives the address of the appointment, or of the wait for the
/// portal.
inline std::string bookByPhone(Browser& clerk, const std::string& day = "2026-11-23",
                               const std::string& cell = "96")
{
    const std::string what = "99085001012000*2", at = day + "/" + cell;
    clerk.get("/desk/appointments/new?what=" + what + "&at=" + at);
    clerk.post("/desk/appointments/book",
               {{"id", firstOf(clerk, "name=\"id\" value=\"([0-9a-f-]+)\"")},
                {"what", what},
                {"at", at},
                {"familyNames", "Łukasiewicz"},
                {"givenNames", "Zoë"},
                {"phone", "02999 123"}});
    return clerk.location.substr(0, clerk.location.find('?'));
}

inline std::string onlyCase(Town& town)
{
    return town.text("SELECT id FROM cases");
}

} // namespace amt::test

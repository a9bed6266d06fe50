// SPDX-License-Identifier: EUPL-1.2
//
// Ways through the kiosk that tests begin with.
#pragma once

#include "tests/node/town.h"

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

} // namespace amt::test

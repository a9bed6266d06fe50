// SPDX-License-Identifier: EUPL-1.2
//
// What the desk's pages about accounts share: sessions, and where a browser sits.
#pragma once

#include "appliance/node/exchange.h"
#include "appliance/office/people/people.h"
#include "kiosk/page/page.h"

#include <string>
#include <vector>

namespace amt::node {

class House;

/// Throws NotAllowed: another's, and not IT.
std::vector<page::SessionRow> sessionRows(House& house, const Exchange& exchange,
                                          const std::string& clerkId);
/// The one of the field "session". Throws NotFound, also when it is another's and not IT asks.
void endNamedSession(House& house, const Exchange& exchange);
/// Back to a page, which then says what came of it.
HttpResponse withMessage(House& house, const Exchange& exchange, const std::string& address,
                         const std::string& message);
/// Message key of what is wrong with a name and a new password; empty: fine.
std::string faultIn(const std::string& name, const Secret& password, const Secret& again);
/// The session's cookie, and on to `location`.
HttpResponse signedInAnswer(const DeskSession& session, const std::string& location);
/// A new session's, and on to where it begins.
HttpResponse signedInAnswer(House& house, const office::SignedIn& signedIn);
/// What is written on the button of the identity provider; empty: there is none.
std::string providerName(const House& house);
/// The address of the browser, as the list of sessions shows it.
std::string placeIn(const HttpRequest& request);

} // namespace amt::node

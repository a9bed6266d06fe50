// SPDX-License-Identifier: EUPL-1.2
//
// The table, and how a path finds its row.
#include "appliance/node/routes.h"

#include "appliance/node/desk.h"
#include "appliance/node/kiosk.h"
#include "appliance/node/kiosk_state.h"
#include "appliance/node/machine_routes.h"

namespace amt::node {
namespace {

using enum Method;

constexpr Surface kiosk = Surface::Kiosk;
constexpr Surface desk = Surface::Desk;
constexpr Surface display = Surface::Display;
constexpr Surface sync = Surface::Sync;
constexpr Surface admin = Surface::Admin;

// Who does what in a town hall. Everybody has an account to look after; the rest is by role.
using enum office::Role;
constexpr office::Roles everybody = office::everyRole;
constexpr office::Roles caseWork = {Clerk, Lead};            ///< what citizens wrote
constexpr office::Roles caseList = {Clerk, Lead, Treasurer}; ///< numbers, states, payments
constexpr office::Roles moneyWork = {Lead, Treasurer};       ///< decides what was paid
constexpr office::Roles hallWork = {Clerk, Reception, Lead}; ///< people who wait
constexpr office::Roles deviceCare = {Clerk, Reception, Lead, It};
constexpr office::Roles deviceActs = {Clerk, Lead, It}; ///< emulated ones
constexpr office::Roles operation = {Lead, It};         ///< how it stands, what leaves
constexpr office::Roles accountCare = {Lead, It};
constexpr office::Roles planning = {Lead}; ///< hours, the day as a whole, figures; names that leave
constexpr office::Roles itOnly = {It};

constexpr Route routes[] = {
    {kiosk, Get, "/", Rule::Public, showStart},
    {kiosk, Post, "/language", Rule::Public, chooseLanguage, "language back"},
    {kiosk, Post, "/access", Rule::Public, adjustScreen, "set back"},
    {kiosk, Get, "/services", Rule::Public, showServices},
    {kiosk, Post, "/services", Rule::Public, chooseService, "service"},
    {kiosk, Get, "/queue", Rule::Public, showGroups},
    {kiosk, Post, "/queue", Rule::Public, drawNumber, "group"},
    {kiosk, Get, "/appointments", Rule::Public, showConcerns, "", "part search"},
    {kiosk, Post, "/appointments", Rule::Public, chooseConcern, "service"},
    {kiosk, Get, "/help", Rule::Public, showHelp, "", "back"},
    {kiosk, Post, "/help", Rule::Public, callHelp, "back"},
    {kiosk, Get, "/ended", Rule::Public, showEnded, "", "timeout"},
    {kiosk, Get, "/visit/timeout", Rule::Public, timeOut},
    {kiosk, Get, "/health", Rule::Public, showHealth},
    {kiosk, Get, "/assets/{*}", Rule::Public, showAsset},
    {kiosk, Get, "/visit/notice", Rule::Visit, showNotice, "", "part"},
    {kiosk, Post, "/visit/notice", Rule::Visit, consent, "consent"},
    {kiosk, Get, "/visit/notice/certificate", Rule::Visit, showCertificate, "", "part"},
    {kiosk, Get, "/visit/card", Rule::Visit, showCard, "", "part"},
    {kiosk, Post, "/visit/card", Rule::Visit, readCard, "pin can"},
    {kiosk, Post, "/visit/card/skip", Rule::Visit, skipCard},
    {kiosk, Get, "/visit/card/reading", Rule::Visit, showReading},
    {kiosk, Post, "/visit/card/cancel", Rule::Visit, cancelReading},
    {kiosk, Get, "/visit/card/problem", Rule::Visit, showCardProblem},
    {kiosk, Get, "/visit/form", Rule::Visit, showForm, "", "part"},
    {kiosk, Post, "/visit/form", Rule::Visit, fillForm, "*"},
    {kiosk, Get, "/visit/review", Rule::Visit, showReview, "", "part"},
    {kiosk, Post, "/visit/review", Rule::Visit, submit, "confirm"},
    {kiosk, Get, "/visit/pay", Rule::Visit, showPay},
    {kiosk, Post, "/visit/pay", Rule::Visit, choosePayment, "action"},
    {kiosk, Get, "/visit/pay/running", Rule::Visit, showPaying},
    {kiosk, Post, "/visit/pay/abort", Rule::Visit, abortPayment},
    {kiosk, Get, "/visit/pay/unresolved", Rule::Visit, showUnresolved},
    {kiosk, Get, "/visit/done", Rule::Visit, showDone, "", "part"},
    {kiosk, Post, "/visit/receipt", Rule::Visit, printReceipt},
    {kiosk, Get, "/visit/ticket", Rule::Visit, showTicket, "", "part"},
    {kiosk, Post, "/visit/ticket/print", Rule::Visit, printTicket},
    {kiosk, Post, "/visit/ticket/noted", Rule::Visit, noteTicket},
    {kiosk, Get, "/visit/booking", Rule::Visit, showBooking, "", "part"},
    {kiosk, Post, "/visit/booking", Rule::Visit, changeBooking, "service change"},
    {kiosk, Get, "/visit/booking/more", Rule::Visit, showMoreConcerns, "", "part search"},
    {kiosk, Get, "/visit/booking/days", Rule::Visit, showDays, "", "part"},
    {kiosk, Get, "/visit/booking/times", Rule::Visit, showTimes, "", "day part"},
    {kiosk, Post, "/visit/booking/times", Rule::Visit, reserveTime, "day cell"},
    {kiosk, Get, "/visit/booking/asking", Rule::Visit, showAsking, "", "part"},
    {kiosk, Post, "/visit/booking/asking", Rule::Visit, stopAsking},
    {kiosk, Get, "/visit/booking/contact", Rule::Visit, showContact, "", "part"},
    {kiosk, Post, "/visit/booking/contact", Rule::Visit, confirmBooking, "*"},
    {kiosk, Get, "/visit/booked", Rule::Visit, showBooked, "", "part"},
    {kiosk, Post, "/visit/booked/print", Rule::Visit, printAppointment},
    {kiosk, Get, "/visit/check-in", Rule::Visit, showCheckIn},
    {kiosk, Post, "/visit/check-in", Rule::Visit, checkIn, "code"},
    {kiosk, Post, "/visit/check-in/card", Rule::Visit, beginCheckInByCard},
    {kiosk, Get, "/visit/state", Rule::Visit, showQuestion},
    {kiosk, Post, "/visit/state", Rule::Visit, answerQuestion, "reference code"},
    {kiosk, Get, "/visit/still-there", Rule::Visit, showStillThere},
    {kiosk, Post, "/visit/still-there", Rule::Visit, stayLonger},
    {kiosk, Post, "/visit/end", Rule::Visit, endVisit},
    {kiosk, Get, "/visit/events", Rule::Visit, followVisit},

    {desk, Get, "/health", Rule::Public, showHealth},
    {desk, Get, "/assets/{*}", Rule::Public, showAsset},
    {desk, Get, "/", Rule::Public, leadToDesk},
    {desk, Get, "/desk/sign-in", Rule::Public, showSignIn},
    {desk, Post, "/desk/sign-in", Rule::Public, signIn, "name password"},
    {desk, Get, "/desk/first", Rule::Public, showFirst},
    {desk, Post, "/desk/first", Rule::Public, signInFirst, "code name password again"},
    {desk, Get, "/desk/recover", Rule::Public, showRecover},
    {desk, Post, "/desk/recover", Rule::Public, recover, "name recovery password again"},
    {desk, Get, "/desk/provider", Rule::Public, goToProvider},
    {desk, Get, "/desk/provider/back", Rule::ByProvider, comeBackFromProvider, "", "*"},
    {desk, Get, "/desk/provider/arrival", Rule::ByProvider, arriveByProvider},
    {desk, Post, "/desk/provider/bind", Rule::ByProvider, bindIdentity, "code password"},
    {desk, Get, "/desk/open", Rule::Arriving, showOpenKey},
    {desk, Post, "/desk/open", Rule::Arriving, openKey, "password"},
    {desk, Get, "/desk", caseList, showCases},
    {desk, Get, "/desk/code", Rule::Arriving, showCode},
    {desk, Post, "/desk/code", Rule::Arriving, proveCode, "code"},
    {desk, Get, "/desk/factor", Rule::Arriving, showFactor},
    {desk, Post, "/desk/factor", Rule::Arriving, setUpFactor, "code"},
    {desk, Post, "/desk/factor/give-up", everybody, giveUpFactor, "code"},
    {desk, Get, "/desk/account", everybody, showAccount},
    {desk, Post, "/desk/account/password", everybody, changeOwnPassword, "current password again"},
    {desk, Post, "/desk/account/sessions/end", everybody, endOwnSession, "session"},
    {desk, Get, "/desk/paper", Rule::Arriving, showPaper},
    {desk, Post, "/desk/paper", Rule::Arriving, keepPaper, "kept"},
    {desk, Get, "/desk/cases/{}", caseList, showCase},
    {desk, Post, "/desk/cases/{}/release", caseWork, releaseCase, "reason"},
    {desk, Post, "/desk/cases/{}/settle", caseWork, settleCase, "how reason"},
    {desk, Get, "/desk/cases/{}/attachments", caseWork, showAttachments},
    {desk, Post, "/desk/cases/{}/attachments", caseWork, addAttachment, "file", "",
     BodyComes::InPieces},
    {desk, Post, "/desk/cases/{}/attachments/{}/remove", caseWork, removeAttachment},
    {desk, Get, "/desk/cases/{}/identity", caseWork, showIdentity},
    {desk, Post, "/desk/cases/{}/identity/photo", caseWork, comparePhoto, "compared consent"},
    {desk, Post, "/desk/cases/{}/identity/read", caseWork, readIdentity, "can"},
    {desk, Post, "/desk/cases/{}/identity/cancel", caseWork, cancelIdentity},
    {desk, Post, "/desk/cases/{}/identity/end", caseWork, endIdentity},
    {desk, Get, "/desk/pin", caseWork, showPin},
    {desk, Post, "/desk/pin/look", caseWork, lookAtPin},
    {desk, Get, "/desk/pin/change", caseWork, showChangePin},
    {desk, Post, "/desk/pin/change", caseWork, changePin, "pin newPin again"},
    {desk, Get, "/desk/pin/resume", caseWork, showResumePin},
    {desk, Post, "/desk/pin/resume", caseWork, resumePin, "can pin"},
    {desk, Get, "/desk/pin/unblock", caseWork, showUnblockPin},
    {desk, Post, "/desk/pin/unblock", caseWork, unblockPin, "puk"},
    {desk, Get, "/desk/pin/set", caseWork, showSetPin},
    {desk, Post, "/desk/pin/set", caseWork, setPin, "compared can newPin again"},
    {desk, Post, "/desk/pin/cancel", caseWork, cancelPin},
    {desk, Get, "/desk/card/events", caseWork, followIdentity},
    {desk, Get, "/desk/place", hallWork, showPlaces},
    {desk, Post, "/desk/place", hallWork, choosePlace, "desk mode over"},
    {desk, Post, "/desk/place/leave", hallWork, leavePlace},
    {desk, Get, "/desk/queue", hallWork, showQueue},
    {desk, Post, "/desk/queue/next", hallWork, callNext},
    {desk, Post, "/desk/queue/act", hallWork, actOnTicket, "ticket version act group note"},
    {desk, Post, "/desk/queue/draw", hallWork, issueNumber, "group"},
    {desk, Post, "/desk/queue/sign", hallWork, setSign, "word"},
    {desk, Post, "/desk/queue/end", planning, endDay, "sure"},
    {desk, Post, "/desk/queue/emergency", hallWork, callColleagues},
    {desk, Post, "/desk/queue/emergency/answer", hallWork, answerColleague, "desk"},
    {desk, Get, "/desk/queue/events", hallWork, followQueue},
    {desk, Get, "/desk/appointments", hallWork, showAppointments, "", "day state service search"},
    {desk, Get, "/desk/appointments/{}", hallWork, showAppointment, "", "tell"},
    // Behind the one that it fits, too: the last row that fits counts.
    {desk, Get, "/desk/appointments/new", hallWork, showNewAppointment, "", "what at from nothing"},
    {desk, Post, "/desk/appointments/new", hallWork, chooseConcerns, "*"},
    {desk, Post, "/desk/appointments/book", hallWork, bookByPhone,
     "id what at familyNames givenNames phone dateOfBirth"},
    {desk, Get, "/desk/appointments/asked/{}", hallWork, showAsked, "", "tell"},
    {desk, Post, "/desk/appointments/asked/{}", hallWork, stopAsked},
    {desk, Get, "/desk/appointments/{}/move", hallWork, showMove, "", "from taken"},
    {desk, Post, "/desk/appointments/{}/move", hallWork, moveAppointment, "version at"},
    {desk, Post, "/desk/appointments/{}/cancel", hallWork, cancelAppointment, "version reason"},
    {desk, Post, "/desk/appointments/{}/check-in", hallWork, checkInAtDesk},
    {desk, Post, "/desk/appointments/{}/print", hallWork, printAtDesk},
    {desk, Get, "/desk/hours", hallWork, showHours, "", "week"},
    {desk, Get, "/desk/hours/change", planning, showHoursChange, "",
     "preview kind id first last from until lanes publicLanes from2 until2 lanes2 publicLanes2"
     " holidays rhythm mo tu we th fr sa su leadMinutes days reservationMinutes blockMinutes"
     " reason"},
    {desk, Post, "/desk/hours/change", planning, changeHours,
     "basedOn seen kind id first last from until lanes publicLanes from2 until2 lanes2"
     " publicLanes2 holidays rhythm mo tu we th fr sa su leadMinutes days reservationMinutes"
     " blockMinutes reason"},
    {desk, Get, "/desk/statistics", planning, showStatistics, "", "first last"},
    {desk, Get, "/desk/statistics/csv", planning, giveStatistics, "", "first last"},
    {desk, Get, "/desk/calendar", operation, showCalendarFiles},
    {desk, Post, "/desk/calendar/feeds", operation, makeFeed, "desk"},
    {desk, Post, "/desk/calendar/feeds/end", operation, endFeed, "desk"},
    {desk, Get, "/desk/calendar/appointments", planning, giveAppointmentsWithNames, "",
     "from until as"},
    {desk, Get, "/calendar/{}", Rule::FeedSecret, giveFeed},
    {desk, Get, "/desk/held", caseWork, showHeld},
    {desk, Get, "/desk/status", operation, showOperation},
    {desk, Get, "/desk/clock", operation, showClock},
    {desk, Post, "/desk/clock", operation, confirmClock, "date"},
    {desk, Post, "/desk/status/export", operation, allowExport, "reason"},
    {desk, Get, "/desk/status/export/{}", operation, giveExport},
    {desk, Post, "/desk/cases/{}/payment", moneyWork, decidePayment, "finding reason"},
    {desk, Get, "/desk/cases/{}/replies/{}", caseWork, showReply},
    {desk, Get, "/desk/cases/{}/replies/{}/attachments/{}", caseWork, giveReplyAttachment},
    {desk, Post, "/desk/cases/{}/replies/{}/settle", caseWork, settleReply},
    {desk, Post, "/desk/cases/{}/receipt", caseList, reprintReceipt},
    {desk, Get, "/desk/clerks", accountCare, showClerks},
    {desk, Post, "/desk/clerks", accountCare, addClerk,
     "name password again recovery Clerk Reception Lead Treasurer It"},
    {desk, Post, "/desk/clerks/requests", accountCare, answerAccountRequest, "request answer"},
    {desk, Get, "/desk/clerks/{}", accountCare, showClerk},
    {desk, Post, "/desk/clerks/{}/roles", accountCare, changeRoles,
     "recovery Clerk Reception Lead Treasurer It"},
    {desk, Post, "/desk/clerks/{}/password", accountCare, resetClerk, "password again recovery"},
    {desk, Post, "/desk/clerks/{}/factor", accountCare, resetFactor, "reason recovery"},
    {desk, Post, "/desk/clerks/{}/binding", accountCare, makeBindingCode},
    {desk, Post, "/desk/clerks/{}/binding/end", accountCare, unbindIdentity},
    {desk, Post, "/desk/clerks/{}/sessions/end", itOnly, endClerksSession, "session"},
    {desk, Get, "/desk/devices", deviceCare, showDevices},
    {desk, Post, "/desk/devices", deviceActs, actOnDevice, "device act"},
    {desk, Post, "/desk/help/done", hallWork, answerHelp, "caller"},
    {desk, Post, "/desk/sign-out", Rule::Arriving, signOut},

    {display, Get, "/assets/{*}", Rule::Public, showAsset},
    {display, Get, "/display", Rule::DisplayToken, showDisplay, "", "token"},
    {display, Get, "/display/desk/{}", Rule::DisplayToken, showSign, "", "token"},
    {display, Get, "/display/speech/{}/{}", Rule::DisplayToken, giveSpeech},
    {display, Get, "/display/events", Rule::DisplayToken, followDisplay},

    {sync, Get, "/sync/work", Rule::SyncPeer, giveWork},
    {sync, Get, "/sync/envelopes/{}/metadata", Rule::SyncPeer, giveMetadata},
    {sync, Get, "/sync/envelopes/{}/data", Rule::SyncPeer, giveData},
    {sync, Get, "/sync/envelopes/{}/attachments/{}", Rule::SyncPeer, giveAttachment},
    {sync, Post, "/sync/envelopes/{}/announced", Rule::SyncPeer, takeAnnounced},
    {sync, Post, "/sync/envelopes/{}/lost", Rule::SyncPeer, takeLost},
    {sync, Post, "/sync/envelopes/{}/events", Rule::SyncPeer, takeEvents},
    {sync, Post, "/sync/envelopes/{}/refused", Rule::SyncPeer, takeRefused},
    {sync, Post, "/sync/destinations/{}", Rule::SyncPeer, takeDestination},
    {sync, Post, "/sync/service-keys", Rule::SyncPeer, takeServiceKeys},
    {sync, Post, "/sync/status", Rule::SyncPeer, takeStatus},
    {sync, Get, "/sync/journal/{}", Rule::SyncPeer, giveMark},
    {sync, Post, "/sync/head", Rule::SyncPeer, takeHeadVerdict},
    {sync, Post, "/sync/sign-ins/next", Rule::SyncPeer, giveSignIn},
    {sync, Post, "/sync/sign-ins/{}/heard", Rule::SyncPeer, takeSignInAnswer},
    {sync, Post, "/sync/replies", Rule::SyncPeer, takeReplyList},
    {sync, Post, "/sync/replies/{}/parts", Rule::SyncPeer, takeReplyPiece},
    {sync, Post, "/sync/replies/{}/whole", Rule::SyncPeer, takeReplyWhole},
    {sync, Post, "/sync/replies/{}/told", Rule::SyncPeer, takeReplyTold},
    {sync, Post, "/sync/payments/{}/begin", Rule::SyncPeer, beginPayment},
    {sync, Post, "/sync/payments/{}/heard", Rule::SyncPeer, takePaymentAnswer},
    {sync, Post, "/sync/quota/round", Rule::SyncPeer, beginQuotaRound},
    {sync, Post, "/sync/quota/heard", Rule::SyncPeer, takeQuotaAnswer},

    {admin, Get, "/admin/health", Rule::AdminPeer, showHealth},
    {admin, Get, "/admin/status", Rule::AdminPeer, showStatus},
    {admin, Get, "/admin/backup", Rule::AdminPeer, awaitBackup},
    {admin, Post, "/admin/backup", Rule::AdminPeer, makeBackup},
    {admin, Post, "/admin/enrolment", Rule::AdminPeer, takeEnrolment},
    {admin, Post, "/admin/date", Rule::AdminPeer, confirmDate},
    {admin, Get, "/admin/plan", Rule::AdminPeer, givePlan},
    {admin, Get, "/admin/appointments", Rule::AdminPeer, giveAppointments, "", "from until"},
    {admin, Post, "/admin/appointments", Rule::AdminPeer, takeAppointments},
};

std::vector<std::string> segmentsOf(std::string_view path)
{
    std::vector<std::string> segments;
    if (path == "/")
        return segments;
    std::size_t begin = 1;
    while (begin <= path.size()) {
        const auto end = std::min(path.find('/', begin), path.size());
        segments.emplace_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return segments;
}

/// What stood where the pattern has braces; nothing when the path is another.
std::optional<std::vector<std::string>> matched(std::string_view pattern,
                                                const std::vector<std::string>& path)
{
    const auto wanted = segmentsOf(pattern);
    std::vector<std::string> values;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i] == "{*}") {
            std::string rest;
            for (std::size_t j = i; j < path.size(); ++j)
                rest += (rest.empty() ? "" : "/") + path[j];
            if (rest.empty())
                return std::nullopt;
            values.push_back(rest);
            return values;
        }
        if (i >= path.size())
            return std::nullopt;
        if (wanted[i] == "{}" && !path[i].empty())
            values.push_back(path[i]);
        else if (wanted[i] != path[i])
            return std::nullopt;
    }
    if (wanted.size() != path.size())
        return std::nullopt;
    return values;
}

} // namespace

std::span<const Route> allRoutes()
{
    return routes;
}

RouteMatch findRoute(Surface surface, const std::string& method, const std::string& path)
{
    RouteMatch match;
    if (path.empty() || path[0] != '/')
        return match;
    const auto segments = segmentsOf(path);
    for (const auto& route : routes) {
        if (route.surface != surface)
            continue;
        auto values = matched(route.pattern, segments);
        if (!values)
            continue;
        match.allow += (match.allow.empty() ? "" : ", ") + std::string(name(route.method));
        if (name(route.method) == method) {
            match.route = &route;
            match.segments = *std::move(values);
        }
    }
    return match;
}

bool comesInPieces(Surface surface, const std::string& method, const std::string& path)
{
    const auto match = findRoute(surface, method, path);
    return match.route && match.route->body == BodyComes::InPieces;
}

bool mayUse(office::Roles roles, Method method, const std::string& path)
{
    const auto match = findRoute(Surface::Desk, std::string(name(method)), path);
    return match.route && match.route->who.rule == Rule::Clerk &&
           match.route->who.roles.meets(roles);
}

bool lists(std::string_view list, std::string_view wanted)
{
    while (!list.empty()) {
        const auto end = std::min(list.find(' '), list.size());
        if (list.substr(0, end) == wanted)
            return true;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

std::string_view name(Surface surface)
{
    switch (surface) {
    case Surface::Kiosk:
        return "kiosk";
    case Surface::Desk:
        return "desk";
    case Surface::Display:
        return "display";
    case Surface::Sync:
        return "sync";
    case Surface::Admin:
        return "admin";
    }
    return "";
}

std::string_view name(Rule rule)
{
    switch (rule) {
    case Rule::Public:
        return "public";
    case Rule::Visit:
        return "visit";
    case Rule::Clerk:
        return "clerk";
    case Rule::Arriving:
        return "arriving clerk";
    case Rule::ByProvider:
        return "arrival by a provider";
    case Rule::DisplayToken:
        return "display token";
    case Rule::FeedSecret:
        return "secret of a calendar";
    case Rule::SyncPeer:
        return "sync peer";
    case Rule::AdminPeer:
        return "admin peer";
    }
    return "";
}

std::string_view name(Method method)
{
    switch (method) {
    case Get:
        return "GET";
    case Post:
        return "POST";
    }
    return "";
}

} // namespace amt::node

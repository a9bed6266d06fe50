// SPDX-License-Identifier: EUPL-1.2
//
// Answers: pages, redirects, problems, cookies and the headers that every answer has.
#include "appliance/node/exchange.h"

#include "kiosk/page/page.h"

#include <algorithm>

namespace amt::node {

Exchange::~Exchange()
{
    wipe(request.body);
    for (auto& [name, value] : fields)
        wipe(value);
}

const std::string& Exchange::field(const std::string& name) const
{
    const auto found = fields.find(name);
    if (found == fields.end())
        throw Error(ErrorCode::RequestMalformed, "form field missing");
    return found->second;
}

HttpResponse htmlAnswer(int status, std::string html)
{
    HttpResponse response;
    response.status = status;
    response.headers = {{"Content-Type", "text/html; charset=utf-8"}};
    response.body = std::move(html);
    return response;
}

HttpResponse jsonAnswer(int status, const json::Object& object)
{
    HttpResponse response;
    response.status = status;
    response.headers = {{"Content-Type", "application/json"}};
    response.body = json::write(object);
    return response;
}

HttpResponse emptyAnswer(int status)
{
    HttpResponse response;
    response.status = status;
    return response;
}

HttpResponse followingAnswer(const std::string& topic)
{
    HttpResponse response;
    response.headers = {{"Content-Type", "text/event-stream"}};
    response.eventTopic = topic;
    return response;
}

HttpResponse redirect(const std::string& location)
{
    HttpResponse response;
    response.status = 303;
    response.headers = {{"Location", location}};
    return response;
}

HttpResponse problemAnswer(int status, ErrorCode code)
{
    auto problem = json::makeObject();
    problem->set("type", "about:blank");
    problem->set("status", status);
    problem->set("title", std::string(name(code)));
    HttpResponse response = jsonAnswer(status, *problem);
    response.headers = {{"Content-Type", "application/problem+json"}};
    return response;
}

bool isDigits(const Secret& typed, std::size_t count)
{
    const auto text = typed.revealText();
    return text.size() == count && text.find_first_not_of("0123456789") == std::string_view::npos;
}

int statusOf(ErrorCode code)
{
    switch (code) {
    case ErrorCode::InputMalformed:
    case ErrorCode::JsonMalformed:
    case ErrorCode::FormFieldUnexpected:
    case ErrorCode::TextNotAllowed:
    case ErrorCode::RequestMalformed:
        return 400;
    case ErrorCode::SessionUnknown:
    case ErrorCode::OriginForeign:
    case ErrorCode::NotSignedIn:
    case ErrorCode::NotAllowed:
    case ErrorCode::PeerForeign:
        return 403;
    case ErrorCode::NotFound:
        return 404;
    case ErrorCode::MethodNotAllowed:
        return 405;
    case ErrorCode::VersionConflict:
    case ErrorCode::StepOutOfOrder:
        return 409;
    case ErrorCode::InputTooLarge:
        return 413;
    case ErrorCode::HostForeign:
        return 421;
    case ErrorCode::KeyUnusable:
    case ErrorCode::SignatureInvalid:
    case ErrorCode::EventRefused:
    case ErrorCode::EventEarly:
    case ErrorCode::EnvelopeMalformed:
    case ErrorCode::EnvelopeNotOurs:
        return 422;
    case ErrorCode::Overloaded:
    case ErrorCode::StoreFailed:
    case ErrorCode::StoreNewer:
    case ErrorCode::StoreFull:
    case ErrorCode::DatabaseUnavailable:
    case ErrorCode::JournalBroken:
    case ErrorCode::BrokerGone:
    case ErrorCode::BrokerMessageUnexpected:
        return 503;
    case ErrorCode::CardAnswerMalformed:
    case ErrorCode::CardRefused:
    case ErrorCode::CardForged:
    case ErrorCode::CardGone:
    case ErrorCode::CertificateUnusable:
    case ErrorCode::ReaderFailed:
    case ErrorCode::TerminalFrameMalformed:
    case ErrorCode::TerminalSpeaksOther:
    case ErrorCode::TerminalUnreachable:
    case ErrorCode::TerminalNotReady:
    case ErrorCode::PrinterFailed:
    case ErrorCode::PortalRefused:
    case ErrorCode::PortalAnswerMalformed:
    case ErrorCode::ConfigurationInvalid:
    case ErrorCode::SystemFailed:
        return 500;
    }
    return 500;
}

void addSecurityHeaders(HttpResponse& response, Surface surface)
{
    const auto add = [&](const std::string& name, const std::string& value) {
        if (response.header(name).empty())
            response.headers.emplace_back(name, value);
    };
    add("Cache-Control", "no-store");
    add("X-Content-Type-Options", "nosniff");
    if (surface == Surface::Sync || surface == Surface::Admin)
        return;
    add("Content-Security-Policy", page::contentSecurityPolicy);
    // not "no-referrer": with it, browsers send "Origin: null" in our own forms
    add("Referrer-Policy", "same-origin");
    add("Cross-Origin-Opener-Policy", "same-origin");
    add("Cross-Origin-Embedder-Policy", "require-corp");
    add("Cross-Origin-Resource-Policy", "same-origin");
    add("Permissions-Policy",
        "accelerometer=(), autoplay=(self), camera=(), clipboard-read=(), display-capture=(), "
        "fullscreen=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), "
        "midi=(), payment=(), serial=(), usb=()");
    add("X-Frame-Options", "DENY");
}

void setCookie(HttpResponse& response, const std::string& name, const std::string& value,
               OverTls tls)
{
    response.headers.emplace_back("Set-Cookie", name + "=" + value +
                                                    "; Path=/; HttpOnly; SameSite=Strict" +
                                                    (tls == OverTls::Yes ? "; Secure" : ""));
}

void clearCookie(HttpResponse& response, const std::string& name, OverTls tls)
{
    response.headers.emplace_back("Set-Cookie",
                                  name + "=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict" +
                                      (tls == OverTls::Yes ? "; Secure" : ""));
}

const char* const arrivalCookie = "amt_arrival";

void setArrivalCookie(HttpResponse& response, const std::string& value, std::chrono::seconds holds)
{
    response.headers.emplace_back(
        "Set-Cookie", std::string(arrivalCookie) + "=" + value + "; Path=/desk/provider; Max-Age=" +
                          std::to_string(holds.count()) + "; HttpOnly; SameSite=Lax; Secure");
}

void clearArrivalCookie(HttpResponse& response)
{
    setArrivalCookie(response, "", std::chrono::seconds(0));
}

} // namespace amt::node

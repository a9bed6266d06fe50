// SPDX-License-Identifier: EUPL-1.2
//
// Visits in memory and as sealed drafts.
#include "appliance/node/visit.h"

#include "appliance/core/error.h"
#include "appliance/core/http.h"
#include "appliance/office/calendar/appointment.h"
#include "sync/envelope/envelope.h"

#include <algorithm>

namespace amt::node {

const char* const visitCookie = "amt_visit";

namespace {

constexpr std::size_t idBytes = 16;
constexpr std::size_t keyBytes = 32;

struct CookieParts {
    std::string idHash;
    Secret key;
};

std::string hashOfId(std::string_view id)
{
    std::string hash = toHex(envelope::sha256(view(id))).substr(0, 32);
    for (const std::size_t at : {8U, 13U, 18U, 23U})
        hash.insert(at, "-");
    return hash;
}

/// Nothing when the cookie cannot be one of ours.
std::optional<CookieParts> partsOf(const std::string& cookie)
{
    const auto dot = cookie.find('.');
    if (dot == std::string::npos || cookie.size() > 128)
        return std::nullopt;
    try {
        if (fromBase64Url(std::string_view(cookie).substr(0, dot)).size() != idBytes)
            return std::nullopt;
        Secret key(fromBase64Url(std::string_view(cookie).substr(dot + 1)));
        if (key.size() != keyBytes)
            return std::nullopt;
        return CookieParts{hashOfId(std::string_view(cookie).substr(0, dot)), std::move(key)};
    } catch (const Error&) { // not base64url: a guess, answered like any other unknown cookie
        return std::nullopt;
    }
}

constexpr Step steps[] = {Step::Start,       Step::Notice,     Step::Card,    Step::Reading,
                          Step::CardProblem, Step::Form,       Step::Review,  Step::Pay,
                          Step::Paying,      Step::Unresolved, Step::Done,    Step::Ticket,
                          Step::Booking,     Step::Asking,     Step::Contact, Step::Booked};

Step stepFromName(const std::string& text)
{
    for (const Step step : steps) {
        if (name(step) == text)
            return step;
    }
    throw Error(ErrorCode::JsonMalformed, "step of a draft");
}

Bytes written(const Visit& visit)
{
    auto object = json::makeObject();
    object->set("format", 1);
    object->set("envelopeId", visit.envelopeId);
    object->set("language", visit.language);
    object->set("text", visit.access.text);
    object->set("contrast", visit.access.highContrast);
    object->set("reach", visit.access.lowReach);
    object->set("step", std::string(name(visit.step)));
    object->set("service", visit.service);
    object->set("answers", office::toJson(visit.answers));
    if (visit.identification)
        object->set("identification", office::toJson(*visit.identification));
    object->set("checksInByCard", visit.checksInByCard);
    object->set("formStep", visit.formStep);
    object->set("caseId", visit.caseId);
    object->set("ticketId", visit.ticketId);
    object->set("wanted", office::servicesJson(visit.wanted));
    object->set("appointmentId", visit.appointmentId);
    object->set("wish", visit.wish);
    object->set("cardProblem", visit.cardProblem);
    auto presses = json::makeArray();
    for (const auto& [key, location] : visit.presses.all()) {
        auto press = json::makeObject();
        press->set("key", key);
        press->set("location", location);
        presses->add(press);
    }
    object->set("presses", presses);
    return toBytes(json::write(*object));
}

void read(Visit& visit, ByteView plain)
{
    const auto object = json::parseObject(toText(plain));
    visit.envelopeId = json::text(*object, "envelopeId");
    visit.language = json::text(*object, "language");
    if (object->has("text")) { // drafts of earlier versions say nothing of it
        visit.access.text = static_cast<int>(json::integer(*object, "text"));
        visit.access.highContrast = json::boolean(*object, "contrast");
        visit.access.lowReach = json::boolean(*object, "reach");
    }
    visit.step = stepFromName(json::text(*object, "step"));
    visit.service = json::text(*object, "service");
    visit.answers = office::answersFromJson(*json::object(*object, "answers"));
    if (object->has("identification"))
        visit.identification =
            office::identificationFromJson(*json::object(*object, "identification"));
    visit.checksInByCard =
        object->has("checksInByCard") && json::boolean(*object, "checksInByCard");
    visit.formStep = static_cast<int>(json::integer(*object, "formStep"));
    visit.caseId = json::text(*object, "caseId");
    if (object->has("ticketId")) // nor of this
        visit.ticketId = json::text(*object, "ticketId");
    if (object->has("wanted")) {
        visit.wanted = office::servicesFromJson(json::text(*object, "wanted"));
        visit.appointmentId = json::text(*object, "appointmentId");
    }
    if (object->has("wish"))
        visit.wish = json::integer(*object, "wish");
    visit.cardProblem = json::text(*object, "cardProblem");
    const auto presses = json::array(*object, "presses");
    for (unsigned i = 0; i < presses->size(); ++i) {
        const auto press = presses->getObject(i);
        if (!press)
            throw Error(ErrorCode::JsonMalformed, "press of a draft");
        visit.presses.note(json::text(*press, "key"), json::text(*press, "location"));
    }
}

} // namespace

std::string addressOf(Step step)
{
    switch (step) {
    case Step::Start:
        return "/services";
    case Step::Notice:
        return "/visit/notice";
    case Step::Card:
        return "/visit/card";
    case Step::Reading:
        return "/visit/card/reading";
    case Step::CardProblem:
        return "/visit/card/problem";
    case Step::Form:
        return "/visit/form";
    case Step::Review:
        return "/visit/review";
    case Step::Pay:
        return "/visit/pay";
    case Step::Paying:
        return "/visit/pay/running";
    case Step::Unresolved:
        return "/visit/pay/unresolved";
    case Step::Done:
        return "/visit/done";
    case Step::Ticket:
        return "/visit/ticket";
    case Step::Booking:
        return "/visit/booking";
    case Step::Asking:
        return "/visit/booking/asking";
    case Step::Contact:
        return "/visit/booking/contact";
    case Step::Booked:
        return "/visit/booked";
    }
    return "/";
}

std::string_view name(Step step)
{
    switch (step) {
    case Step::Start:
        return "Start";
    case Step::Notice:
        return "Notice";
    case Step::Card:
        return "Card";
    case Step::Reading:
        return "Reading";
    case Step::CardProblem:
        return "CardProblem";
    case Step::Form:
        return "Form";
    case Step::Review:
        return "Review";
    case Step::Pay:
        return "Pay";
    case Step::Paying:
        return "Paying";
    case Step::Unresolved:
        return "Unresolved";
    case Step::Done:
        return "Done";
    case Step::Ticket:
        return "Ticket";
    case Step::Booking:
        return "Booking";
    case Step::Asking:
        return "Asking";
    case Step::Contact:
        return "Contact";
    case Step::Booked:
        return "Booked";
    }
    return "";
}

void adjust(page::Access& access, const std::string& wish)
{
    if (wish == "text-0" || wish == "text-1" || wish == "text-2")
        access.text = wish.back() - '0';
    else if (wish == "contrast-on" || wish == "contrast-off")
        access.highContrast = wish == "contrast-on";
    else if (wish == "reach-on" || wish == "reach-off")
        access.lowReach = wish == "reach-on";
    else
        throw Error(ErrorCode::RequestMalformed, "wish of the access bar");
}

void Visit::forgetCard()
{
    wrongPinTriesLeft.reset();
    fewTriesLeft.reset();
    needsCan = wrongCan = pinIncomplete = false;
    cardProblem.clear();
}

void Visit::apply(VisitEvent event)
{
    const auto next = visitTable.next(step, event);
    if (!next)
        throw Error(ErrorCode::StepOutOfOrder,
                    std::string("visit in step ") + std::string(name(step)));
    step = *next;
}

Visits::Visits(office::Drafts& drafts, EventLoop& loop, RandomSource& random, VisitTimes times)
    : _drafts(drafts), _loop(loop), _random(random), _times(times)
{}

Visits::~Visits()
{
    for (const auto& [hash, visit] : _visits)
        _loop.cancel(visit->timer);
}

Visit* Visits::find(const std::string& cookieHeader)
{
    const auto cookie = cookieValue(cookieHeader, visitCookie);
    if (!cookie)
        return nullptr;
    auto parts = partsOf(*cookie);
    if (!parts)
        return nullptr;
    const auto found = _visits.find(parts->idHash);
    if (found != _visits.end())
        return found->second->key == parts->key ? found->second.get() : nullptr;
    if (std::find(_ended.begin(), _ended.end(), parts->idHash) != _ended.end())
        return nullptr;
    return restore(parts->idHash, *cookie, std::move(parts->key));
}

Visit* Visits::restore(const std::string& idHash, const std::string& cookie, Secret key)
{
    auto plain = _drafts.load(idHash, key);
    if (!plain)
        return nullptr;
    auto visit = std::make_unique<Visit>();
    visit->idHash = idHash;
    visit->cookie = cookie;
    visit->key = std::move(key);
    read(*visit, *plain);
    wipe(*plain);
    Visit& restored = *visit;
    _visits.emplace(idHash, std::move(visit));
    touch(restored);
    if (onRestored)
        onRestored(restored);
    save(restored);
    return &restored;
}

Visit* Visits::byHash(const std::string& idHash)
{
    const auto found = _visits.find(idHash);
    return found == _visits.end() ? nullptr : found->second.get();
}

Visit* Visits::byCase(const std::string& caseId)
{
    for (const auto& [hash, visit] : _visits) {
        if (!caseId.empty() && visit->caseId == caseId)
            return visit.get();
    }
    return nullptr;
}

Visit* Visits::byPaper(const std::string& id)
{
    const auto found = std::find_if(_visits.begin(), _visits.end(), [&](const auto& entry) {
        return !id.empty() && (entry.second->caseId == id || entry.second->ticketId == id ||
                               entry.second->appointmentId == id);
    });
    return found == _visits.end() ? nullptr : found->second.get();
}

Visit& Visits::open(const std::string& language)
{
    auto visit = std::make_unique<Visit>();
    const std::string id = toBase64Url(randomBytes(_random, idBytes));
    Bytes key = randomBytes(_random, keyBytes);
    visit->idHash = hashOfId(id);
    visit->cookie = id + "." + toBase64Url(key);
    visit->key = Secret(std::move(key));
    visit->envelopeId = randomUuid(_random);
    visit->language = language;
    Visit& opened = *visit;
    _visits.emplace(opened.idHash, std::move(visit));
    touch(opened);
    return opened;
}

void Visits::save(const Visit& visit)
{
    Bytes plain = written(visit);
    _drafts.save(visit.idHash, visit.key, plain, _loop.utcNow());
    wipe(plain);
}

void Visits::touch(Visit& visit)
{
    visit.lastTouch = _loop.sinceBoot();
    visit.warned = false;
    const auto patience = visit.step == Step::Form ? _times.onForms : _times.idle;
    arm(visit, visit.access.lowReach ? std::max(patience, _times.atEase) : patience);
}

void Visits::warn(Visit& visit)
{
    if (visit.warned)
        return;
    visit.warned = true;
    arm(visit, _times.afterWarning);
}

void Visits::arm(Visit& visit, std::chrono::seconds delay)
{
    _loop.cancel(visit.timer);
    visit.timer = _loop.after(
        delay, [this, hash = visit.idHash, delay] { // cancelled in end() and in the destructor
            Visit* silent = byHash(hash);
            if (!silent)
                return;
            arm(*silent, delay); // also should its end fail, because the disk is full now
            if (onSilence && !(holdsClock && holdsClock(*silent)))
                onSilence(*silent);
        });
}

void Visits::end(Visit& visit)
{
    const std::string hash = visit.idHash;
    _drafts.remove(hash);
    _loop.cancel(visit.timer);
    for (auto& [field, answer] : visit.answers)
        wipe(answer.value);
    wipe(visit.cookie);
    _visits.erase(hash);
    _ended.push_back(hash);
    if (_ended.size() > 64)
        _ended.pop_front();
}

bool Visits::hasEnded(const std::string& cookieHeader) const
{
    const auto cookie = cookieValue(cookieHeader, visitCookie);
    const auto parts = cookie ? partsOf(*cookie) : std::nullopt;
    return parts && std::find(_ended.begin(), _ended.end(), parts->idHash) != _ended.end();
}

std::vector<Visit*> Visits::asking()
{
    std::vector<Visit*> found;
    for (const auto& [hash, visit] : _visits) {
        if (visit->step == Step::Asking)
            found.push_back(visit.get());
    }
    return found;
}

std::set<std::string> Visits::running() const
{
    std::set<std::string> hashes;
    for (const auto& [hash, visit] : _visits)
        hashes.insert(hash);
    return hashes;
}

} // namespace amt::node

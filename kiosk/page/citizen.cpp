// SPDX-License-Identifier: EUPL-1.2
//
// What citizens see: each view of the kiosk as data for its template.
#include "appliance/core/http.h"
#include "appliance/core/local_date.h"
#include "kiosk/page/qr.h"
#include "kiosk/page/surfaces.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace amt::page {
namespace {

constexpr std::size_t isoDayLength = 10; // 1964-11-21

/// Languages whose texts were reviewed; the others appear in test mode only.
bool isReviewed(const std::string& language)
{
    return language == "de" || language == "en";
}

const std::array<std::string, 5> identitySteps = {"waitingForCard", "checkingPin",
                                                  "provingTerminal", "checkingCard", "reading"};

/// How a ZVT result (BMP 27) is explained (facts/payment-usb.md 1.5).
std::string declinedGroup(int code)
{
    switch (code) {
    case 0x6C:
        return "aborted";
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x72:
    case 0x73:
        return "unreadable";
    case 0x67:
    case 0x68:
    case 0x6E:
    case 0x76:
    case 0x78:
    case 0x79:
    case 0x7A:
        return "card";
    case 0x7D:
    case 0x9B:
    case 0xA1:
    case 0xA3:
        return "line";
    case 0x71:
        return "refused";
    default:
        return code >= 0x01 && code <= 0x63 ? "refused" : "general";
    }
}

/// What an intermediate status (04 FF) asks the citizen to do.
std::string statusGroup(int code)
{
    if (code >= 0x41 && code <= 0x5D && code != 0x50)
        return statusGroup(code - 0x40);
    switch (code) {
    case 0x00:
        return "amountCheck";
    case 0x01:
    case 0x02:
    case 0x6A:
    case 0x6B:
    case 0x6C:
    case 0x6D:
        return "pin";
    case 0x04:
    case 0xD2:
    case 0xD3:
    case 0xF1:
        return "bank";
    case 0x05:
        return "undoing";
    case 0x0A:
        return "insert";
    case 0x0B:
        return "remove";
    case 0x03:
    case 0x0C:
    case 0x0D:
        return "unreadable";
    case 0x15:
        return "wrongPin";
    case 0x18:
        return "pinTries";
    case 0x1C:
    case 0x5E:
        return "approved";
    case 0x1D:
        return "refused";
    default:
        return "wait";
    }
}

/// Fills one view; a function for each alternative, in the order of the visit.
class Filler {
public:
    Filler(const Texts& texts, const Frame& frame) : _texts(texts), _frame(frame) {}

    Filled take()
    {
        Data modules{Data::type::list};
        for (const auto& each : _modules)
            modules.push_back(Data(each));
        set("modules", modules);
        return std::move(_filled);
    }

    void operator()(const StartPage& view)
    {
        begin("start", "/");
        set("accepting", view.accepting);
        set("numbers", view.hall.has_value());
        set("appointments", view.appointments);
        set("lead", text(view.hall ? "start.leadMany" : "start.lead"));
        if (view.hall) {
            set("waiting", std::to_string(view.hall->waiting));
            set("openDesks", std::to_string(view.hall->openDesks));
            set("wait", wait(view.hall->wait));
        }
    }

    void operator()(const ConcernsPage& view)
    {
        const std::string address = view.adds ? "/visit/booking/more" : "/appointments";
        begin("concerns", address);
        set("adds", view.adds);
        set("action", view.adds ? "/visit/booking" : "/appointments");
        const auto shown =
            partOfList(view.concerns, {6, 4, 3}, address, view.adds ? "/visit/booking" : "/");
        set("lead", text(view.adds ? "concerns.leadMore" : "concerns.lead"));
        Data concerns{Data::type::list};
        for (const auto& concern : shown) {
            Data item;
            item.set("key", concern.key);
            item.set("name", concern.name);
            item.set("minutes",
                     _texts.plural(_frame.language, "concerns.minutes", concern.minutes));
            concerns.push_back(item);
        }
        set("concerns", concerns);
        using Found = ConcernsPage::Found;
        set("nothingFound", view.found == Found::Nothing);
        set("showsSome", view.found == Found::Some);
        set("all", address);
        // Later parts are shorter: there it would stand too high for whoever sits.
        const bool isOffered =
            shown.size() < view.concerns.size() && shown.front().key == view.concerns.front().key;
        set("searchAt",
            !isOffered || view.found == Found::Some ? Data(false) : Data(address + "?search="));
    }

    void operator()(const ConcernSearchPage& view)
    {
        const std::string address = view.adds ? "/visit/booking/more" : "/appointments";
        begin("search", address, "concern_search");
        module("osk");
        set("action", address);
    }

    void operator()(const BookingPage& view)
    {
        const std::string address = "/visit/booking";
        begin("booking", address);
        const auto shown = partOfList(view.wanted, {4, 2, 1}, address, "");
        Data wanted{Data::type::list};
        for (const auto& each : shown) {
            Data item;
            item.set("key", each.key);
            item.set("name", each.name);
            item.set("bring", each.bring.empty() ? Data(false) : Data(each.bring));
            item.set("counts", each.quantityMax > 1);
            item.set("quantity", std::to_string(each.quantity));
            item.set("canLess", each.quantity > 1 || view.wanted.size() > 1);
            item.set("canMore", each.quantity < each.quantityMax);
            item.set("lessLabel", text("booking.less", {{"name", each.name}}));
            item.set("moreLabel", text("booking.more", {{"name", each.name}}));
            wanted.push_back(item);
        }
        set("wanted", wanted);
        set("duration", _texts.plural(_frame.language, "booking.duration", view.minutes));
        set("canAdd", view.canAdd);
    }

    void operator()(const DaysPage& view)
    {
        const std::string address = "/visit/booking/days";
        begin("days", address);
        const auto shown = partOfList(view.days, {8, 6, 4}, address, "/visit/booking");
        Data days{Data::type::list};
        for (const auto& day : shown) {
            Data item;
            item.set("iso", toIso(day.day));
            item.set("day", _texts.day(_frame.language, day.day));
            item.set("free", _texts.plural(_frame.language, "days.free", day.free));
            item.set("parts", text(!day.afternoon ? "days.morning"
                                   : day.morning  ? "days.both"
                                                  : "days.afternoon"));
            days.push_back(item);
        }
        set("days", days);
        set("none", view.days.empty());
        set("noneText", text("days.noneText", {{"phone", view.phone}}));
        set("problem", view.problem.empty() ? Data(false) : Data(text("days." + view.problem)));
    }

    void operator()(const TimesPage& view)
    {
        const std::string address = "/visit/booking/times?day=" + toIso(view.day);
        begin("times", address);
        const auto shown = partOfList(view.times, {20, 15, 8}, address, "/visit/booking/days");
        const std::string day = _texts.day(_frame.language, view.day);
        set("heading", text("times.heading", {{"day", day}}));
        set("iso", toIso(view.day));
        Data times{Data::type::list};
        for (const auto& time : shown) {
            Data item;
            item.set("cell", std::to_string(time.cell));
            item.set("time", text("times.time", {{"time", localTime(time.start)}}));
            times.push_back(item);
        }
        set("times", times);
    }

    void operator()(const BookedPage& view)
    {
        begin("booked", "/visit/booked");
        if (view.printing == "printing")
            live("/visit/booked", view.printing);
        else
            refresh(view.untilEnd, "/visit/timeout");
        module("countdown");
        const int parts = _frame.access.text > 0 ? 2 : 1;
        const int part = partOf(parts);
        lead(part, parts, "/visit/booked", "/visit/booked");
        set("showNumber", part == 1);
        set("showNext", part == parts);
        set("day", _texts.day(_frame.language, localDate(view.start)));
        set("begins", text("times.time", {{"time", localTime(view.start)}}));
        set("place", view.place);
        set("code", view.code);
        list("concerns", view.concerns);
        list("bring", view.bring);
        set("hasBring", !view.bring.empty());
        paper("booked.printing.", view.printing, "ticket.print");
        untilEnd(view.untilEnd);
    }

    void operator()(const CheckInPage& view)
    {
        using enum CheckInPage::Problem;
        begin("checkIn", "/visit/check-in", "check_in");
        module("osk");
        set("code", view.code);
        const std::string problem = view.problem == Unknown        ? "unknown"
                                    : view.problem == TooOften     ? "tooOften"
                                    : view.problem == TooEarly     ? "tooEarly"
                                    : view.problem == TooLate      ? "tooLate"
                                    : view.problem == OtherDay     ? "otherDay"
                                    : view.problem == Strange      ? "strange"
                                    : view.problem == NotByCard    ? "notByCard"
                                    : view.problem == AskReception ? "askReception"
                                                                   : "";
        set("problem", problem.empty() ? Data(false) : Data(text("checkIn.problem." + problem)));
        if (!problem.empty())
            set("problemText", text("checkIn.problem." + problem + "Text",
                                    {{"time", localTime(view.start)},
                                     {"from", localTime(view.from)},
                                     {"day", _texts.day(_frame.language, localDate(view.start))}}));
        set("scans", view.scans);
        set("readsCards", view.readsCards);
        set("severalWays", view.scans || view.readsCards);
        if (view.scans)
            liveGently(view.news);
    }

    void operator()(const QueuePage& view)
    {
        begin("queue", "/queue");
        Data groups{Data::type::list};
        for (const auto& group : view.groups) {
            Data item;
            item.set("key", group.key);
            item.set("name", group.name);
            item.set("open", group.state == "open");
            item.set("line", group.state == "open"
                                 ? text("queue.line", {{"waiting", std::to_string(group.waiting)},
                                                       {"wait", wait(group.wait)}})
                                 : text("queue." + group.state));
            groups.push_back(item);
        }
        set("groups", groups);
    }

    void operator()(const TicketPage& view)
    {
        begin("ticket", "/visit/ticket");
        if (view.printing == "printing")
            live("/visit/ticket", view.printing);
        else if (view.waits)
            refresh(view.untilEnd, "/visit/timeout");
        if (view.waits)
            module("countdown");
        // With larger letters what comes next has a page of its own.
        const int parts = view.waits && _frame.access.text > 0 ? 2 : 1;
        const int part = partOf(parts);
        lead(part, parts, "/visit/ticket", "/visit/ticket");
        set("showNumber", part == 1);
        set("showNext", view.waits && part == parts);
        set("ends", view.waits && part == parts);
        set("number", view.number);
        set("group", view.group);
        set("waits", view.waits);
        set("mustNote", !view.waits && view.printing != "printing");
        set("heading", text(view.waits && view.appointment ? "ticket.headingCheckedIn"
                            : view.waits                   ? "ticket.heading"
                            : view.printing == "printing"  ? "ticket.headingPrinting"
                                                           : "ticket.headingNote"));
        set("beforeLine", view.before == 0
                              ? text("ticket.beforeNone")
                              : _texts.plural(_frame.language, "ticket.before", view.before));
        set("wait", wait(view.wait));
        if (view.appointment)
            set("appointmentLine",
                text("ticket.appointment", {{"time", localTime(*view.appointment)}}));
        if (!view.way.empty()) {
            set("way", view.way);
            set("wayLine", text("ticket.way", {{"way", text("way." + view.way)}}));
            set("floor", view.way == "Up" || view.way == "Down");
        }
        paper("ticket.printing.", view.printing, "ticket.print");
        untilEnd(view.untilEnd);
    }

    void operator()(const ServicesPage& view)
    {
        begin("services", "/services");
        Data services{Data::type::list};
        for (const auto& entry : view.services) {
            Data service;
            service.set("key", entry.key);
            service.set("name", entry.name);
            service.set("summary", entry.summary);
            service.set("feeLine", entry.fee == Money()
                                       ? text("services.free")
                                       : text("services.fee", {{"fee", money(entry.fee)}}));
            if (!entry.papers.empty())
                service.set("papersLine",
                            text("services.papers",
                                 {{"papers", _texts.listed(_frame.language, entry.papers)}}));
            services.push_back(service);
        }
        set("services", services);
    }

    void operator()(const NoticePage& view)
    {
        begin("notice", "/visit/notice");
        set("serviceName", view.serviceName);
        set("attributes", groupNames(view.attributes));
        // Four passages: on one page, on two with larger letters, on four with very large ones.
        const int parts = 1 << _frame.access.text;
        const int part = partOf(parts);
        const auto shows = [&](int passage) { return (passage - 1) * parts / 4 + 1 == part; };
        set("showRead", shows(1));
        set("showRights", shows(2));
        set("showWhy", shows(3));
        set("showKeep", shows(4));
        set("showFirst", shows(1) || shows(2));
        set("showSecond", shows(3) || shows(4));
        lead(part, parts, "/visit/notice", _frame.checksInByCard ? "/visit/check-in" : "/services");
        set("unreviewed", part == 1 && !view.reviewedTranslation && _frame.language != "de");
        set("reads", !view.reads.empty());
    }

    void operator()(const CertificatePage& view)
    {
        begin("certificate", "/visit/notice/certificate");
        const auto passages = passagesOf(view.terms);
        const int parts = passages.empty() ? 1 : passages.back().part;
        const int part = partOf(parts);
        lead(part, parts, "/visit/notice/certificate", "/visit/notice");
        set("first", part == 1);
        set("subject", view.subject);
        set("subjectUrl", view.subjectUrl);
        set("issuer", view.issuer);
        set("issuerUrl", view.issuerUrl);
        set("validUntil", germanDate(view.validUntil));
        Data terms{Data::type::list};
        for (const auto& passage : passages) {
            if (passage.part == part)
                terms.push_back(Data(passage.text));
        }
        set("terms", terms);
        set("hasTerms", !passages.empty());
    }

    void operator()(const CardPage& view)
    {
        begin("card", "/visit/card");
        module("pad");
        const bool wrongPin = view.wrongPinTriesLeft.has_value() || view.pinIncomplete;
        const bool error = wrongPin || view.wrongCan || view.fewTriesLeft.has_value();
        set("wrongPin", wrongPin);
        set("wrongCan", view.wrongCan);
        set("asksCan", view.asksCan);
        set("atReader", view.atReader);
        set("isNews", view.fewTriesLeft.has_value());
        set("triesTwo", view.wrongPinTriesLeft == 2 || view.fewTriesLeft == 2);
        set("error", error);
        // With larger letters the way of the card has a page of its own before what is typed here.
        const bool types = !view.atReader || view.asksCan;
        set("hasFields", types);
        const int parts = _frame.access.text > 0 && !error && types ? 2 : 1;
        const int part = partOf(parts);
        lead(part, parts, "/visit/card", "/visit/notice");
        set("showWay",
            part == 1 && (_frame.access.text == 0 || parts == 2 || (view.atReader && !error)));
        set("showPin", part == parts);
        if (view.wrongPinTriesLeft) {
            set("errorTitle", text("card.wrongPinTitle"));
            set("errorText", _texts.plural(_frame.language, "card.tries", *view.wrongPinTriesLeft));
            set("fieldError", text("card.notRight"));
            set("pinWasWrong", true);
        } else if (view.fewTriesLeft) {
            set("errorTitle", text("card.fewTriesTitle"));
            set("errorText", _texts.plural(_frame.language, "card.fewTries", *view.fewTriesLeft));
        } else if (view.pinIncomplete) {
            set("errorTitle", text("card.incompleteTitle"));
            set("fieldError", text("card.incompleteTitle"));
            set("errorText", text(view.asksCan ? "card.canIncomplete" : "card.pinIncomplete"));
        } else if (view.wrongCan) {
            set("errorTitle", text("card.wrongCanTitle"));
            set("errorText", text("card.wrongCanText"));
        }
    }

    void operator()(const ReadingPage& view)
    {
        begin("reading", "/visit/card/reading");
        live("/visit/card/reading", view.step);
        set("waits", view.step == identitySteps.front());
        // The reader's own keypad is how the PIN is checked there.
        const bool atReader = view.step == "enteringAtReader";
        const std::string shown = atReader ? "checkingPin" : view.step;
        set("entersAtReader", atReader);
        set("checksPin", view.step == "checkingPin");
        const auto at = std::find(identitySteps.begin(), identitySteps.end(), shown);
        const auto current = at == identitySteps.end() ? identitySteps.begin() : at;
        const std::string said = atReader ? view.step : *current;
        set("heading", text("reading." + said + ".heading"));
        set("text", text("reading." + said + ".text"));
        Data steps{Data::type::list};
        for (auto step = identitySteps.begin(); step != identitySteps.end(); ++step) {
            Data item;
            item.set("name", text("reading." + *step + ".name"));
            item.set("number", std::to_string(step - identitySteps.begin() + 1));
            item.set("done", step < current);
            item.set("current", step == current);
            steps.push_back(item);
        }
        set("steps", steps);
    }

    void operator()(const CardProblemPage& view)
    {
        begin("problem", "/visit/card/problem", "card_problem");
        const auto outcome = _texts.has("de", "problem." + view.outcome + ".text")
                                 ? view.outcome
                                 : std::string("DeviceFailed");
        set("heading", text("problem." + outcome + ".heading"));
        set("text", text("problem." + outcome + ".text"));
        set("advice",
            text(_frame.checksInByCard ? "checkIn.cardAdvice" : "problem." + outcome + ".advice"));
        set("canRetry", view.canRetry);
        set("retry", text(outcome == "PinSuspended" ? "problem.retryCan" : "problem.retry"));
        set("is" + outcome, true);
    }

    void operator()(const FormPage& view)
    {
        const bool isContact = view.kind == FormPage::Kind::Contact;
        begin("form", isContact ? "/visit/booking/contact" : "/visit/form");
        set("keepsForm", true);
        module("osk");
        set("before", "/visit/card");
        set("serviceName", isContact ? text("contact.heading") : view.serviceName);
        if (isContact) {
            set("title", text("contact.title"));
            set("lead", text("contact.lead",
                             {{"day", _texts.day(_frame.language, localDate(view.appointment))},
                              {"time", localTime(view.appointment)},
                              {"until", view.heldUntil ? localTime(*view.heldUntil) : ""}}));
            set("canHoldLonger", view.canHoldLonger);
        }
        if (view.steps > 1)
            set("stepLine", text("form.step", {{"step", std::to_string(view.step)},
                                               {"steps", std::to_string(view.steps)}}));
        Data given{Data::type::list};
        std::vector<const FieldView*> asked;
        Data errors{Data::type::list};
        int errorCount = 0;
        int firstError = 0;
        for (const auto& field : view.fields) {
            if (isGiven(field)) {
                if (!field.value.empty())
                    given.push_back(fact(field));
                continue;
            }
            asked.push_back(&field);
            if (field.errorKey.empty())
                continue;
            if (++errorCount == 1)
                firstError = static_cast<int>(asked.size()) - 1;
            Data error;
            error.set("id", "field-" + field.name);
            error.set("label", text(field.labelKey));
            error.set("message", errorOf(field));
            errors.push_back(error);
        }
        // A page with faults shows those; what the card gave comes again in the review.
        const bool hasGiven =
            errorCount == 0 && std::any_of(view.fields.begin(), view.fields.end(), isGiven);
        // Larger letters: what the card gave first, then two fields a page, or one. Controls that
        // are low: two, where one of them is high. Those of other pages come along hidden.
        const int count = static_cast<int>(asked.size());
        const bool isHigh = (isContact && count > 2) || // a long lead above them
                            std::any_of(asked.begin(), asked.end(), [](const FieldView* field) {
                                return field->options.size() > 2;
                            });
        const int aPage = _frame.access.text == 2 ? 1
                          : _frame.access.text == 1 || (_frame.access.lowReach && isHigh)
                              ? 2
                              : std::max(count, 1);
        const int givenParts = hasGiven && _frame.access.text > 0 && count > 0 ? 1 : 0;
        const int parts = std::max(1, givenParts + (count + aPage - 1) / aPage);
        const int part =
            _frame.part == 0
                ? std::min(parts, 1 + givenParts * (errorCount > 0) + firstError / aPage)
                : partOf(parts);
        Data fields{Data::type::list};
        Data elsewhere{Data::type::list};
        for (int i = 0; i < count; ++i) {
            const bool here = part == 1 + givenParts + i / aPage;
            (here ? fields : elsewhere).push_back(input(*asked[static_cast<std::size_t>(i)]));
        }
        set("hasGiven", hasGiven && part == 1);
        set("given", given);
        set("fields", fields);
        set("elsewhere", elsewhere);
        set("listsErrors", _frame.access.text == 0);
        if (parts > 1)
            set("partLine", text("frame.part", {{"part", std::to_string(part)},
                                                {"parts", std::to_string(parts)}}));
        set("nextAction", part < parts ? "part-" + std::to_string(part + 1) : "next");
        set("backAction", part > 1 ? "part-" + std::to_string(part - 1) : "back");
        set("leaves", !isContact && view.step <= 1 && part == 1);
        set("hasErrors", errorCount > 0);
        set("errors", errors);
        set("errorsLine", _texts.plural(_frame.language, "form.errors", errorCount));
    }

    void operator()(const ReviewPage& view)
    {
        begin("review", "/visit/review");
        set("serviceName", view.serviceName);
        set("fee", money(view.fee));
        const int parts = 1 + _frame.access.text;
        const int part = partOf(parts);
        lead(part, parts, "/visit/review", "/visit/form");
        set("firstPart", part == 1);
        set("lastPart", part == parts);
        const auto count = static_cast<int>(view.fields.size());
        Data fields{Data::type::list};
        bool anyFromCard = false;
        // Fee, notes and the last sentence take the room of some fields.
        const int room = count + (parts > 1 ? 4 : 0);
        for (int i = (part - 1) * room / parts; i < std::min(count, part * room / parts); ++i) {
            const auto& field = view.fields[static_cast<std::size_t>(i)];
            fields.push_back(fact(field));
            anyFromCard = anyFromCard || isGiven(field);
        }
        set("fields", fields);
        set("anyFromCard", anyFromCard);
    }

    void operator()(const PayPage& view)
    {
        begin("pay", "/visit/pay");
        set("fee", money(view.fee));
        set("feeFor", text("pay.for", {{"service", view.serviceName}}));
        if (view.declinedCode)
            set("declined", text("declined." + declinedGroup(*view.declinedCode)));
        if (!view.onlineProblem.empty())
            set("declined", text("online.problem." + view.onlineProblem));
        set("terminalReady", view.terminalReady);
        set("onlineReady", view.onlineReady);
        if (_frame.access.text > 0 && (view.declinedCode || !view.onlineProblem.empty()))
            set("offline", false); // said before, and there is no room to say it again
    }

    void operator()(const AskingPage& view)
    {
        begin("asking", "/visit/booking/asking");
        live("/visit/booking/asking", "");
        set("heading", text(view.confirms ? "asking.confirmHeading" : "asking.heading"));
    }

    void operator()(const PayRunningPage& view)
    {
        begin("running", "/visit/pay/running", "pay_running");
        live("/visit/pay/running", std::to_string(view.statusCode) + " " + view.statusText);
        set("fee", money(view.fee));
        set("aborting", view.aborting);
        set("status",
            text(view.aborting ? "running.aborting" : "running." + statusGroup(view.statusCode)));
        if (!view.statusText.empty())
            set("terminalText", view.statusText);
    }

    void operator()(const PayOnlinePage& view)
    {
        const bool ready = !view.address.empty();
        begin("online", "/visit/pay/running", "pay_online");
        live("/visit/pay/running", ready ? "ready" : "asking");
        module("countdown");
        set("fee", money(view.fee));
        set("heading", text(ready ? "online.heading" : "online.headingAsking"));
        set("status", text(ready ? "online.waiting" : "online.asking"));
        set("until", text("online.until", {{"time", localTime(view.until)}}));
        set("left", std::to_string(view.left.count()));
        if (!ready)
            return;
        const QrDrawing drawing = qrDrawing(view.address);
        set("qrSize", std::to_string(drawing.size));
        set("qrPath", drawing.path);
        set("stepPay", text("online.stepPay", {{"host", view.host}}));
    }

    void operator()(const PayUnresolvedPage& view)
    {
        begin("unresolved", "/visit/pay/unresolved", "pay_unresolved");
        set("online", view.online);
        live("/visit/pay/unresolved", "");
        set("fee", money(view.fee));
        set("reference", view.reference);
    }

    void operator()(const DonePage& view)
    {
        begin("done", "/visit/done");
        if (view.printing == "printing")
            live("/visit/done", view.printing);
        else
            refresh(view.untilEnd, "/visit/timeout");
        module("countdown");
        const int parts = _frame.access.text > 0 ? 2 : 1;
        const int part = partOf(parts);
        lead(part, parts, "/visit/done", "/visit/done");
        set("showNumber", part == 1);
        set("showNext", part == parts);
        set("reference", view.reference);
        set("paidLine", view.fee == Money() ? text("done.free")
                                            : text(view.paidOnline ? "done.paidOnline"
                                                   : view.paid     ? "done.paid"
                                                                   : "done.unpaid",
                                                   {{"fee", money(view.fee)}}));
        const bool waits = !view.papers.empty() || (view.fee != Money() && !view.paid);
        set("waits", waits);
        if (!view.papers.empty())
            set("papersLine",
                text("done.papers", {{"papers", _texts.listed(_frame.language, view.papers)}}));
        const auto key = "done.printing." + view.printing;
        const auto printing = _texts.has("de", key) ? key : std::string("done.printing.noPrinter");
        set("printingLine", text(printing));
        set("canPrint", view.printing != "printing" && view.printing != "noPrinter");
        set("printLabel", text(view.printing == "notWanted" ? "done.print" : "done.printAgain"));
        set("checkCard", true);
        untilEnd(view.untilEnd);
    }

    void operator()(const StillTherePage& view)
    {
        begin("still", view.back, "still_there"); // whoever presses anything is there
        refresh(view.left, "/visit/timeout");
        module("countdown");
        set("left", std::to_string(view.left.count()));
    }

    void operator()(const EndedPage& view)
    {
        begin("ended", "/");
        refresh(endedStays, "/");
        set("heading", text(view.timedOut ? "ended.timedOutHeading" : "ended.heading"));
        set("text", text(view.timedOut ? "ended.timedOutText" : "ended.text"));
    }

    void operator()(const StatePage& view)
    {
        using Answer = StatePage::Answer;
        begin("state", "/visit/state");
        module("osk");
        set("reference", view.reference);
        set("found", view.answer == Answer::Found);
        set("unknown", view.answer == Answer::Unknown);
        set("tooOften", view.answer == Answer::TooOften);
        if (view.answer == Answer::Found) {
            const auto key = "state.is." + view.state;
            set("stateText", _texts.has(_frame.language, key) ? text(key) : view.state);
            set("hasReply", view.hasReply);
        }
    }

    void operator()(const HelpPage& view)
    {
        begin("help", "/help");
        set("helpPage", true);
        if (!view.phone.empty())
            set("phone", view.phone);
        set("called", view.called);
        set("back", view.back);
        set("path", view.back);
    }

    void operator()(const ErrorPage& view)
    {
        begin("refused", "/", "error");
        const auto key = "error." + std::string(amt::name(view.code));
        set("what", text(key));
        set("inGerman", !_texts.has(_frame.language, key));
        set("code", std::to_string(view.status) + " " + std::string(amt::name(view.code)));
    }

private:
    static constexpr std::chrono::seconds endedStays{15};
    static constexpr std::chrono::seconds liveAfter{3};

    std::string text(const std::string& key, const Parameters& parameters = {}) const
    {
        return _texts.get(_frame.language, key, parameters);
    }

    std::string money(Money amount) const { return _texts.money(_frame.language, amount); }

    template <typename Value>
    void set(const std::string& name, const Value& value)
    {
        _filled.data.set(name, value);
    }

    void module(const std::string& name) { _modules.push_back(name); }

    /// The frame around `page`. `path` is the address to come back to after a change of language or
    /// a call for help.
    void begin(const std::string& page, const std::string& path,
               const std::string& templateName = "")
    {
        _filled.name = templateName.empty() ? page : templateName;
        set("page", page);
        set("title", text(page + ".title"));
        set("path", path);
        set("pathEncoded", escapeUri(path));
        set("language", _frame.language);
        set("direction", text("language.direction"));
        set("municipality", _frame.municipality);
        set("clock", _texts.clock(_frame.language, _frame.now));
        set("time", localTime(_frame.now));
        set("nowMilliseconds", std::to_string(toMilliseconds(_frame.now)));
        set("formKey", _frame.formKey);
        set("offline", !_frame.portalReachable);
        set("inVisit", _frame.inVisit);
        set("checksIn", _frame.checksInByCard);
        set("helpLine", text(_frame.helpCalled ? "frame.helpCalled" : "frame.help"));
        access();
        Data choices{Data::type::list};
        auto languages = _texts.languages();
        std::stable_partition(languages.begin(), languages.end(), isReviewed);
        for (const auto& language : languages) {
            if (!isReviewed(language) && !_frame.testModeLanguages && language != _frame.language)
                continue;
            Data choice;
            choice.set("code", language);
            choice.set("name", _texts.get(language, "language.name"));
            choice.set("current", language == _frame.language);
            choices.push_back(choice);
        }
        set("languageChoices", choices);
        if (_frame.inVisit && page != "still") {
            module("idle");
            set("idleAfter", std::to_string(_frame.idleWarning.count()));
            refresh(_frame.idleWarning, "/visit/still-there");
        }
    }

    /// The buttons of the access bar: what each is about, how it is now, and what a press asks for.
    void access()
    {
        const Access& now = _frame.access;
        set("textStep", std::to_string(now.text));
        set("highContrast", now.highContrast);
        set("lowReach", now.lowReach);
        Data buttons{Data::type::list};
        const auto offer = [&](const std::string& kind, const std::string& mark,
                               const std::string& state, const std::string& wish, bool on) {
            Data button;
            button.set(mark, true);
            button.set("what", text("access." + kind));
            button.set("state", text("access." + kind + "." + state));
            button.set("change", text("access.change"));
            button.set("wish", kind + "-" + wish);
            button.set("on", on);
            buttons.push_back(button);
        };
        offer("text", "isText", std::to_string(now.text), std::to_string((now.text + 1) % 3),
              now.text > 0);
        offer("contrast", "isContrast", now.highContrast ? "on" : "off",
              now.highContrast ? "off" : "on", now.highContrast);
        offer("reach", "isReach", now.lowReach ? "on" : "off", now.lowReach ? "off" : "on",
              now.lowReach);
        set("adjustments", buttons);
    }

    /// For browsers without script; with script the modules do it, and typing counts as being
    /// there.
    void refresh(std::chrono::seconds after, const std::string& to)
    {
        set("refreshAfter", std::to_string(after.count()));
        set("refreshTo", to);
    }

    /// `shows`: what of the visit's live state this page already tells; another value loads it
    /// anew.
    void live(const std::string& path, const std::string& shows)
    {
        module("live");
        set("liveShows", shows);
        set("live", true);
        set("idleAfter", false); // a step that runs holds the clock (ui.md 3.7)
        refresh(liveAfter, path);
    }

    /// The same where somebody types meanwhile: the page is loaded for news only, never because
    /// time has passed, and the clock of the visit goes on.
    void liveGently(const std::string& shows)
    {
        module("live");
        set("liveShows", shows);
        set("live", true);
        set("refreshAfter", "0");
    }

    /// "20–25 Min.", never a promise.
    std::string wait(const std::optional<Wait>& range) const
    {
        if (!range)
            return text("wait.none");
        if (range->orLonger)
            return text("wait.longer", {{"from", std::to_string(range->from)}});
        if (range->until == 0 || range->from == range->until)
            return text("wait.most", {{"until", std::to_string(std::max(range->until, 5))}});
        return text("wait.range", {{"from", std::to_string(range->from)},
                                   {"until", std::to_string(range->until)}});
    }

    Data groupNames(const std::vector<std::string>& attributes) const
    {
        Data names{Data::type::list};
        for (const auto& attribute : attributes)
            names.push_back(Data(text("group." + attribute)));
        return names;
    }

    /// Which of `parts` pages this one is.
    /// A line of a long text, and the part of its page where it stands.
    struct Passage {
        std::string text;
        int part;
    };
    /// By what fits: the first part shares its page with other things.
    std::vector<Passage> passagesOf(const std::string& whole) const
    {
        constexpr std::array<int, 3> linesOfPart{13, 8, 5};
        constexpr std::array<std::size_t, 3> lettersOfLine{70, 52, 40};
        constexpr int linesOfFacts = 6;
        const auto size = static_cast<std::size_t>(std::clamp(_frame.access.text, 0, 2));
        std::vector<Passage> passages;
        int part = 1, used = linesOfFacts;
        std::istringstream lines(whole);
        for (std::string line; std::getline(lines, line);) {
            line.erase(line.find_last_not_of(" \t\r") + 1);
            if (line.empty())
                continue;
            const int needed = 1 + static_cast<int>(line.size() / lettersOfLine[size]);
            if (used + needed > linesOfPart[size] && used > 0) {
                ++part;
                used = 0;
            }
            used += needed;
            passages.push_back({line, part});
        }
        return passages;
    }

    int partOf(int parts) const { return std::clamp(_frame.part, 1, parts); }

    /// The entries of this part of the page; `aPart` by size of letters, with low controls as with
    /// larger ones. `before`: where back leads from the first part.
    template <typename Entry>
    std::vector<Entry> partOfList(const std::vector<Entry>& all, std::array<std::size_t, 3> aPart,
                                  const std::string& address, const std::string& before)
    {
        constexpr std::size_t partsMax = 9;
        const std::size_t size = aPart[static_cast<std::size_t>(
            std::max(_frame.access.text, _frame.access.lowReach ? 1 : 0))];
        const std::size_t parts =
            std::clamp<std::size_t>((all.size() + size - 1) / size, 1, partsMax);
        const int part = partOf(static_cast<int>(parts));
        lead(part, static_cast<int>(parts), address, before);
        const auto from = std::min(all.size(), (static_cast<std::size_t>(part) - 1) * size);
        const auto until = std::min(all.size(), from + size);
        return {all.begin() + static_cast<std::ptrdiff_t>(from),
                all.begin() + static_cast<std::ptrdiff_t>(until)};
    }

    void list(const std::string& name, const std::vector<std::string>& texts)
    {
        Data items{Data::type::list};
        for (const auto& each : texts)
            items.push_back(Data(each));
        set(name, items);
    }

    /// What became of the paper, and the button that prints (again).
    void paper(const std::string& room, const std::string& printing, const std::string& print)
    {
        const std::string key = room + printing;
        set("printingLine", text(_texts.has("de", key) ? key : room + "noPrinter"));
        set("canPrint", printing != "printing");
        set("printLabel", text(printing == "printed" ? "done.printAgain" : print));
    }

    void untilEnd(std::chrono::seconds left)
    {
        set("countdownText", _texts.raw(_frame.language, "done.countdown"));
        set("untilEnd", std::to_string(left.count()));
        set("untilEndLine", _texts.plural(_frame.language, "done.untilEnd", left.count()));
    }

    /// Between the parts of a page: where back and next lead, and which part it is.
    void lead(int part, int parts, const std::string& address, const std::string& before)
    {
        const auto at = [&](int other) {
            return address + (address.find('?') == std::string::npos ? "?" : "&") +
                   "part=" + std::to_string(other);
        };
        set("backTo", part > 1 ? at(part - 1) : before);
        if (parts > 1)
            set("partLine", text("frame.part", {{"part", std::to_string(part)},
                                                {"parts", std::to_string(parts)}}));
        if (part < parts)
            set("nextPart", at(part + 1));
    }

    static bool isGiven(const FieldView& field) { return field.origin == "eid"; }

    std::string errorOf(const FieldView& field) const
    {
        const bool known = _texts.has("de", field.errorKey);
        return text(known ? field.errorKey : "form.error.general", {{"detail", field.errorDetail}});
    }

    /// A question has a short name for lists: "field.x.short" beside "field.x.label".
    std::string shortLabelKey(const FieldView& field) const
    {
        const auto key = field.labelKey.substr(0, field.labelKey.rfind('.')) + ".short";
        return _texts.has("de", key) ? key : field.labelKey;
    }

    Data fact(const FieldView& field) const
    {
        Data item;
        item.set("label", text(shortLabelKey(field)));
        item.set("value", shownValue(_texts, _frame.language, field));
        item.set("fromCard", isGiven(field));
        return item;
    }

    Data input(const FieldView& field) const
    {
        const bool chosen = field.kind == "choice" || field.kind == "yesno";
        Data item;
        item.set("name", field.name);
        item.set("field", field.name);
        item.set("label", text(field.labelKey));
        item.set("value", chosen ? field.value : shownValue(_texts, _frame.language, field));
        item.set("optional", field.optional);
        item.set("isInput", !chosen);
        item.set("isChoice", chosen);
        item.set("short", field.kind == "yesno");
        item.set("numeric", field.name == "postalCode");
        item.set("wide", field.name == "street" || field.kind == "plate" ||
                             (field.kind == "date" && field.optional)); // its help says why

        item.set("lengthMax", field.kind == "text" ? "120" : "20");
        item.set("error", false);
        item.set("help", false);
        std::string describedBy;
        if (!field.helpKey.empty()) {
            item.set("help", text(field.helpKey));
            describedBy = "hint-" + field.name;
        }
        if (!field.errorKey.empty()) {
            item.set("error", errorOf(field));
            describedBy += (describedBy.empty() ? "error-" : " error-") + field.name;
        }
        item.set("describedBy", describedBy.empty() ? Data(false) : Data(describedBy));
        Data options{Data::type::list};
        const auto offer = [&](const std::string& value, const std::string& label, bool isChosen) {
            Data option;
            option.set("value", value);
            option.set("label", label);
            option.set("chosen", isChosen);
            options.push_back(option);
        };
        if (field.kind == "yesno") {
            offer("yes", text("form.yes"), field.value == "yes");
            offer("no", text("form.no"), field.value == "no");
        }
        for (const auto& option : field.options)
            offer(option.value, option.label, option.value == field.value);
        item.set("options", options);
        return item;
    }

    const Texts& _texts;
    const Frame& _frame;
    Filled _filled{"", Data{Data::type::object}};
    std::vector<std::string> _modules{"press", "clock", "focus"};
};

} // namespace

std::string shownValue(const Texts& texts, const std::string& language, const FieldView& field)
{
    if (field.kind == "yesno" && !field.value.empty())
        return texts.get(language, field.value == "yes" ? "form.yes" : "form.no");
    if (field.kind == "date" && field.value.size() == isoDayLength && field.value[4] == '-')
        return field.value.substr(8, 2) + "." + field.value.substr(5, 2) + "." +
               field.value.substr(0, 4);
    for (const auto& option : field.options)
        if (option.value == field.value)
            return option.label;
    return field.value;
}

Filled fillKiosk(const Texts& texts, const Frame& frame, const KioskView& view)
{
    Filler filler(texts, frame);
    std::visit(filler, view);
    return filler.take();
}

} // namespace amt::page

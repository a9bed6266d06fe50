// SPDX-License-Identifier: EUPL-1.2
//
// What clerks and the waiting room see: each view of desk and display as data for its template.
#include "appliance/core/local_date.h"
#include "kiosk/page/planning.h"
#include "kiosk/page/qr.h"
#include "kiosk/page/surfaces.h"

namespace amt::page {
namespace {

const std::string german = "de";

/// Fills one view; a function for each alternative.
class DeskFiller {
public:
    DeskFiller(const Texts& texts, const DeskFrame& frame) : _texts(texts), _frame(frame) {}

    Filled take() { return std::move(_filled); }

    void operator()(const SignInPage& view)
    {
        using Kind = SignInPage::Kind;
        const std::string kind = view.kind == Kind::SignIn  ? "signIn"
                                 : view.kind == Kind::First ? "first"
                                                            : "recover";
        begin("signIn", "sign_in", text("desk.title." + kind));
        set("lead", text("desk.lead." + kind));
        set("submit", text("desk.submit." + kind));
        set("action", view.kind == Kind::SignIn  ? "/desk/sign-in"
                      : view.kind == Kind::First ? "/desk/first"
                                                 : "/desk/recover");
        set("signIn", view.kind == Kind::SignIn);
        set("first", view.kind == Kind::First);
        set("recover", view.kind == Kind::Recover);
        set("newPassword", newPassword(view.kind != Kind::SignIn, ""));
        set("needsFirst", view.needsFirst && view.kind != Kind::First);
        set("provider", view.provider.empty() || view.kind != Kind::SignIn
                            ? Data(false)
                            : Data(text("desk.provider.button", {{"provider", view.provider}})));
        if (view.refused)
            set("problem", text("desk.refused." + kind));
        if (view.wait.count() > 0)
            set(view.refused ? "problemText" : "problem",
                _texts.plural(german, "desk.wait", view.wait.count()));
    }

    void operator()(const ProviderPage& view)
    {
        const std::string key = "desk.provider." + std::string(kindName(view.kind));
        const Parameters provider = {{"provider", view.provider}};
        begin("signIn", "provider", text(key + ".title", provider));
        set("text", text(key + ".text", provider));
        set("checking", view.kind == ProviderPage::Kind::Checking);
        set("bind", view.kind == ProviderPage::Kind::Bind);
        set("over", view.kind != ProviderPage::Kind::Checking);
        passwordProblem(view.refused, view.wait, "desk.provider.bindRefused");
    }

    void operator()(const OpenKeyPage& view)
    {
        begin(view.required ? "signIn" : "account", "open_key", text("desk.openKey.title"));
        set("lead", text(view.required ? "desk.openKey.required" : "desk.openKey.lead"));
        passwordProblem(view.refused, view.wait, "desk.openKey.refused");
    }

    void operator()(const CodePage& view)
    {
        begin("signIn", "code", text("desk.title.code"));
        codeProblem(view.refused, view.wait);
    }

    void operator()(const FactorPage& view)
    {
        begin("account", "factor", text("desk.factor"));
        codeProblem(view.refused, view.wait);
        set("isOn", view.isOn);
        set("isOff", !view.isOn);
        set("mayStart", view.mayStart);
        set("lead", text(view.required ? "desk.factor.required" : "desk.factor.wanted"));
        set("written", view.written);
        const QrDrawing drawing = view.address.empty() ? QrDrawing() : qrDrawing(view.address);
        set("qrSize", std::to_string(drawing.size));
        set("qrPath", drawing.path);
    }

    void operator()(const AccountPage& view)
    {
        begin("account", "account", text("desk.title.account"));
        set("suffix", std::string());
        message(view.message);
        set("roles", roleNames(view.roles));
        set("factor", factorBadge(view.secondFactor));
        set("factorLink",
            text(view.secondFactor ? "desk.account.factor" : "desk.account.factorSetUp"));
        sessions(view.sessions, "/desk/account/sessions/end");
    }

    void operator()(const PaperHalfPage& view)
    {
        begin("paper", "paper", text("desk.title.paper"));
        set("code", view.code);
    }

    void operator()(const CasesPage& view)
    {
        begin("cases", "cases", text("desk.title.cases"));
        helpCalls(view.calls);
        Data cases{Data::type::list};
        for (const auto& row : view.cases) {
            Data item;
            item.set("id", row.id);
            item.set("reference", row.reference);
            item.set("service", row.service);
            item.set("createdAt", moment(row.createdAt));
            item.set("badge", stateBadge(row.state));
            item.set("payment", textOr("desk.pay." + row.payment, row.payment));
            item.set("replies", row.replies == 0
                                    ? Data(false)
                                    : Data(_texts.plural(german, "desk.reply.count", row.replies)));
            item.set("held", row.heldReason.empty() ? Data(false) : Data(held(row.heldReason)));
            cases.push_back(item);
        }
        if (view.replies > 0)
            set("replies", _texts.plural(german, "desk.reply.open", view.replies));
        if (view.strayReplies > 0)
            set("strayReplies", _texts.plural(german, "desk.reply.stray", view.strayReplies));
        set("hasCases", !view.cases.empty());
        set("cases", cases);
    }

    void operator()(const CasePage& view)
    {
        begin("cases", "case", text("desk.title.case", {{"reference", view.reference}}));
        set("id", view.id);
        set("reference", view.reference);
        set("serviceName", view.serviceName);
        set("badge", stateBadge(view.state));
        if (!view.heldReason.empty())
            set("held", held(view.heldReason));
        setPapers(view.papers, view.takesAttachments && view.attachments == 0);
        if (view.openReplies > 0)
            set("openReplies", _texts.plural(german, "desk.reply.count", view.openReplies));
        set("hasReplies", !view.replies.empty());
        Data replies{Data::type::list};
        for (const auto& reply : view.replies) {
            Data item;
            item.set("replyId", reply.id);
            item.set("receivedAt", moment(reply.receivedAt));
            item.set("replyState", textOr("desk.reply.state." + reply.state, reply.state));
            item.set("reason", reply.reason.empty() ? Data(false) : Data(reply.reason));
            replies.push_back(item);
        }
        set("replies", replies);
        set("mayRead", view.mayRead);
        set("readable", view.readable);
        set("fields", fields(view.fields));
        set("payment", payment(view.payment));
        Data way{Data::type::list};
        for (const auto& entry : view.way) {
            Data item;
            item.set("at", moment(entry.at));
            item.set("what", textOr("desk.way." + entry.kind, entry.kind));
            item.set("detail", entry.detail);
            way.push_back(item);
        }
        set("way", way);
        set("canRelease", view.canRelease);
        set("sendsAgain", view.sendsAgain);
        set("canPutOnPaper", view.canPutOnPaper);
        set("canSettle", view.canSettle);
        Data problems{Data::type::list};
        for (const auto& problem : view.problems)
            problems.push_back(Data("problemLine", problem));
        set("problems", problems);
        set("canDecide", view.mayDecide && view.payment && view.payment->state == "Unresolved");
        set("decidesOnline", view.payment && view.payment->online);
        set("paidLate", view.paidLate);
        set("canRepay", view.paidLate && view.mayDecide);
        set("takesAttachments", view.takesAttachments);
        set("showsAttachments", view.takesAttachments || view.attachments > 0);
        set("attachmentCount", _texts.plural(german, "desk.attachments.count", view.attachments));
    }

    void operator()(const AttachmentsPage& view)
    {
        begin("cases", "attachments",
              text("desk.title.attachments", {{"reference", view.reference}}));
        set("id", view.id);
        set("reference", view.reference);
        set("serviceName", view.serviceName);
        set("readable", view.readable);
        setPapers(view.papers, false);
        set("refusal",
            view.refusal.empty() ? Data(false) : Data(text("attachment.refused." + view.refusal)));
        Data rows{Data::type::list};
        for (const auto& row : view.rows) {
            Data item;
            item.set("attachmentId", row.id);
            item.set("name", row.name);
            item.set("kind", kindOf(row.mimeType));
            item.set("size", fileSize(row.size));
            rows.push_back(item);
        }
        set("rows", rows);
        set("hasRows", !view.rows.empty());
        set("none", view.readable && view.rows.empty());
        set("canAdd", view.canAdd);
        set("canRemove", view.canRemove);
        set("isFull", view.canRemove && view.isFull);
        set("isSealed", view.readable && !view.canRemove);
        set("hint", text("desk.attachments.hint", {{"left", fileSize(view.left)}}));
    }

    void operator()(const ReplyPage& view)
    {
        begin("cases", "reply", text("desk.title.reply", {{"reference", view.reference}}));
        set("caseId", view.caseId);
        set("replyId", view.id);
        set("reference", view.reference);
        set("serviceName", view.serviceName);
        set("receivedAt", moment(view.receivedAt));
        const bool refused = !view.problems.empty();
        set("refused", refused);
        Data problems{Data::type::list};
        for (const auto& problem : view.problems)
            problems.push_back(Data("problemLine", problem));
        set("problems", problems);
        set("keyMissing", !view.readable && !refused);
        set("gone", view.gone);
        set("shows", view.readable && !refused && !view.gone);
        set("author", view.author.empty() ? Data(false) : Data(view.author));
        set("theirReference",
            view.theirReference.empty() ? Data(false) : Data(view.theirReference));
        set("subject", view.subject);
        Data lines{Data::type::list};
        for (std::size_t at = 0; at <= view.text.size();) {
            const std::size_t end = std::min(view.text.find('\n', at), view.text.size());
            lines.push_back(Data("line", view.text.substr(at, end - at)));
            at = end + 1;
        }
        set("lines", lines);
        Data attachments{Data::type::list};
        for (const auto& attachment : view.attachments) {
            Data item;
            item.set("attachmentId", attachment.id);
            item.set("name", attachment.name);
            item.set("description",
                     attachment.description.empty() ? Data(false) : Data(attachment.description));
            attachments.push_back(item);
        }
        set("attachments", attachments);
        set("hasAttachments", !view.attachments.empty());
        set("settled", view.settled);
        set("canSettle", view.canSettle);
    }

    void operator()(const DeskIdentityPage& view)
    {
        using Stage = DeskIdentityPage::Stage;
        begin("cases", "identity", text("desk.title.identity", {{"reference", view.reference}}));
        const std::string address = "/desk/cases/" + view.id + "/identity";
        set("id", view.id);
        set("action", address);
        set("reference", view.reference);
        set("serviceName", view.serviceName);
        set("unavailable", view.stage == Stage::Unavailable);
        set("asksPhoto", view.stage == Stage::Photo);
        set("asksCan", view.stage == Stage::AccessNumber);
        set("readsNow", view.stage == Stage::Reading);
        set("shows", view.stage == Stage::Shown);
        if (!view.problem.empty())
            cardProblem("desk.card." + view.problem);
        set("canIsWrong", view.problem == "WrongCan" || view.problem == "CanIncomplete");
        std::string names;
        for (const auto& field : view.fields)
            names += (names.empty() ? "" : ", ") + textOr(field.labelKey, field.name);
        set("names", names);
        if (view.stage == Stage::Reading)
            running(address, view.step, view.cancelling, "desk.card.running", 5);
        if (view.stage == Stage::Shown)
            comparison(view);
    }

    void operator()(const DeskPinPage& view)
    {
        using Stage = DeskPinPage::Stage;
        const bool form = view.stage == Stage::Form;
        begin("pin", "pin", text(form ? textKey("desk.pin.title.", view.act) : "desk.title.pin"));
        set("action", "/desk/pin");
        set("menu", view.stage == Stage::Menu);
        set("form", form);
        set("act", view.act);
        for (const char* act : {"change", "resume", "unblock", "set"})
            set(act, form && view.act == act);
        set("wantsCertificate", form && view.act == "set" && !view.hasCertificate);
        set("canPost", form && (view.act != "set" || view.hasCertificate));
        set("running", view.stage == Stage::Running);
        if (view.stage == Stage::Running)
            running("/desk/pin", view.step, view.cancelling, "desk.pin.running",
                    view.act == "set" ? 4 : 2); // without certificates only the password
        if (view.outcome == "PinReady")
            cardProblem("desk.pin.PinReady", view.triesLeft);
        else if (view.outcome == "WrongPin" && view.triesLeft > 0)
            cardProblem("desk.pin.WrongPin", view.triesLeft);
        else if (view.outcome == "WrongPin")
            cardProblem("desk.pin.PinBlocked");
        else if (view.outcome == "PinManaged")
            cardProblem(textKey("desk.pin.done.", view.act));
        else if (!view.outcome.empty())
            cardProblem(_texts.has(german, "desk.pin." + view.outcome)
                            ? "desk.pin." + view.outcome
                            : "desk.card." + view.outcome);
    }

    void operator()(const AppointmentsPage& view)
    {
        const std::string day = _texts.day(german, view.day);
        begin("appointments", "appointments", text("desk.title.appointments", {{"day", day}}));
        set("offered", view.offered);
        set("readable", view.readable);
        set("day", toIso(view.day));
        for (const auto& [name, other] : {std::pair{"before", plusDays(view.day, -1)},
                                          std::pair{"after", plusDays(view.day, 1)}}) {
            set(name, toIso(other));
            set(std::string(name) + "Name", _texts.day(german, other));
        }
        Data rows{Data::type::list};
        for (const auto& row : view.rows) {
            Data item;
            item.set("id", row.id);
            item.set("code", row.code);
            item.set("time", localTime(row.start));
            item.set("minutes", _texts.plural(german, "desk.queue.minutes", row.minutes));
            item.set("name", row.name.empty() ? text("desk.appointments.noName") : row.name);
            item.set("concerns", row.concerns);
            item.set("badge", row.displaced ? badge("warning", text("desk.appointments.displaced"))
                                            : appointmentBadge(row.state));
            item.set("ticket", row.ticket.empty() ? Data(false) : Data(row.ticket));
            rows.push_back(item);
        }
        set("rows", rows);
        set("any", !view.rows.empty());
        set("nobody", view.filter.left == 0);
        filter(view.filter);
    }

    void operator()(const DeskBookingPage& view)
    {
        using Stage = DeskBookingPage::Stage;
        const bool moves = !view.moves.empty();
        begin("appointments", "appointment_new",
              text(moves ? "desk.title.appointmentMove" : "desk.title.appointmentNew"));
        const std::string step = view.stage == Stage::Concerns ? "1"
                                 : view.stage == Stage::Time   ? "2"
                                                               : "3";
        set("stepLine", moves ? Data(false) : Data(text("desk.booking.step", {{"step", step}})));
        set("crumb", moves ? "/desk/appointments/" + view.moves : "/desk/appointments");
        set("crumbName", text(moves ? "desk.appointments.backToOne" : "desk.section.appointments"));
        if (!view.problem.empty())
            set("problem", text("desk.booking.problem." + view.problem));
        set("asksConcerns", view.stage == Stage::Concerns);
        set("asksTime", view.stage == Stage::Time);
        set("asksName", view.stage == Stage::Name);
        set("moves", moves);
        set("version", std::to_string(view.version));
        set("action", moves ? "/desk/appointments/" + view.moves + "/move"
                            : std::string("/desk/appointments/new"));
        set("what", view.what.empty() ? Data(false) : Data(view.what));
        set("summary", view.summary);
        set("minutes", _texts.plural(german, "desk.queue.minutes", view.minutes));
        set("now",
            moves ? Data(text("desk.booking.now", {{"moment", moment(view.start)}})) : Data(false));
        set("from", toIso(view.from));
        Data concerns{Data::type::list};
        for (const auto& concern : view.concerns) {
            Data item;
            item.set("key", concern.key);
            item.set("name", concern.name);
            item.set("max", std::to_string(concern.quantityMax));
            item.set("minutes", _texts.plural(german, "desk.queue.minutes", concern.minutes));
            concerns.push_back(item);
        }
        set("concerns", concerns);
        Data days{Data::type::list};
        for (const auto& day : view.days) {
            Data times{Data::type::list};
            for (const auto& time : day.times) {
                Data item;
                item.set("at", toIso(day.day) + "/" + std::to_string(time.cell));
                item.set("time", localTime(time.start));
                times.push_back(item);
            }
            Data item;
            item.set("day", _texts.day(german, day.day));
            item.set("times", times);
            days.push_back(item);
        }
        set("days", days);
        set("any", !view.days.empty());
        set("id", view.id);
        set("at", toIso(view.day) + "/" + std::to_string(view.cell));
        set("when", moment(view.start));
        set("familyName", view.familyName);
        set("givenNames", view.givenNames);
        set("phone", view.phone);
        set("asksBorn", view.dateOfBirth.has_value());
        set("dateOfBirth", view.dateOfBirth.value_or(""));
    }

    /// What the day's list may be cut down to.
    void filter(const AppointmentsPage::Filter& filter)
    {
        const auto options = [&](const std::string& name, const std::string& chosen,
                                 const auto& choices) {
            Data list{Data::type::list};
            for (const auto& [value, label] : choices) {
                Data item;
                item.set("value", value);
                item.set("name", label);
                item.set("chosen", value == chosen);
                list.push_back(item);
            }
            set(name, list);
        };
        std::vector<std::pair<std::string, std::string>> states{{"", text("desk.filter.all")}};
        for (const char* state : {"expected", "late", "waiting", "atDesk", "served", "absent"})
            states.emplace_back(state, text("desk.appointments.state." + std::string(state)));
        options("states", filter.state, states);
        std::vector<std::pair<std::string, std::string>> services{{"", text("desk.filter.all")}};
        for (const auto& service : filter.services)
            services.emplace_back(service.key, service.name);
        options("services", filter.service, services);
        set("search", filter.search);
        set("left", filter.left == 0
                        ? Data(false)
                        : Data(_texts.plural(german, "desk.filter.left", filter.left)));
    }

    void operator()(const AppointmentPage& view)
    {
        const LocalDate day = localDate(view.start);
        begin("appointments", "appointment", text("desk.title.appointment", {{"code", view.code}}));
        set("id", view.id);
        set("iso", toIso(day));
        set("day", _texts.day(german, day));
        set("badge", appointmentBadge(view.state));
        set("version", std::to_string(view.version));
        set("when", moment(view.start));
        set("minutes", _texts.plural(german, "desk.queue.minutes", view.minutes));
        set("code", view.code);
        Data concerns{Data::type::list};
        for (const auto& each : view.concerns)
            concerns.push_back(Data(each));
        set("concerns", concerns);
        set("name", view.name.empty() ? Data(false) : Data(view.name));
        set("phone", view.phone.empty() ? Data(false) : Data(view.phone));
        set("dateOfBirth", view.dateOfBirth.empty()
                               ? Data(false)
                               : Data(germanDate(localDateFromIso(view.dateOfBirth))));
        set("ticket", view.ticket.empty() ? Data(false) : Data(view.ticket));
        set("readable", view.readable);
        set("canChange", view.canChange);
        set("tells", view.tell.has_value());
        if (view.tell)
            tell(*view.tell, view.code);
        set("canCheckIn", view.canCheckIn);
        set("atPortal", view.atPortal);
        if (view.displaced)
            set("problem", text("desk.appointments.problem.displaced"));
        if (!view.problem.empty())
            set("problem", text("desk.appointments.problem." + view.problem));
    }

    void tell(const AppointmentPage::Tell& told, const std::string& code)
    {
        set("stepLine", text("desk.booking.step", {{"step", "4"}}));
        set("place", told.place);
        Data bring{Data::type::list};
        for (const auto& each : told.bring)
            bring.push_back(Data(each));
        set("bring", bring);
        set("hasBring", !told.bring.empty());
        // Letters one by one, as people spell them on the phone; digits are heard as they are.
        Data spelled{Data::type::list};
        for (const char letter : code) {
            const std::string one(1, letter);
            const bool isLetter = letter >= 'A' && letter <= 'Z';
            Data item;
            item.set("sign", one);
            item.set("word", isLetter ? Data(text("desk.spell." + one)) : Data(false));
            item.set("isGap", letter == '-');
            spelled.push_back(item);
        }
        set("spelled", spelled);
    }

    void operator()(const AskedPage& view)
    {
        constexpr int refreshSeconds = 1;
        const std::string address = "/desk/appointments/asked/" + std::to_string(view.number) +
                                    (view.tells ? "?tell=1" : "");
        begin("appointments", "asked", text("desk.title.asked"));
        set("number", std::to_string(view.number));
        set("waits", view.waits);
        set("again", view.waits);
        set("refreshAfter", std::to_string(refreshSeconds));
        set("refreshTo", view.waits ? Data(address) : Data(false));
        set("appointment", view.appointment.empty() ? Data(false) : Data(view.appointment));
        if (!view.problem.empty())
            set("problem", text("desk.asked.problem." + view.problem));
    }

    void operator()(const HoursPage& view)
    {
        begin("hours", "hours",
              view.days.empty()
                  ? text("desk.section.hours")
                  : text("desk.title.hours", {{"day", germanDate(view.days.front().day)}}));
        set("hours", hoursData(_texts, view));
    }

    void operator()(const HoursChangePage& view)
    {
        begin("hours", "hours_change", text("desk.hours.title." + view.kind));
        if (!view.problem.empty())
            set("problem", text("desk.hours.problem." + view.problem));
        set("change", hoursChangeData(_texts, view));
    }

    void operator()(const StatisticsPage& view)
    {
        begin("statistics", "statistics", text("desk.title.statistics"));
        if (!view.problem.empty())
            set("problem", text("desk.statistics.problem." + view.problem));
        set("figures", statisticsData(_texts, view));
    }

    void operator()(const PlacePage& view)
    {
        begin("queue", "place", text("desk.title.place"));
        set("mayEndDay", view.mayEndDay);
        if (!view.problem.empty())
            set("problem", text("desk.place.problem." + view.problem));
        Data desks{Data::type::list};
        for (const auto& desk : view.desks) {
            Data item;
            item.set("id", desk.id);
            item.set("name", desk.name);
            item.set("groups", desk.groups);
            item.set("own", desk.own);
            const bool occupied = !desk.clerk.empty() && !desk.own;
            item.set("occupied", occupied);
            item.set("clerk", desk.clerk);
            item.set("asks", desk.id == view.occupied);
            item.set("question",
                     text("desk.place.question", {{"desk", desk.name}, {"clerk", desk.clerk}}));
            item.set("badge", occupied   ? badge("warning",
                                                 text("desk.place.occupied", {{"clerk", desk.clerk}}))
                              : desk.own ? badge("success", text("desk.place.own"))
                                         : badge("info", text("desk.place.free")));
            desks.push_back(item);
        }
        set("desks", desks);
    }

    void operator()(const QueueDeskPage& view)
    {
        begin("queue", "queue", view.deskName);
        set("skills", view.skills);
        set("follows", true);
        set("sequence", std::to_string(view.sequence));
        if (!view.problem.empty())
            set("problem", text("desk.queue.problem." + view.problem));
        if (!view.issued.empty())
            set("issued", text("desk.queue.issued", {{"number", view.issued}}));
        set("emergency", view.emergency);
        Data words{Data::type::list};
        for (const std::string word : {"None", "BackSoon", "Break", "Knock"}) {
            Data item;
            item.set("word", word);
            item.set("name", text("sign." + word));
            item.set("chosen", word == view.sign);
            words.push_back(item);
        }
        set("words", words);
        helpCalls(view.help);
        Data calls{Data::type::list};
        for (const auto& call : view.calls) {
            Data item;
            item.set("desk", call.desk);
            item.set("line", text("desk.queue.colleague", {{"desk", call.name}}));
            calls.push_back(item);
        }
        set("calls", calls);
        set("groups", groupChoices(view.groups));
        set("hasCurrent", view.current.has_value());
        if (const auto& current = view.current) {
            Data item = ticketRow(current->row);
            item.set("serving", current->serving);
            item.set("since", std::to_string(std::max<std::int64_t>(
                                  0, (_frame.now - current->since).count() / 1000)));
            item.set("state", text(current->serving ? "desk.queue.serving" : "desk.queue.called"));
            item.set("calls", _texts.plural(german, "desk.queue.calls", current->calls));
            Data concerns{Data::type::list};
            for (const auto& concern : current->concerns)
                concerns.push_back(Data(concern));
            item.set("concerns", concerns);
            item.set("appointment",
                     current->appointment.empty() ? Data(false) : Data(current->appointment));
            Data notes{Data::type::list};
            for (const auto& note : current->notes) {
                Data line;
                line.set("text", note.text.empty() ? text("desk.queue.noteClosed") : note.text);
                line.set("by", text("desk.queue.noteBy",
                                    {{"clerk", note.by}, {"time", localTime(note.at)}}));
                notes.push_back(line);
            }
            item.set("notes", notes);
            set("current", item);
        }
        tickets("waiting", view.waiting);
        tickets("parked", view.parked);
        tickets("pickUp", view.pickUp);
        tickets("missed", view.missed);
        tickets("elsewhere", view.elsewhere);
        set("waitingTitle", _texts.plural(german, "desk.queue.waiting",
                                          static_cast<std::int64_t>(view.waiting.size())));
    }

    void operator()(const HeldPage& view)
    {
        begin("held", "held", text("desk.title.held"));
        Data rows{Data::type::list};
        for (const auto& row : view.rows) {
            Data item;
            item.set("id", row.id);
            item.set("reference", row.reference);
            item.set("service", row.service);
            item.set("badge", stateBadge(row.state));
            item.set("reason", row.reason.empty() ? Data(false) : Data(held(row.reason)));
            item.set("createdAt", moment(row.createdAt));
            item.set("age", _texts.plural(german, "desk.days", row.days));
            item.set("canRetry", row.canRetry);
            item.set("canPutOnPaper", row.canPutOnPaper);
            item.set("canSettle", row.canSettle);
            rows.push_back(item);
        }
        set("hasRows", !view.rows.empty());
        set("rows", rows);
    }

    void operator()(const StatusPage& view)
    {
        begin("status", "status", text("desk.title.status"));
        set("needsDate", view.needsDate);
        Data lines{Data::type::list};
        for (const auto& line : view.lines) {
            using Level = StatusPage::Level;
            const char* kind = line.level == Level::Good      ? "success"
                               : line.level == Level::Warning ? "warning"
                               : line.level == Level::Bad     ? "danger"
                                                              : "info";
            Data item;
            item.set("name", textOr("desk.status." + line.key, line.key));
            item.set("value", _texts.has(german, line.valueKey)
                                  ? text(line.valueKey, {{"value", line.value}})
                                  : line.value);
            item.set("badge", badge(kind, text(std::string("desk.level.") + kind)));
            lines.push_back(item);
        }
        set("lines", lines);
        set("canExport", view.exported.waiting > 0 && view.exported.files == 0);
        set("exports", view.exported.files > 0);
        set("waitingLine", _texts.plural(german, "desk.export.waiting", view.exported.waiting));
        Data files{Data::type::list};
        for (int number = 1; number <= view.exported.files; ++number) {
            Data file;
            file.set("number", std::to_string(number));
            file.set("name", text("desk.export.file", {{"number", std::to_string(number)}}));
            files.push_back(file);
        }
        set("files", files);
    }

    void operator()(const CalendarFilesPage& view)
    {
        begin("status", "calendar_files", text("desk.title.calendar"));
        set("offered", view.offered);
        set("address", view.address.empty() ? Data(false) : Data(view.address));
        set("mayExport", view.mayExport && view.readable);
        set("locked", view.mayExport && !view.readable);
        set("from", toIso(view.from));
        set("until", toIso(view.until));
        Data feeds{Data::type::list};
        for (const auto& feed : view.feeds) {
            Data item;
            item.set("desk", feed.desk);
            item.set("name", feed.name);
            item.set("since",
                     feed.since ? Data(text("desk.calendar.since", {{"time", moment(*feed.since)}}))
                                : Data(false));
            item.set("make", text(feed.since ? "desk.calendar.renew" : "desk.calendar.make",
                                  {{"desk", feed.name}}));
            item.set("end", text("desk.calendar.end", {{"desk", feed.name}}));
            feeds.push_back(item);
        }
        set("feeds", feeds);
    }

    void operator()(const ClerksPage& view)
    {
        begin("clerks", "clerks", text("desk.title.clerks"));
        message(view.message);
        Data rows{Data::type::list};
        for (const auto& row : view.rows) {
            Data item;
            item.set("id", row.id);
            item.set("name", row.name);
            item.set("mayChange", row.mayChange);
            item.set("roles", row.roles.empty() ? Data(false) : Data(roleNames(row.roles)));
            item.set("factor", factorBadge(row.secondFactor));
            rows.push_back(item);
        }
        set("rows", rows);
        set("boxes", roleBoxes(view.roles));
        set("addForm", newPassword(true, "-new"));
        set("asksPaper", view.asksPaper);
        Data requests{Data::type::list};
        for (const auto& request : view.requests) {
            std::string roles;
            for (const auto& role : request.roles)
                roles += (roles.empty() ? "" : ", ") + text("desk.role." + role);
            const std::string key = request.act == "SetRoles" && request.roles.empty()
                                        ? "desk.request.Close"
                                        : "desk.request." + request.act;
            Data item;
            item.set("request", request.id);
            item.set("what", text(key, {{"name", request.about}, {"roles", roles}}));
            item.set("who", text("desk.request.askedBy", {{"name", request.askedBy},
                                                          {"at", moment(request.askedAt)},
                                                          {"until", moment(request.until)}}));
            item.set("mayConfirm", request.mayConfirm);
            item.set("mayRefuse", request.mayRefuse);
            item.set("confirmLabel", text("desk.request.confirmOf", {{"name", request.about}}));
            item.set("refuseLabel", text("desk.request.refuseOf", {{"name", request.about}}));
            requests.push_back(item);
        }
        set("hasRequests", !view.requests.empty());
        set("requests", requests);
    }

    void operator()(const ClerkPage& view)
    {
        begin("clerks", "clerk", view.name);
        message(view.message);
        set("id", view.id);
        set("closed", view.closed);
        set("own", view.own);
        set("boxes", roleBoxes(view.roles));
        set("resetForm", newPassword(!view.closed, "-reset"));
        set("factor", factorBadge(view.secondFactor));
        set("mayResetFactor", view.mayResetFactor);
        Data reasons{Data::type::list};
        for (const std::string reason : {"Lost", "Replaced", "Broken", "Stolen"}) {
            Data item;
            item.set("reason", reason);
            item.set("label", text("desk.factor.reason." + reason));
            reasons.push_back(item);
        }
        set("reasons", reasons);
        set("mayEndSessions", view.mayEndSessions);
        sessions(view.sessions, "/desk/clerks/" + view.id + "/sessions/end");
        set("asksPaper", view.asksPaper);
        set("provider", view.provider.empty() ? Data(false) : Data(view.provider));
        set("bound", view.boundAt
                         ? Data(text("desk.binding.since", {{"at", moment(*view.boundAt)}}))
                         : Data(false));
        set("bindingCode", view.bindingCode.empty() ? Data(false) : Data(view.bindingCode));
    }

    void operator()(const DevicesPage& view)
    {
        begin("devices", "devices", text("desk.title.devices"));
        Data devices{Data::type::list};
        for (const auto& device : view.devices) {
            Data item;
            item.set("kind", device.kind);
            item.set("name", textOr("desk.device." + device.kind, device.kind));
            item.set("badge", badge(device.present ? "success" : "danger",
                                    text(device.present ? "desk.present" : "desk.absent")));
            item.set("emulated", device.emulated);
            item.set("detail", device.detail.empty() ? Data(false)
                                                     : Data(textOr(device.detail, device.detail)));
            item.set("hasActs", !device.acts.empty());
            Data acts{Data::type::list};
            for (const auto& act : device.acts) {
                Data offered;
                offered.set("act", act.act);
                offered.set("label", textOr(act.labelKey, act.act));
                acts.push_back(offered);
            }
            item.set("acts", acts);
            devices.push_back(item);
        }
        set("devices", devices);
        set("portal", textOr(view.portalDetail, view.portalDetail));
    }

    void operator()(const ClockPage& view)
    {
        using Result = ClockPage::Result;
        begin("status", "clock", text("desk.title.clock"));
        set("now", moment(view.now));
        set("lastKnown", moment(view.lastKnown));
        set("line", view.line ? Data(moment(*view.line)) : Data(false));
        const auto apart =
            view.line ? std::chrono::abs(
                            std::chrono::duration_cast<std::chrono::minutes>(*view.line - view.now))
                      : std::chrono::minutes(0);
        set("apart", _texts.plural(german, "desk.clock.apart", apart.count()));
        set("needed", view.needed && !view.behind);
        set("lead", text(view.behind   ? "desk.clock.behind"
                         : view.needed ? "desk.clock.needed"
                                       : "desk.clock.fine"));
        if (view.result == Result::Confirmed)
            message("clock.confirmed");
        else if (view.result != Result::None)
            set("problem", text(view.result == Result::NoDate       ? "desk.clock.noDate"
                                : view.result == Result::AnotherDay ? "desk.clock.anotherDay"
                                : view.result == Result::Behind     ? "desk.clock.behind"
                                                                    : "desk.clock.notNeeded"));
    }

    void operator()(const DeskErrorPage& view)
    {
        begin("error", "error", text("desk.title.error"));
        set("what", text("deskError." + std::string(amt::name(view.code))));
        set("code", std::to_string(view.status) + " " + std::string(amt::name(view.code)));
    }

private:
    std::string text(const std::string& key, const Parameters& parameters = {}) const
    {
        return _texts.get(german, key, parameters);
    }

    std::string textOr(const std::string& key, const std::string& otherwise) const
    {
        for (const auto& name : {key, "desk." + key})
            if (_texts.has(german, name))
                return text(name);
        return otherwise;
    }

    template <typename Value>
    void set(const std::string& name, const Value& value)
    {
        _filled.data.set(name, value);
    }

    void begin(const std::string& page, const std::string& templateName, const std::string& title)
    {
        _filled.name = templateName;
        set("page", page);
        set("title", title);
        set("municipality", _frame.municipality);
        set("formKey", _frame.formKey);
        set("offline", !_frame.portalReachable && !_frame.clerk.empty());
        set("keyOpen", _frame.deskKeyOpen);
        set("problem", false);
        set("problemText", false);
        set("cardProblem", false);
        set("live", false);
        set("follows", false);
        set("issued", false);
        set("refreshTo", false);
        set("again", false);
        set("clerk", _frame.clerk.empty() ? Data(false) : Data(_frame.clerk));
        set("arrived", _frame.arrived);
        set("onAccount", page == "account");
        set("message", false);
        Data sections{Data::type::list};
        for (const auto& section : _frame.sections) {
            Data item;
            item.set("href", section.address);
            item.set("name", text("desk.section." + section.name));
            item.set("current", section.name == page);
            sections.push_back(item);
        }
        set("sections", sections);
    }

    /// What came of the last act, when there is something to say.
    void message(const std::string& key)
    {
        if (key.empty())
            return;
        const bool good = _texts.has(german, "desk." + key + ".good");
        Data item;
        item.set("kind", good ? "success" : "warning");
        item.set("good", good);
        item.set("line", text("desk." + key + (good ? ".good" : "")));
        set("message", item);
    }

    void codeProblem(bool refused, std::chrono::seconds wait)
    {
        if (!refused)
            return;
        set("problem", wait.count() > 0 ? _texts.plural(german, "desk.wait", wait.count())
                                        : text("desk.factor.refused"));
        if (wait.count() == 0)
            set("problemText", text("desk.factor.refusedText"));
    }

    void passwordProblem(bool refused, std::chrono::seconds wait, const std::string& key)
    {
        if (wait.count() > 0)
            set("problem", _texts.plural(german, "desk.wait", wait.count()));
        else if (refused)
            set("problem", text(key));
    }

    static std::string_view kindName(ProviderPage::Kind kind)
    {
        switch (kind) {
        case ProviderPage::Kind::Checking:
            return "checking";
        case ProviderPage::Kind::Bind:
            return "bind";
        case ProviderPage::Kind::Closed:
            return "closed";
        case ProviderPage::Kind::NotReachable:
            return "notReachable";
        case ProviderPage::Kind::Cancelled:
            return "cancelled";
        case ProviderPage::Kind::Refused:
            return "refused";
        case ProviderPage::Kind::Lost:
            return "lost";
        case ProviderPage::Kind::ClockUnsure:
            return "clockUnsure";
        }
        return "";
    }

    Data factorBadge(bool isOn) const
    {
        return badge(isOn ? "success" : "info", text(isOn ? "desk.factor.on" : "desk.factor.off"));
    }

    void sessions(const std::vector<SessionRow>& rows, const std::string& action)
    {
        Data items{Data::type::list};
        for (const auto& row : rows) {
            Data item;
            item.set("session", row.id);
            item.set("place", row.place.empty() ? text("desk.account.somewhere") : row.place);
            item.set("own", row.own ? badge("success", text("desk.account.here")) : Data(false));
            item.set("canEnd", !row.own);
            item.set("since", text("desk.account.since", {{"at", moment(row.since)}}));
            item.set("seenAt", text("desk.account.seen", {{"at", moment(row.seenAt)}}));
            item.set("endLabel", text("desk.account.endOf", {{"place", row.place}}));
            item.set("action", action);
            items.push_back(item);
        }
        set("hasSessions", !rows.empty());
        set("sessionRows", items);
    }

    std::string roleNames(const std::vector<std::string>& roles) const
    {
        std::string names;
        for (const auto& role : roles)
            names += (names.empty() ? "" : ", ") + text("desk.role." + role);
        return names;
    }

    Data roleBoxes(const std::vector<RoleBox>& boxes) const
    {
        Data items{Data::type::list};
        for (const auto& box : boxes) {
            Data item;
            item.set("role", box.role);
            item.set("label", text("desk.role." + box.role));
            item.set("hint", text("desk.role." + box.role + ".text"));
            item.set("has", box.has);
            items.push_back(item);
        }
        return items;
    }

    void helpCalls(const std::vector<HelpCall>& calls)
    {
        Data items{Data::type::list};
        for (const auto& call : calls) {
            Data item;
            item.set("caller", call.caller);
            item.set("line", text("desk.call." + call.caller, {{"since", localTime(call.since)}}));
            item.set("advice", text("desk.call." + call.caller + ".advice"));
            item.set("kind", call.caller == "kiosk" ? "info" : "warning");
            items.push_back(item);
        }
        set("helpCalls", items);
    }

    Data appointmentBadge(const std::string& state) const
    {
        const std::string kind = state == "served"                      ? "success"
                                 : state == "late" || state == "absent" ? "warning"
                                 : state == "cancelled"                 ? "danger"
                                                                        : "info";
        return badge(kind, text("desk.appointments.state." + state));
    }

    static Data groupChoices(const std::vector<QueueDeskPage::Group>& groups)
    {
        Data choices{Data::type::list};
        for (const auto& group : groups) {
            Data item;
            item.set("key", group.key);
            item.set("name", group.name);
            choices.push_back(item);
        }
        return choices;
    }

    /// Who waits long is marked by shape, word and colour.
    Data ticketRow(const QueueDeskPage::Row& row) const
    {
        constexpr int longMinutes = 20, veryLongMinutes = 40;
        Data item;
        item.set("id", row.id);
        item.set("version", std::to_string(row.version));
        item.set("number", row.number);
        item.set("group", row.group);
        item.set("minutes", _texts.plural(german, "desk.queue.minutes", row.minutes));
        item.set("callable", row.callable);
        item.set("mark",
                 row.mark.empty() ? Data(false) : Data(text("desk.queue.mark." + row.mark)));
        item.set("badge",
                 row.minutes >= veryLongMinutes ? badge("danger", text("desk.queue.veryLong"))
                 : row.minutes >= longMinutes   ? badge("warning", text("desk.queue.long"))
                                                : badge("success", text("desk.queue.short")));
        return item;
    }

    void tickets(const std::string& name, const std::vector<QueueDeskPage::Row>& rows)
    {
        Data items{Data::type::list};
        for (const auto& row : rows)
            items.push_back(ticketRow(row));
        set(name, items);
        set(name + "Any", !rows.empty());
    }

    /// `key`, or DeviceFailed's when a name has no sentence.
    std::string textKey(const std::string& room, const std::string& name) const
    {
        return _texts.has(german, room + name) ? room + name : "desk.card.DeviceFailed";
    }

    /// What came of a card: a sentence, and what to do (".text"). `count`: of a plural.
    void cardProblem(const std::string& wanted, std::optional<int> count = {})
    {
        const std::string key =
            count || _texts.has(german, wanted) ? wanted : "desk.card.DeviceFailed";
        const auto ends = [&](const char* name) { return key.ends_with(name); };
        const bool good = key.starts_with("desk.pin.done.") || ends(".PinReady");
        const bool harmless = ends(".NotSetUp") || ends(".NoCertificate") || ends(".NoService") ||
                              ends(".ReadCancelled") || ends(".NoCard") || ends(".CardRemoved") ||
                              ends(".ReaderBusy");
        Data item;
        item.set("title", count ? _texts.plural(german, key, *count) : text(key));
        const std::string more = key + ".text";
        item.set("text", _texts.has(german, more) ? Data(text(more)) : Data(false));
        item.set("kind", good ? "success" : harmless ? "warning" : "danger");
        item.set("good", good);
        set("cardProblem", item);
    }

    /// A page that waits for the card: live, or by itself without script.
    void running(const std::string& address, const std::string& step, bool cancelling,
                 const std::string& title, int stepsShown)
    {
        constexpr int refreshSeconds = 2;
        set("live", true);
        set("liveShows", step);
        set("refreshAfter", std::to_string(refreshSeconds));
        set("refreshTo", address);
        set("runningTitle", text(cancelling ? "desk.card.cancelling" : title));
        Data steps{Data::type::list};
        bool before = true;
        int number = 0;
        for (const std::string name :
             {"waitingForCard", "checkingPin", "provingTerminal", "checkingCard", "reading"}) {
            if (number == stepsShown)
                break;
            const bool current = name == step;
            before = before && !current;
            Data item;
            item.set("name", text("desk.card.step." + name));
            item.set("number", std::to_string(++number));
            item.set("done", before);
            item.set("current", current);
            steps.push_back(item);
        }
        set("steps", steps);
    }

    void comparison(const DeskIdentityPage& view)
    {
        using Agreement = DeskIdentityPage::Agreement;
        set("caseIsReadable", view.caseIsReadable);
        set("goesAlong", view.goesAlong);
        set("emulated", view.emulated);
        Data rows{Data::type::list};
        int differing = 0;
        for (const auto& row : view.rows) {
            const bool differs = row.agreement == Agreement::Differs ||
                                 row.agreement == Agreement::CaseLacks ||
                                 row.agreement == Agreement::CardLacks;
            differing += differs ? 1 : 0;
            Data item;
            item.set("label", textOr(row.inCase.labelKey, row.inCase.name));
            item.set("inCase", orNothing(shownValue(_texts, german, row.inCase)));
            item.set("origin", textOr("desk.origin." + row.inCase.origin, row.inCase.origin));
            item.set("onCard", orNothing(shownValue(_texts, german, row.onCard)));
            item.set("differs", differs);
            item.set("badge", agreement(row.agreement));
            rows.push_back(item);
        }
        set("rows", rows);
        set("differences", !view.caseIsReadable ? text("desk.card.caseUnreadable")
                           : differing > 0
                               ? _texts.plural(german, "desk.card.differences", differing)
                               : text("desk.card.agreeing"));
        set("agrees", view.caseIsReadable && differing == 0);
    }

    Data agreement(DeskIdentityPage::Agreement agreement) const
    {
        using Agreement = DeskIdentityPage::Agreement;
        switch (agreement) {
        case Agreement::Unknown:
            return Data(false);
        case Agreement::Same:
            return badge("success", text("desk.card.same"));
        case Agreement::SameLetters:
            return badge("success", text("desk.card.sameLetters"));
        case Agreement::Differs:
            return badge("warning", text("desk.card.differs"));
        case Agreement::CaseLacks:
            return badge("warning", text("desk.card.caseLacks"));
        case Agreement::CardLacks:
            return badge("warning", text("desk.card.cardLacks"));
        }
        return Data(false);
    }

    static Data newPassword(bool wanted, const std::string& suffix)
    {
        return wanted ? Data("suffix", suffix) : Data(false);
    }

    static Data orNothing(const std::string& value)
    {
        return value.empty() ? Data(false) : Data(value);
    }

    static std::string kindOf(const std::string& mimeType)
    {
        return mimeType == "application/pdf" ? "PDF" : mimeType == "image/png" ? "PNG" : "JPEG";
    }

    /// "412 kB", "1,4 MB"
    static std::string fileSize(std::int64_t bytes)
    {
        constexpr std::int64_t kilobyte = 1000, megabyte = 1000 * kilobyte;
        if (bytes < megabyte)
            return std::to_string((std::max<std::int64_t>(bytes, 0) + kilobyte - 1) / kilobyte) +
                   " kB";
        const std::int64_t tenths = bytes / (megabyte / 10); // never more than there is
        return std::to_string(tenths / 10) +
               (tenths % 10 == 0 ? "" : "," + std::to_string(tenths % 10)) + " MB";
    }

    static std::string moment(UtcTime time)
    {
        return germanDate(localDate(time)) + ", " + localTime(time) + " Uhr";
    }

    static Data badge(const std::string& kind, const std::string& label)
    {
        Data item;
        item.set("kind", kind);
        item.set("good", kind == "success");
        item.set("bad", kind == "danger" || kind == "warning");
        item.set("label", label);
        return item;
    }

    Data stateBadge(const std::string& state) const
    {
        const std::string kind = state == "Accepted"   ? "success"
                                 : state == "Rejected" ? "danger"
                                 : state == "Held"     ? "warning"
                                                       : "info";
        return badge(kind, textOr("desk.state." + state, state));
    }

    void setPapers(const std::vector<std::string>& papers, bool lacking)
    {
        if (papers.empty())
            return;
        set("papersLine", text("desk.papers", {{"papers", _texts.listed(german, papers)}}));
        set("papersLacking", lacking);
    }

    std::string held(const std::string& reason) const
    {
        return _texts.has(german, "desk.held." + reason)
                   ? text("desk.held." + reason)
                   : text("desk.held.general", {{"reason", reason}});
    }

    Data fields(const std::vector<FieldView>& views) const
    {
        Data fields{Data::type::list};
        for (const auto& view : views) {
            Data item;
            item.set("label", textOr(view.labelKey, view.name));
            item.set("value", orNothing(shownValue(_texts, german, view)));
            item.set("origin", textOr("desk.origin." + view.origin, view.origin));
            fields.push_back(item);
        }
        return fields;
    }

    Data payment(const std::optional<CasePage::PaymentView>& view) const
    {
        if (!view)
            return Data(false);
        const auto unlessZero = [](int number) {
            return number == 0 ? Data(false) : Data(std::to_string(number));
        };
        Data item;
        item.set("state", textOr((view->online ? "desk.pay.online." : "desk.pay.") + view->state,
                                 view->state));
        item.set("requestId", orNothing(view->requestId));
        item.set("transaction", orNothing(view->transaction));
        item.set("failure", orNothing(view->failure));
        item.set("amount", view->amount.german());
        item.set("at", view->at ? Data(moment(*view->at)) : Data(false));
        item.set("terminalId", orNothing(view->terminalId));
        item.set("trace", unlessZero(view->trace));
        item.set("receipt", unlessZero(view->receipt));
        item.set("card", orNothing(view->card));
        return item;
    }

    const Texts& _texts;
    const DeskFrame& _frame;
    Filled _filled{"", Data{Data::type::object}};
};

} // namespace

Filled fillDesk(const Texts& texts, const DeskFrame& frame, const DeskView& view)
{
    DeskFiller filler(texts, frame);
    std::visit(filler, view);
    return filler.take();
}

namespace {

/// Fills one view of a display; a function for each alternative.
struct DisplayFiller {
    const Texts& texts;

    Filled operator()(const DisplayPage& view) const
    {
        Filled filled{"board", Data{Data::type::object}};
        filled.data.set("offered", view.offered);
        filled.data.set("sequence", std::to_string(view.sequence));
        const auto words = boardWords(texts, view);
        Data calls{Data::type::list};
        for (const auto& call : words.calls) {
            Data item;
            item.set("call", call.call);
            item.set("number", call.number);
            item.set("desk", call.desk);
            item.set("waits", call.waits);
            item.set("spoken", call.spoken);
            if (!call.way.empty())
                item.set("way", call.way);
            item.set("wayLine", call.wayLine);
            item.set("newest", calls.list_value().empty());
            calls.push_back(item);
        }
        filled.data.set("any", !words.calls.empty());
        filled.data.set("calls", calls);
        filled.data.set("waitingLine", words.waiting);
        filled.data.set("wait", words.wait);
        filled.data.set("desksLine", words.desks);
        filled.data.set("municipality", view.municipality);
        filled.data.set("time", localTime(view.now));
        filled.data.set("nowMilliseconds", std::to_string(toMilliseconds(view.now)));
        return filled;
    }

    /// The way from the word of a clerk to two languages: the board of a hall speaks German, a sign
    /// at a door has room for both.
    Filled operator()(const DeskSignPage& view) const
    {
        Filled filled{"sign", Data{Data::type::object}};
        const std::string state = !view.open            ? "closed"
                                  : view.number.empty() ? "free"
                                  : view.waits          ? "called"
                                                        : "serving";
        filled.data.set("municipality", view.municipality);
        filled.data.set("desk", view.desk);
        filled.data.set("sequence", std::to_string(view.sequence));
        filled.data.set("time", localTime(view.now));
        filled.data.set("nowMilliseconds", std::to_string(toMilliseconds(view.now)));
        filled.data.set("lead", texts.get(german, "sign." + state));
        filled.data.set("leadEnglish", texts.get("en", "sign." + state));
        filled.data.set("number", view.number.empty() ? Data(false) : Data(view.number));
        filled.data.set("waits", view.waits);
        const bool hasWord = view.open && view.word != "None";
        filled.data.set("word",
                        hasWord ? Data(texts.get(german, "sign." + view.word)) : Data(false));
        filled.data.set("wordEnglish",
                        hasWord ? texts.get("en", "sign." + view.word) : std::string());
        return filled;
    }
};

} // namespace

BoardWords boardWords(const Texts& texts, const DisplayPage& view)
{
    BoardWords words;
    words.waiting = texts.plural(german, "desk.display.persons", view.hall.waiting);
    const auto& wait = view.hall.wait;
    words.wait = !wait ? texts.get(german, "wait.none")
                 : wait->orLonger
                     ? texts.get(german, "wait.longer", {{"from", std::to_string(wait->from)}})
                     : texts.get(german, "wait.range",
                                 {{"from", std::to_string(wait->from)},
                                  {"until", std::to_string(std::max(wait->until, 5))}});
    words.desks = texts.get(
        german, "desk.display.desksOf",
        {{"open", std::to_string(view.hall.openDesks)}, {"desks", std::to_string(view.desks)}});
    for (const auto& call : view.calls)
        words.calls.push_back({call.number + " " + call.desk + " " + std::to_string(call.calls),
                               call.number, call.desk, call.spoken, call.way,
                               call.way.empty() ? "" : texts.get(german, "way." + call.way),
                               call.waits});
    return words;
}

Filled fillDisplay(const Texts& texts, const DisplayView& view)
{
    return std::visit(DisplayFiller{texts}, view);
}

} // namespace amt::page

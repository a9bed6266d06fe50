// SPDX-License-Identifier: EUPL-1.2
//
// Pages: every view in every language is well formed, escapes what comes in, and leads to a person.
#include "kiosk/page/page.h"
#include "tests/page/samples.h"

#include <Poco/AutoPtr.h>
#include <Poco/DOM/DOMParser.h>
#include <Poco/DOM/Document.h>
#include <Poco/DOM/Element.h>
#include <Poco/DOM/NodeList.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace {

using namespace amt;
using namespace amt::page;
namespace data = boost::unit_test::data;

const Renderer& renderer()
{
    static const Renderer pages(AMT_SOURCE_DIR "/kiosk");
    return pages;
}

using Document = Poco::AutoPtr<Poco::XML::Document>;

/// Our pages are XML, too, so that a strict parser can judge them.
Document parsed(const std::string& html)
{
    return Poco::XML::DOMParser().parseString(html);
}

std::vector<Poco::XML::Element*> elements(const Document& page, const std::string& tag)
{
    std::vector<Poco::XML::Element*> found;
    const Poco::AutoPtr<Poco::XML::NodeList> list = page->getElementsByTagName(tag);
    for (unsigned long i = 0; i < list->length(); ++i)
        found.push_back(static_cast<Poco::XML::Element*>(list->item(i)));
    return found;
}

std::vector<std::string> languages()
{
    return {"de", "en", "ar"};
}

const std::string hostile = "\"><script>alert('x')</script>&amp;{{formKey}}[[frame.end]]\x01";

void checkFrame(const std::string& html)
{
    const auto page = parsed(html);
    BOOST_TEST(elements(page, "h1").size() == 1U);
    BOOST_TEST(elements(page, "main").size() == 1U);
    std::set<std::string> ids;
    for (auto* element : elements(page, "*")) {
        BOOST_TEST(!element->hasAttribute("style"));
        for (const std::string handler : {"onclick", "onload", "onerror"})
            BOOST_TEST(!element->hasAttribute(handler));
        if (element->hasAttribute("id"))
            BOOST_TEST(ids.insert(element->getAttribute("id")).second);
    }
    for (auto* script : elements(page, "script"))
        BOOST_TEST(script->getAttribute("src").starts_with("/assets/"));
    BOOST_TEST(elements(page, "style").empty());
    for (auto* form : elements(page, "form")) {
        const bool looks = form->getAttribute("method") == "get"; // changes nothing
        BOOST_TEST((looks || form->getAttribute("method") == "post"));
        BOOST_TEST(form->getAttribute("action").starts_with("/"));
        const Poco::AutoPtr<Poco::XML::NodeList> inputs = form->getElementsByTagName("input");
        int keys = 0;
        for (unsigned long i = 0; i < inputs->length(); ++i)
            keys += static_cast<Poco::XML::Element*>(inputs->item(i))->getAttribute("name") == "key"
                        ? 1
                        : 0;
        BOOST_TEST(keys == (looks ? 0 : 1));
    }
}

bool hasLink(const Document& page, const std::string& begin)
{
    const auto links = elements(page, "a");
    return std::any_of(links.begin(), links.end(),
                       [&](auto* link) { return link->getAttribute("href").starts_with(begin); });
}

bool hasForm(const Document& page, const std::string& action)
{
    const auto forms = elements(page, "form");
    return std::any_of(forms.begin(), forms.end(),
                       [&](auto* form) { return form->getAttribute("action") == action; });
}

/// Every string that a node may fill in is hostile.
std::vector<KioskView> hostileKioskViews()
{
    FieldView field;
    field.name = "plate";
    field.kind = "text";
    field.labelKey = "field.plate.label";
    field.helpKey = "field.plate.help";
    field.value = hostile;
    field.origin = "typed";
    field.errorKey = "form.error.character";
    field.errorDetail = hostile;
    auto given = field;
    given.origin = "eid";
    given.errorKey.clear();
    auto choice = field;
    choice.name = "zone";
    choice.kind = "choice";
    choice.options = {{hostile, hostile}};
    const auto fee = Money::cents(100);
    return {QueuePage{{{hostile, hostile, "open", 1, std::nullopt}}},
            TicketPage{hostile, hostile, true, 1, std::nullopt, "printed"},
            ConcernsPage{{{hostile, hostile, 5}}, true},
            BookingPage{{{hostile, hostile, hostile, 1, 4}}, 5, true},
            DaysPage{{}, "taken", hostile},
            AskingPage{true},
            ConcernSearchPage{true},
            BookedPage{UtcTime(), hostile, hostile, {hostile}, {hostile}, hostile},
            CheckInPage{CheckInPage::Problem::Unknown, hostile, UtcTime(), UtcTime()},
            ServicesPage{{{hostile, hostile, hostile, fee}}},
            NoticePage{hostile, {"GivenNames"}, false, hostile},
            CertificatePage{hostile, hostile, hostile, hostile, hostile, LocalDate{}},
            ReadingPage{hostile},
            CardProblemPage{hostile, true},
            FormPage{hostile, {field, given, choice}, 2, 3},
            ReviewPage{hostile, {field, given, choice}, fee},
            PayPage{hostile, fee, 5, true, true, ""},
            PayRunningPage{fee, 0x0A, hostile, false},
            PayOnlinePage{fee, hostile, hostile, {}, {}},
            PayUnresolvedPage{fee, hostile, true},
            DonePage{hostile, hostile, fee, true, false, hostile},
            StillTherePage{std::chrono::seconds(3), hostile},
            StatePage{StatePage::Answer::Unknown, hostile, hostile},
            StatePage{StatePage::Answer::Found, hostile, hostile},
            HelpPage{hostile, false, hostile}};
}

std::vector<DeskView> hostileDeskViews()
{
    FieldView field;
    field.name = hostile;
    field.labelKey = "field.plate.label";
    field.value = hostile;
    field.origin = hostile;
    CasePage open;
    open.id = open.reference = open.serviceName = open.state = open.heldReason = hostile;
    open.fields = {field};
    open.payment =
        CasePage::PaymentView{hostile, Money::cents(1), hostile, hostile, 1, 1, test::sampleTime(),
                              true,    hostile,         hostile, hostile};
    open.paidLate = true;
    open.way = {{test::sampleTime(), hostile, hostile}};
    open.canRelease = open.canPutOnPaper = open.canSettle = true;
    open.problems = {hostile};
    open.replies = {{hostile, test::sampleTime(), hostile, hostile}};
    open.openReplies = 1;
    ReplyPage reply;
    reply.caseId = reply.reference = reply.serviceName = reply.id = reply.author = hostile;
    reply.theirReference = reply.subject = reply.text = hostile;
    reply.canSettle = true;
    reply.attachments = {{hostile, hostile, hostile}};
    auto refusedReply = reply;
    refusedReply.problems = {hostile};
    DeskIdentityPage identity;
    identity.id = identity.reference = identity.serviceName = identity.problem = identity.step =
        hostile;
    identity.fields = {field};
    identity.rows = {{field, field, DeskIdentityPage::Agreement::Differs}};
    auto reading = identity, shown = identity;
    reading.stage = DeskIdentityPage::Stage::Reading;
    shown.stage = DeskIdentityPage::Stage::Shown;
    auto queue = test::queueDeskSample();
    queue.deskName = queue.skills = queue.problem = queue.issued = hostile;
    for (auto* rows : {&queue.waiting, &queue.parked, &queue.missed, &queue.elsewhere}) {
        for (auto& row : *rows)
            row.id = row.number = row.group = hostile;
    }
    for (auto& group : queue.groups)
        group.key = group.name = hostile;
    queue.problem.clear();
    queue.calls = {{hostile, hostile}};
    queue.current = {{hostile, hostile, hostile, 1, 1, "", true},
                     true,
                     test::sampleTime(),
                     1,
                     {hostile},
                     hostile,
                     {{hostile, hostile, test::sampleTime()}}};
    auto hours = test::hoursSample(true);
    for (auto& day : hours.days)
        day.holiday = hostile, day.reasons = {hostile};
    for (auto* layer : {&hours.rules, &hours.exceptions, &hours.closures}) {
        for (auto& entry : *layer)
            entry.id = entry.reason = hostile;
    }
    for (auto& version : hours.history)
        version.savedBy = version.reason = hostile;
    auto preview = test::hoursPreviewSample(true);
    preview.fields = {{"id", hostile}, {hostile, hostile}};
    preview.preview->seen = hostile;
    for (auto& conflict : preview.preview->conflicts)
        conflict.id = conflict.code = conflict.concerns = hostile;
    auto form = test::hoursFormSample("remove");
    form.fields = {{"id", hostile}, {"reason", hostile}};
    auto statistics = test::statisticsSample();
    statistics.groups.front().name = hostile;
    const PlacePage places{{{hostile, hostile, hostile, hostile, false}}, hostile};
    auto appointments = test::appointmentsSample();
    appointments.filter = {hostile, hostile, hostile, {{hostile, hostile}}, 2};
    appointments.rows.front().code = appointments.rows.front().concerns = hostile;
    auto displaced = test::displacedSample();
    displaced.code = displaced.name = displaced.phone = hostile;
    return {queue,
            hours,
            appointments,
            displaced,
            AskedPage{1, false, "taken", hostile},
            preview,
            form,
            statistics,
            places,
            PaperHalfPage{hostile},
            reply,
            refusedReply,
            CasesPage{{{hostile, hostile, hostile, hostile, hostile, test::sampleTime(), hostile}},
                      {{"kiosk", test::sampleTime()}}},
            open,
            identity,
            reading,
            shown,
            DeskPinPage{DeskPinPage::Stage::Menu, hostile, hostile},
            DeskPinPage{DeskPinPage::Stage::Form, hostile, hostile},
            DeskPinPage{DeskPinPage::Stage::Running, hostile, "", 0, hostile},
            HeldPage{{{hostile, hostile, hostile, hostile, hostile, test::sampleTime(), 3, true,
                       true, true}}},
            StatusPage{{{hostile, StatusPage::Level::Bad, hostile, hostile}}},
            CalendarFilesPage{true,
                              {{hostile, hostile, test::sampleTime()}},
                              hostile,
                              true,
                              true,
                              localDate(test::sampleTime()),
                              localDate(test::sampleTime())},
            ClerksPage{
                {{hostile, hostile, {"Clerk"}, true, true}, {hostile, hostile, {}, false, false}},
                {},
                ""},
            ClerkPage{hostile,
                      hostile,
                      false,
                      false,
                      {},
                      "",
                      true,
                      true,
                      true,
                      {{hostile, hostile, test::sampleTime(), test::sampleTime(), false}}},
            FactorPage{false, true, true, hostile, hostile},
            AccountPage{
                {}, false, {{hostile, hostile, test::sampleTime(), test::sampleTime(), false}}, ""},
            DevicesPage{{{hostile, true, true, hostile, {{hostile, hostile}}}}, hostile}};
}

void checkHarmless(const std::string& html)
{
    checkFrame(html);
    BOOST_TEST(html.find("<script>") == std::string::npos);
    BOOST_TEST(html.find('\x01') == std::string::npos);
    // Neither templates nor texts are read twice.
    BOOST_TEST(html.find("{{formKey}}[[frame.end]]") != std::string::npos);
}

} // namespace

BOOST_AUTO_TEST_SUITE(page_pages)

BOOST_DATA_TEST_CASE(every_view_of_the_kiosk_is_well_formed, data::make(languages()), language)
{
    for (const auto& sample : test::kioskSamples()) {
        BOOST_TEST_CONTEXT(sample.name)
        {
            const auto html = renderer().kiosk(test::sampleFrame(language, sample), sample.view);
            checkFrame(html);
            const auto page = parsed(html);
            const auto* root = page->documentElement();
            BOOST_TEST(root->getAttribute("lang") == language);
            BOOST_TEST(root->getAttribute("dir") == (language == "ar" ? "rtl" : "ltr"));
        }
    }
}

BOOST_DATA_TEST_CASE(every_page_leads_to_a_person_and_a_visit_can_be_ended, data::make(languages()),
                     language)
{
    for (const auto& sample : test::kioskSamples()) {
        BOOST_TEST_CONTEXT(sample.name)
        {
            const auto page =
                parsed(renderer().kiosk(test::sampleFrame(language, sample), sample.view));
            BOOST_TEST((hasLink(page, "/help?back=%2F") || hasForm(page, "/help")));
            BOOST_TEST(hasForm(page, "/visit/end") ==
                       (sample.inVisit || sample.name.starts_with("done")));
            BOOST_TEST(hasForm(page, "/language"));
        }
    }
}

/// Nobody has a keyboard at the kiosk.
BOOST_AUTO_TEST_CASE(where_something_is_typed_the_screen_has_keys)
{
    int pages = 0;
    for (const auto& sample : test::kioskSamples()) {
        const std::string html = renderer().kiosk(test::sampleFrame("de", sample), sample.view);
        const bool isTyped = html.find("data-osk=") != std::string::npos;
        pages += isTyped ? 1 : 0;
        BOOST_TEST((!isTyped || html.find("/assets/osk.js") != std::string::npos), sample.name);
    }
    BOOST_TEST(pages > 5);
}

BOOST_DATA_TEST_CASE(every_page_has_the_access_bar_and_says_its_state_in_words,
                     data::make(languages()), language)
{
    const Access looks[] = {
        {}, {1, false, false}, {2, false, false}, {0, true, false}, {0, false, true}};
    for (const auto& access : looks) {
        for (const auto& sample : test::kioskSamples()) {
            BOOST_TEST_CONTEXT(sample.name << " " << access.text << access.highContrast
                                           << access.lowReach)
            {
                auto frame = test::sampleFrame(language, sample);
                frame.access = access;
                const auto html = renderer().kiosk(frame, sample.view);
                checkFrame(html);
                const auto page = parsed(html);
                BOOST_TEST(hasForm(page, "/access"));
                BOOST_TEST(hasForm(page, "/language"));
                const auto says = [&](const std::string& kind, const std::string& state) {
                    return html.find(renderer().text(language, "access." + kind) + ": " +
                                     renderer().text(language, "access." + kind + "." + state)) !=
                           std::string::npos;
                };
                BOOST_TEST(says("text", std::to_string(access.text)));
                BOOST_TEST(says("contrast", access.highContrast ? "on" : "off"));
                BOOST_TEST(says("reach", access.lowReach ? "on" : "off"));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(no_field_is_lost_between_the_parts_of_a_form)
{
    const test::KioskSample sample{
        "form", FormPage{"Bewohnerparkausweis", test::sampleFields("typed", true, 0, 7), 1, 2}};
    for (const int text : {1, 2}) {
        auto frame = test::sampleFrame("de", sample);
        frame.access.text = text;
        for (frame.part = 1; frame.part <= (text == 1 ? 4 : 7); ++frame.part) {
            const auto page = parsed(renderer().kiosk(frame, sample.view));
            std::multiset<std::string> names;
            for (auto* input : elements(page, "input"))
                names.insert(input->getAttribute("name"));
            for (const auto& field : test::sampleFields("typed", true, 0, 7))
                BOOST_TEST(names.count(field.name) == 1U, field.name);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_view_of_desk_and_display_is_well_formed)
{
    for (const auto& sample : test::deskSamples()) {
        BOOST_TEST_CONTEXT(sample.name)
        {
            checkFrame(renderer().desk(test::sampleDeskFrame(sample), sample.view));
        }
    }
    for (const auto& sample : test::displaySamples())
        checkFrame(renderer().display(sample.view));
}

BOOST_DATA_TEST_CASE(hostile_text_stays_text_at_the_kiosk, data::make(languages()), language)
{
    for (const auto& view : hostileKioskViews()) {
        BOOST_TEST_CONTEXT("view " << view.index())
        {
            Frame frame = test::sampleFrame(language, {"", view});
            frame.municipality = hostile;
            frame.formKey = hostile;
            checkHarmless(renderer().kiosk(frame, view));
        }
    }
}

BOOST_AUTO_TEST_CASE(hostile_text_stays_text_at_the_desk)
{
    for (const auto& view : hostileDeskViews()) {
        BOOST_TEST_CONTEXT("view " << view.index())
        {
            DeskFrame frame = test::sampleDeskFrame({"", view});
            frame.municipality = frame.formKey = frame.clerk = hostile;
            checkHarmless(renderer().desk(frame, view));
        }
    }
    auto board = std::get<DisplayPage>(test::displaySamples().back().view);
    board.municipality = hostile;
    for (auto& call : board.calls)
        call.number = call.desk = hostile;
    checkHarmless(renderer().display(board));
    auto sign = test::signSample(hostile, true, "Knock");
    sign.municipality = sign.desk = hostile;
    checkHarmless(renderer().display(sign));
}

BOOST_AUTO_TEST_CASE(an_unknown_language_is_german)
{
    Frame frame = test::sampleFrame("de", {"start", StartPage{}, false});
    const auto german = renderer().kiosk(frame, StartPage{});
    frame.language = "xx";
    frame.testModeLanguages = true;
    BOOST_TEST(renderer().kiosk(frame, StartPage{}).find("Willkommen") != std::string::npos);
    BOOST_TEST(german.find("Willkommen") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(languages_without_review_are_offered_in_test_mode_only)
{
    Frame frame = test::sampleFrame("de", {"start", StartPage{}, false});
    BOOST_TEST(renderer().kiosk(frame, StartPage{}).find("value=\"ar\"") != std::string::npos);
    frame.testModeLanguages = false;
    const auto html = renderer().kiosk(frame, StartPage{});
    BOOST_TEST(html.find("value=\"ar\"") == std::string::npos);
    BOOST_TEST(html.find("value=\"en\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_pin_is_masked_and_never_filled_in)
{
    const test::KioskSample sample{"card", CardPage{{"GivenNames"}, 2}};
    const auto page = parsed(renderer().kiosk(test::sampleFrame("de", sample), sample.view));
    const auto inputs = elements(page, "input");
    const auto pin = std::find_if(inputs.begin(), inputs.end(),
                                  [](auto* input) { return input->getAttribute("name") == "pin"; });
    BOOST_REQUIRE(pin != inputs.end());
    BOOST_TEST((*pin)->getAttribute("type") == "password");
    BOOST_TEST((*pin)->getAttribute("autocomplete") == "off");
    BOOST_TEST((*pin)->getAttribute("inputmode") == "numeric");
    BOOST_TEST((*pin)->getAttribute("maxlength") == "6");
    BOOST_TEST(!(*pin)->hasAttribute("value"));
    BOOST_TEST((*pin)->getAttribute("aria-invalid") == "true");
}

BOOST_AUTO_TEST_CASE(what_card_and_case_say_is_marked_in_words)
{
    for (const auto& sample : test::deskSamples()) {
        if (sample.name != "identity-shown")
            continue;
        const auto html = renderer().desk(test::sampleDeskFrame(sample), sample.view);
        for (const char* mark : {"same", "sameLetters", "differs", "caseLacks", "cardLacks"})
            BOOST_TEST(html.find(renderer().text("de", std::string("desk.card.") + mark) + "<") !=
                           std::string::npos,
                       mark);
        BOOST_TEST(html.find("3 Angaben im Vorgang weichen vom Ausweis ab") != std::string::npos);
        BOOST_TEST(html.find(renderer().text("de", "review.none")) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(the_access_number_is_masked_at_the_desk_and_never_filled_in)
{
    DeskIdentityPage view;
    view.stage = DeskIdentityPage::Stage::AccessNumber;
    view.problem = "WrongCan";
    const test::DeskSample sample{"can", view};
    const auto page = parsed(renderer().desk(test::sampleDeskFrame(sample), sample.view));
    const auto inputs = elements(page, "input");
    const auto can = std::find_if(inputs.begin(), inputs.end(),
                                  [](auto* input) { return input->getAttribute("name") == "can"; });
    BOOST_REQUIRE(can != inputs.end());
    BOOST_TEST((*can)->getAttribute("type") == "password");
    BOOST_TEST((*can)->getAttribute("autocomplete") == "off");
    BOOST_TEST((*can)->getAttribute("maxlength") == "6");
    BOOST_TEST(!(*can)->hasAttribute("value"));
    BOOST_TEST((*can)->getAttribute("aria-invalid") == "true");
}

BOOST_AUTO_TEST_CASE(what_the_pin_service_takes_is_masked_and_never_filled_in)
{
    int fields = 0;
    for (const std::string act : {"change", "resume", "unblock", "set"}) {
        const test::DeskSample sample{act,
                                      DeskPinPage{DeskPinPage::Stage::Form, act, "PinsDiffer"}};
        const auto page = parsed(renderer().desk(test::sampleDeskFrame(sample), sample.view));
        for (auto* input : elements(page, "input")) {
            if (input->getAttribute("type") == "hidden" ||
                input->getAttribute("type") == "checkbox")
                continue;
            ++fields;
            BOOST_TEST(input->getAttribute("type") == "password");
            BOOST_TEST(input->getAttribute("autocomplete") == "off");
            BOOST_TEST(input->getAttribute("inputmode") == "numeric");
            BOOST_TEST(!input->hasAttribute("value"));
        }
    }
    BOOST_TEST(fields == 3 + 2 + 1 + 3);
}

BOOST_AUTO_TEST_CASE(data_from_the_card_are_shown_and_cannot_be_posted)
{
    const test::KioskSample sample{
        "form", FormPage{"Bewohnerparkausweis", test::sampleFields("eid", false), 1, 1}};
    const auto html = renderer().kiosk(test::sampleFrame("de", sample), sample.view);
    const auto page = parsed(html);
    BOOST_TEST(html.find("Đặng-Müllerová") != std::string::npos);
    std::set<std::string> names;
    for (auto* input : elements(page, "input"))
        names.insert(input->getAttribute("name"));
    BOOST_TEST(!names.contains("familyNames"));
    BOOST_TEST(names.contains("plate"));
    BOOST_TEST(names.contains("digitalNotice"));
}

BOOST_AUTO_TEST_CASE(a_faulty_field_is_named_in_the_list_and_at_the_field)
{
    const test::KioskSample sample{"form",
                                   FormPage{"Bewohnerparkausweis", test::faultyFields(), 2, 2}};
    const auto page = parsed(renderer().kiosk(test::sampleFrame("de", sample), sample.view));
    BOOST_TEST(hasLink(page, "#field-plate"));
    const auto inputs = elements(page, "input");
    const auto plate = std::find_if(inputs.begin(), inputs.end(), [](auto* input) {
        return input->getAttribute("name") == "plate";
    });
    BOOST_REQUIRE(plate != inputs.end());
    BOOST_TEST((*plate)->getAttribute("aria-invalid") == "true");
    BOOST_TEST((*plate)->getAttribute("aria-describedby") == "hint-plate error-plate");
    BOOST_TEST((*plate)->getAttribute("value") == "MS?");
}

BOOST_AUTO_TEST_CASE(without_the_portal_citizens_read_what_that_means_for_them)
{
    const test::KioskSample sample{
        "done", DonePage{"BP-1", "x", Money::cents(1), true, false, "printed"}, true, false};
    const auto html = renderer().kiosk(test::sampleFrame("de", sample), sample.view);
    BOOST_TEST(html.find("Ihr Antrag ist sicher gespeichert und wird übergeben, sobald die "
                         "Verbindung wieder da ist.") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(handed_over_is_not_accepted)
{
    const test::KioskSample sample{"done",
                                   DonePage{"BP-1", "x", Money::cents(1), true, false, "printed"}};
    const auto html = renderer().kiosk(test::sampleFrame("de", sample), sample.view);
    BOOST_TEST(html.find("Übergeben heißt noch nicht angenommen") != std::string::npos);
}

struct Declined {
    int code;
    std::string key;
};
std::ostream& operator<<(std::ostream& out, const Declined& declined)
{
    return out << declined.key;
}
const Declined declinedCodes[] = {
    {0x05, "declined.refused"}, {0x6C, "declined.aborted"}, {0x64, "declined.unreadable"},
    {0x78, "declined.card"},    {0x9B, "declined.line"},    {0xF0, "declined.general"},
    {0xFF, "declined.general"},
};

BOOST_DATA_TEST_CASE(a_declined_payment_is_explained_by_its_group, data::make(declinedCodes),
                     declined)
{
    const test::KioskSample sample{"pay",
                                   PayPage{"x", Money::cents(1), declined.code, true, false, ""}};
    const auto html = renderer().kiosk(test::sampleFrame("de", sample), sample.view);
    BOOST_TEST(html.find(renderer().text("de", declined.key)) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_content_security_policy_allows_nothing_unsafe)
{
    const std::string policy = contentSecurityPolicy;
    BOOST_TEST(policy.find("unsafe") == std::string::npos);
    BOOST_TEST(policy.find("http") == std::string::npos);
    BOOST_TEST(policy.starts_with("default-src 'none'"));
    BOOST_TEST(policy.find("frame-ancestors 'none'") != std::string::npos);
    BOOST_TEST(policy.find("require-trusted-types-for 'script'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_page_without_script_refreshes_itself_and_one_with_script_does_not)
{
    const test::KioskSample sample{"form", FormPage{"x", {}, 1, 1}};
    const auto page = parsed(renderer().kiosk(test::sampleFrame("de", sample), sample.view));
    const auto plain = elements(page, "noscript");
    BOOST_REQUIRE(plain.size() == 2U); // goes on by itself; says when
    const auto metas = elements(page, "meta");
    const auto refresh = std::find_if(metas.begin(), metas.end(), [](auto* meta) {
        return meta->getAttribute("http-equiv") == "refresh";
    });
    BOOST_REQUIRE(refresh != metas.end());
    BOOST_TEST((*refresh)->parentNode() == plain.front());
    BOOST_TEST((*refresh)->getAttribute("content") == "45;url=/visit/still-there");
}

BOOST_AUTO_TEST_SUITE_END()

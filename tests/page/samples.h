// SPDX-License-Identifier: EUPL-1.2
//
// A sample of every view, as an ordinary day fills it; for the tests of pages and for the gallery.
#pragma once

#include "kiosk/page/page.h"

#include <string>
#include <utility>
#include <vector>

namespace amt::test {

struct KioskSample {
    std::string name;
    page::KioskView view;
    bool inVisit = true;
    bool portalReachable = true;
};

struct DeskSample {
    std::string name;
    page::DeskView view;
    bool signedIn = true;
    bool portalReachable = true;
    bool arrived = true; ///< second factor and all
};

inline UtcTime sampleTime()
{
    return fromIso("2026-11-21T08:41:00Z");
}

inline page::Frame sampleFrame(const std::string& language, const KioskSample& sample)
{
    page::Frame frame;
    frame.language = language;
    frame.municipality = "Stadt Musterstadt";
    frame.now = sampleTime();
    frame.formKey = "k-1";
    frame.portalReachable = sample.portalReachable;
    frame.inVisit = sample.inVisit;
    frame.testModeLanguages = true;
    return frame;
}

inline page::DeskFrame sampleDeskFrame(const DeskSample& sample)
{
    page::DeskFrame frame;
    frame.municipality = "Stadt Musterstadt";
    frame.now = sampleTime();
    frame.formKey = "k-1";
    frame.clerk = sample.signedIn ? "Ayşe Öztürk" : "";
    frame.portalReachable = sample.portalReachable;
    frame.deskKeyOpen = true;
    frame.arrived = sample.signedIn && sample.arrived;
    if (frame.arrived)
        frame.sections = {{"queue", "/desk/queue"},
                          {"hours", "/desk/hours"},
                          {"statistics", "/desk/statistics"},
                          {"cases", "/desk"},
                          {"held", "/desk/held"},
                          {"status", "/desk/status"},
                          {"devices", "/desk/devices"},
                          {"pin", "/desk/pin"},
                          {"clerks", "/desk/clerks"}};
    return frame;
}

inline page::FieldView sampleField(const std::string& name, const std::string& kind,
                                   const std::string& value, const std::string& origin)
{
    page::FieldView field;
    field.name = name;
    field.kind = kind;
    field.labelKey = "field." + name + ".label";
    field.helpKey = "field." + name + ".help";
    field.value = value;
    field.origin = origin;
    field.optional = name == "academicTitle";
    if (kind == "choice")
        field.options = {{"A", "Zone A: Altstadt"},
                         {"B", "Zone B: Bahnhofsviertel"},
                         {"C", "Zone C: Klosterviertel"},
                         {"D", "Zone D: Südstadt"}};
    return field;
}

inline page::CertificatePage certificateSample(bool withTerms)
{
    page::CertificatePage shown{"Stadt Musterstadt, Bürgerbüro und Straßenverkehrsamt",
                                "https://musterstadt.example",
                                "Musterbund-Berechtigungen GmbH",
                                "https://berechtigungen.example",
                                "",
                                localDateFromIso("2026-11-23")};
    if (withTerms)
        shown.terms =
            "Name, Anschrift und E-Mail-Adresse des Diensteanbieters:\r\n"
            "Stadt Musterstadt, Markt 1, 48143 Musterstadt, buergerbuero@musterstadt.example\r\n"
            "\r\nZweck des Auslesens der Daten:\r\n"
            "Anträge an die Stadt, die Sie am Terminal im Rathaus stellen\r\n"
            "\r\nZuständige Datenschutzaufsicht:\r\n"
            "Landesbeauftragte für Datenschutz und Informationsfreiheit, Postfach 1, 40102 "
            "Musterhausen, poststelle@aufsicht.example, Telefon 0211 000000\r\n";
    return shown;
}

/// The fields of the Bewohnerparkausweis: names and address from the card or typed, then the rest.
inline std::vector<page::FieldView> sampleFields(const std::string& origin, bool filled)
{
    const bool known = filled || origin == "eid";
    const auto value = [](bool wanted, const std::string& text) {
        return wanted ? text : std::string();
    };
    return {
        sampleField("givenNames", "text", value(known, "Zoë Marie-Luise"), origin),
        sampleField("familyNames", "text", value(known, "Đặng-Müllerová"), origin),
        sampleField("academicTitle", "text", value(known, "Dr."), origin),
        sampleField("dateOfBirth", "date", value(known, "1964-08-12"), origin),
        sampleField("street", "text", value(known, "Straße des 17. Juni 135 a"), origin),
        sampleField("postalCode", "text", value(known, "48149"), origin),
        sampleField("city", "text", value(known, "Musterstadt"), origin),
        sampleField("plate", "plate", value(filled, "MS AB 123E"), "typed"),
        sampleField("zone", "choice", value(filled, "B"), "typed"),
        sampleField("digitalNotice", "yesno", value(filled, "yes"), "typed"),
    };
}

/// The fields of one step of that form: who (0 to 4), where (4 to 7), the vehicle (7 to 10).
inline std::vector<page::FieldView> sampleFields(const std::string& origin, bool filled,
                                                 std::size_t from, std::size_t to)
{
    const auto all = sampleFields(origin, filled);
    return {all.begin() + static_cast<std::ptrdiff_t>(from),
            all.begin() + static_cast<std::ptrdiff_t>(to)};
}

inline std::vector<page::FieldView> faultyFields()
{
    auto fields = sampleFields("eid", true, 7, 10);
    fields[0].value = "MS?";
    fields[0].errorKey = "form.error.plate";
    fields[1].value = "";
    fields[1].errorKey = "form.error.missing";
    return fields;
}

inline std::vector<page::FieldView> missingFields()
{
    auto fields = sampleFields("typed", false, 0, 4);
    for (auto& field : fields)
        if (!field.optional)
            field.errorKey = "form.error.missing";
    return fields;
}

/// The first 14 working days that have free times.
inline std::vector<page::DaysPage::Day> sampleDays()
{
    std::vector<page::DaysPage::Day> days;
    LocalDate day = localDate(sampleTime());
    for (int i = 0; i < 14; ++i, day = plusDays(day, i % 5 == 0 ? 3 : 1))
        days.push_back({day, 1 + (i * 7) % 19, i % 4 != 2, i % 2 == 1 || i % 4 == 2});
    return days;
}

inline page::TimesPage sampleTimes(int count)
{
    page::TimesPage view{localDate(sampleTime()), {}};
    for (int i = 0; i < count; ++i)
        view.times.push_back({96 + 3 * i, sampleTime() + std::chrono::minutes(15 * i)});
    return view;
}

inline page::BookingPage sampleBooking(bool several)
{
    page::BookingPage view;
    view.wanted = {{"99085001012000", "Reisepass beantragen",
                    "alter Reisepass oder Ausweis, digitales Lichtbild", 2, 4}};
    if (several)
        view.wanted.insert(
            view.wanted.end(),
            {{"99115005104000", "Wohnsitz anmelden oder ummelden",
              "Ausweise aller Personen, Bestätigung der Wohnungsgeberin oder des Wohnungsgebers", 1,
              5},
             {"99049001001001", "Führungszeugnis beantragen", "Ausweis", 1, 1},
             {"99008001040000", "Ausweis oder Pass abholen", "alter Ausweis oder Pass", 4, 4}});
    view.minutes = several ? 70 : 30;
    view.canAdd = !several;
    return view;
}

inline std::vector<page::ConcernsPage::Concern> sampleConcerns()
{
    return {{"1", "Personalausweis beantragen", 15},
            {"2", "Reisepass beantragen", 15},
            {"3", "Wohnsitz anmelden oder ummelden", 15},
            {"4", "Führungszeugnis beantragen", 5},
            {"5", "Ausweis oder Pass abholen", 5},
            {"6", "Bewohnerparkausweis beantragen", 10},
            {"7", "Untersuchungsberechtigungsschein abholen", 5}};
}

inline page::BookedPage sampleBooked(const std::string& printing)
{
    return {sampleTime() + std::chrono::hours(5 * 24),
            "TE-2026-7K3M-4Q",
            "Bürgerbüro, Erdgeschoss, Rathausplatz 1",
            {"2 × Reisepass beantragen", "Führungszeugnis beantragen"},
            {"alter Reisepass oder Ausweis, digitales Lichtbild", "Ausweis"},
            printing};
}

inline page::FormPage sampleContact(bool faulty)
{
    page::FormPage view;
    view.kind = page::FormPage::Kind::Contact;
    view.appointment = sampleTime() + std::chrono::hours(5 * 24);
    view.heldUntil = sampleTime() + std::chrono::minutes(15);
    view.canHoldLonger = true;
    view.fields = sampleFields("typed", !faulty, 0, 2);
    view.fields.push_back(sampleField("dateOfBirth", "date", faulty ? "31.2.1990" : "", "typed"));
    view.fields.back().helpKey = "contact.dateOfBirth.help";
    view.fields.back().optional = true;
    if (faulty) {
        view.fields[1].errorKey = "form.error.missing";
        view.fields[2].errorKey = "form.error.date";
    }
    return view;
}

inline page::CheckInPage sampleCheckIn(page::CheckInPage::Problem problem)
{
    return {problem, problem == page::CheckInPage::Problem::None ? "" : "TE-2026-7K3M-4Q",
            sampleTime() + std::chrono::hours(4), sampleTime() + std::chrono::hours(2)};
}
inline page::CheckInPage sampleCheckInWays(page::CheckInPage::Problem problem)
{
    auto view = sampleCheckIn(problem);
    view.code.clear();
    view.scans = view.readsCards = true;
    return view;
}

inline std::vector<KioskSample> kioskSamples()
{
    using namespace page;
    const auto fee = Money::cents(3070);
    const std::vector<std::string> papers{"Fahrzeugschein", "Meldebescheinigung"};
    const std::string service = "Bewohnerparkausweis";
    const std::vector<std::string> attributes = {"GivenNames", "FamilyNames", "AcademicTitle",
                                                 "DateOfBirth", "PlaceOfResidence"};
    std::vector<KioskSample> samples = {
        {"start", StartPage{}, false},
        {"start-closed", StartPage{false}, false},
        {"start-hall", StartPage{true, Hall{7, 3, Wait{20, 25, false}}}, false},
        {"start-hall-closed", StartPage{false, Hall{0, 0, std::nullopt}}, false},
        {"start-appointments", StartPage{true, Hall{7, 3, Wait{20, 25, false}}, true}, false},
        {"concerns", ConcernsPage{sampleConcerns(), false}, false},
        {"concerns-more", ConcernsPage{sampleConcerns(), true}},
        {"booking", sampleBooking(false)},
        {"booking-several", sampleBooking(true)},
        {"concern-search", ConcernSearchPage{}},
        {"concerns-nothing", ConcernsPage{sampleConcerns(), false, ConcernsPage::Found::Nothing}},
        {"days", DaysPage{sampleDays(), "", "02999 990-0"}},
        {"days-paused", DaysPage{{}, "paused", "02999 990-0"}},
        {"days-taken", DaysPage{sampleDays(), "taken", "02999 990-0"}},
        {"days-none", DaysPage{{}, "", "02999 990-0"}},
        {"days-portal", DaysPage{sampleDays(), "portal", "02999 990-0"}},
        {"asking", AskingPage{false}},
        {"asking-confirms", AskingPage{true}},
        {"times", sampleTimes(37)},
        {"times-few", sampleTimes(3)},
        {"contact", sampleContact(false)},
        {"contact-error", sampleContact(true)},
        {"booked", sampleBooked("printed")},
        {"booked-paper-out", sampleBooked("paperOut")},
        {"check-in", sampleCheckIn(CheckInPage::Problem::None)},
        {"check-in-unknown", sampleCheckIn(CheckInPage::Problem::Unknown)},
        {"check-in-early", sampleCheckIn(CheckInPage::Problem::TooEarly)},
        {"check-in-ways", sampleCheckInWays(CheckInPage::Problem::None)},
        {"check-in-strange", sampleCheckInWays(CheckInPage::Problem::Strange)},
        {"ticket-checked-in",
         TicketPage{"B 047", "Ausweis, Pass und Meldewesen", true, 1, std::nullopt, "printed",
                    std::chrono::seconds(60), sampleTime() + std::chrono::minutes(20), "Left"}},
        {"queue",
         QueuePage{{{"meldewesen", "Ausweis, Pass und Meldewesen", "open", 4, Wait{20, 25, false}},
                    {"parken", "Parken und Verkehr", "open", 0, Wait{0, 5, false}},
                    {"abholung", "Ausweis oder Pass abholen", "full", 12, std::nullopt},
                    {"kasse", "Gebühren zahlen", "reception", 1, Wait{120, 120, true}}}},
         false},
        {"ticket", TicketPage{"B 047", "Ausweis, Pass und Meldewesen", true, 3, Wait{20, 25, false},
                              "printed", std::chrono::seconds(60), std::nullopt, "Up"}},
        {"ticket-printing", TicketPage{"B 047", "Ausweis, Pass und Meldewesen", false, 3,
                                       Wait{20, 25, false}, "printing"}},
        {"ticket-note",
         TicketPage{"B 047", "Ausweis, Pass und Meldewesen", false, 0, std::nullopt, "paperOut"}},
        {"ticket-noted",
         TicketPage{"B 047", "Ausweis, Pass und Meldewesen", true, 1, std::nullopt, "notWanted"}},
        {"services",
         ServicesPage{{{"99108001001000", service,
                        "Parken in Ihrer Bewohnerparkzone, gültig ein Jahr. Sie brauchen Ihr "
                        "Kennzeichen und, wenn Sie mögen, Ihren Ausweis mit PIN.",
                        fee},
                       {"99050012104000", "Meldebescheinigung", "Bescheinigung über Ihre Wohnung",
                        Money(), papers}}},
         false},
        {"services-offline",
         ServicesPage{{{"99108001001000", service,
                        "Parken in Ihrer Bewohnerparkzone, gültig ein Jahr. Sie brauchen Ihr "
                        "Kennzeichen und, wenn Sie mögen, Ihren Ausweis mit PIN.",
                        fee}}},
         false, false},
        {"notice", NoticePage{service, attributes, true}},
        {"notice-unreviewed", NoticePage{service, attributes, false}},
        {"notice-certificate", NoticePage{service, attributes, true, "Stadt Musterstadt"}},
        {"certificate", certificateSample(true)},
        {"certificate-no-terms", certificateSample(false)},
        {"card", CardPage{attributes, std::nullopt}},
        {"card-tries-2", CardPage{.attributes = attributes, .fewTriesLeft = 2}},
        {"card-at-reader", CardPage{.attributes = attributes, .atReader = true}},
        {"card-at-reader-wrong",
         CardPage{.attributes = attributes, .wrongPinTriesLeft = 2, .atReader = true}},
        {"card-at-reader-can",
         CardPage{.attributes = attributes, .asksCan = true, .atReader = true}},
        {"card-wrong-2", CardPage{attributes, 2}},
        {"card-incomplete", CardPage{attributes, std::nullopt, true}},
        {"card-can", CardPage{attributes, std::nullopt, false, true}},
        {"card-can-wrong", CardPage{attributes, std::nullopt, false, true, true}},
    };
    for (const std::string step : {"waitingForCard", "checkingPin", "enteringAtReader",
                                   "provingTerminal", "checkingCard", "reading"})
        samples.push_back({"reading-" + step, ReadingPage{step}});
    for (const std::string outcome :
         {"PinBlocked", "PinSuspended", "PinNotActivated", "CardRemoved", "NoCard", "NoReader",
          "NotAnIdentityCard", "CardExpired", "CardNotGenuine", "DeviceFailed", "TransportPin",
          "CardRevoked"})
        samples.push_back(
            {"problem-" + outcome,
             CardProblemPage{outcome, outcome == "CardRemoved" || outcome == "NoCard" ||
                                          outcome == "PinSuspended" || outcome == "TransportPin" ||
                                          outcome == "DeviceFailed"}});
    const std::vector<KioskSample> rest = {
        {"form-eid", FormPage{service, sampleFields("eid", false), 1, 1}},
        {"form-eid-1", FormPage{service, sampleFields("eid", false, 0, 4), 1, 3}},
        {"form-eid-2", FormPage{service, sampleFields("eid", false, 4, 7), 2, 3}},
        {"form-eid-3", FormPage{service, sampleFields("eid", false, 7, 10), 3, 3}},
        {"form-typed-1", FormPage{service, sampleFields("typed", false, 0, 4), 1, 3}},
        {"form-typed-2", FormPage{service, sampleFields("typed", true, 4, 7), 2, 3}},
        {"form-faulty", FormPage{service, faultyFields(), 3, 3}},
        {"form-missing", FormPage{service, missingFields(), 1, 3}},
        {"review", ReviewPage{service, sampleFields("eid", true), fee}},
        {"review-offline", ReviewPage{service, sampleFields("typed", true), fee}, true, false},
        {"pay", PayPage{service, fee, std::nullopt, true, false, ""}},
        {"pay-declined", PayPage{service, fee, 0x05, true, false, ""}, true, false},
        {"pay-no-terminal", PayPage{service, fee, std::nullopt, false, false, ""}},
        {"pay-phone", PayPage{service, fee, std::nullopt, true, true, ""}},
        {"pay-phone-failed", PayPage{service, fee, std::nullopt, true, true, "failed"}},
        {"online-asking",
         PayOnlinePage{fee, "", "", fromIso("2026-11-21T09:51:00Z"), std::chrono::seconds(600)}},
        {"online", PayOnlinePage{fee,
                                 "https://bezahlen.musterstadt.example/p/"
                                 "7f0c2d1e-52a4-4b1c-9d65-3b8f9a2e1c70?t=Zm9vYmFyLWJhei1xdXV4",
                                 "bezahlen.musterstadt.example", fromIso("2026-11-21T09:51:00Z"),
                                 std::chrono::seconds(583)}},
        {"unresolved-phone", PayUnresolvedPage{fee, "BP-2026-7K4QXM", true}},
        {"running-insert", PayRunningPage{fee, 0x0A, "Karte bitte", false}},
        {"running-pin", PayRunningPage{fee, 0x01, "", false}},
        {"running-aborting", PayRunningPage{fee, 0x0E, "", true}},
        {"unresolved", PayUnresolvedPage{fee, "BP-2026-000123-4", false}},
        {"done-printing", DonePage{"BP-2026-000123-4", service, fee, true, false, "printing"}},
        {"done-printed", DonePage{"BP-2026-000123-4", service, fee, true, false, "printed"}},
        {"done-offline", DonePage{"BP-2026-000123-4", service, fee, true, false, "printed"}, true,
         false},
        {"done-phone", DonePage{"BP-2026-000123-4", service, fee, true, true, "printed"}},
        {"done-desk", DonePage{"BP-2026-000123-4", service, fee, false, false, "paperOut"}},
        {"done-papers", DonePage{"BP-2026-000123-4", service, fee, true, false, "printed",
                                 std::chrono::seconds(60), papers}},
        {"still", StillTherePage{std::chrono::seconds(30), "/visit/form"}},
        {"ended", EndedPage{false}, false},
        {"ended-timeout", EndedPage{true}, false},
        {"state", StatePage{}},
        {"state-found", StatePage{StatePage::Answer::Found, "BP-2026-7K3M-4Q", "HandedOver"}},
        {"state-reply", StatePage{StatePage::Answer::Found, "BP-2026-7K3M-4Q", "Accepted", true}},
        {"state-papers",
         StatePage{StatePage::Answer::Found, "BP-2026-7K3M-4Q", "PapersMissing", false}},
        {"state-unknown", StatePage{StatePage::Answer::Unknown, "BP-2026-7K3M-4Q", ""}},
        {"state-wait", StatePage{StatePage::Answer::TooOften, "BP-2026-7K3M-4Q", ""}},
        {"help", HelpPage{"0251 123-0", false, "/visit/form"}},
        {"help-called", HelpPage{"0251 123-0", true, "/visit/form"}},
        {"error", ErrorPage{ErrorCode::SessionUnknown, 404}, false},
    };
    samples.insert(samples.end(), rest.begin(), rest.end());
    return samples;
}

struct DisplaySample {
    std::string name;
    page::DisplayView view;
};

inline page::DeskSignPage signSample(const std::string& number, bool waits, const std::string& word,
                                     bool open = true)
{
    page::DeskSignPage view;
    view.municipality = "Stadt Musterstadt";
    view.now = sampleTime();
    view.sequence = 81;
    view.desk = "Zimmer 104";
    view.open = open;
    view.number = number;
    view.waits = waits;
    view.word = word;
    return view;
}

inline std::vector<DisplaySample> displaySamples()
{
    page::DisplayPage none;
    none.municipality = "Stadt Musterstadt";
    none.now = sampleTime();
    page::DisplayPage quiet = none;
    quiet.offered = true;
    quiet.hall = {0, 2, std::nullopt};
    quiet.desks = 4;
    page::DisplayPage full = quiet;
    full.sequence = 81;
    full.hall = {7, 3, page::Wait{20, 25, false}};
    full.calls = {{"B 047", "Schalter 3", 1, true, {}, "Right"},
                  {"T 112", "Schalter 1", 2, true, {}, "Left"},
                  {"B 046", "Zimmer 104", 1, false, {}, "Up"},
                  {"A 009", "Schalter 2", 1, false, {}, "Straight"}};
    return {{"board", none},
            {"board-quiet", quiet},
            {"sign-called", signSample("B 047", true, "None")},
            {"sign-serving", signSample("B 047", false, "Knock")},
            {"sign-free", signSample("", false, "BackSoon")},
            {"sign-closed", signSample("", false, "None", false)},
            {"board-calls", full}};
}

inline page::QueueDeskPage queueDeskSample()
{
    using Row = page::QueueDeskPage::Row;
    page::QueueDeskPage view;
    view.desk = "3";
    view.deskName = "Schalter 3";
    view.skills = "Ausweis, Pass und Meldewesen, Ausweis oder Pass abholen";
    view.sequence = 81;
    view.waiting = {Row{"t-1", "B 048", "Ausweis, Pass und Meldewesen", 2, 42, "", true},
                    Row{"t-2", "B 049", "Ausweis, Pass und Meldewesen", 2, 21, "raised", true},
                    Row{"t-3", "P 012", "Parken und Verkehr", 2, 3, "", false}};
    view.parked = {Row{"t-4", "B 040", "Ausweis, Pass und Meldewesen", 6, 12, "", true}};
    view.missed = {Row{"t-5", "A 003", "Ausweis oder Pass abholen", 5, 25, "", true}};
    view.elsewhere = {Row{"t-6", "A 009", "Schalter 2", 4, 6, "", true}};
    view.groups = {{"meldewesen", "Ausweis, Pass und Meldewesen"},
                   {"parken", "Parken und Verkehr"},
                   {"abholung", "Ausweis oder Pass abholen"}};
    return view;
}

inline page::AppointmentsPage appointmentsSample()
{
    page::AppointmentsPage view{true, localDate(sampleTime()), {}, true};
    const char* states[] = {"served", "atDesk", "waiting", "late", "expected", "absent"};
    for (int i = 0; i < 6; ++i)
        view.rows.push_back({std::to_string(i), "TE-2026-7K3M-4Q", "Đặng-Müllerová, Zoë Marie",
                             "2 × Reisepass beantragen, Führungszeugnis beantragen",
                             i < 3 ? "B 04" + std::to_string(i) : "", states[i],
                             sampleTime() + std::chrono::minutes(15 * i), 35, false});
    view.rows[4].displaced = true;
    view.filter = {"", "99085001012000", "", {}, 2};
    for (const auto& concern : sampleConcerns())
        view.filter.services.push_back({concern.key, concern.name});
    return view;
}

inline page::DeskBookingPage deskBookingSample(page::DeskBookingPage::Stage stage)
{
    page::DeskBookingPage view;
    view.stage = stage;
    for (const auto& concern : sampleConcerns())
        view.concerns.push_back({concern.key, concern.name, 4, concern.minutes});
    view.what = "99085001012000*2";
    view.summary = "2 × Reisepass beantragen";
    view.minutes = 30;
    view.from = view.day = localDate(sampleTime());
    for (int i = 0; i < 3; ++i)
        view.days.push_back({plusDays(view.from, i), sampleTimes(6 + 5 * i).times});
    view.start = sampleTime();
    view.problem = stage == page::DeskBookingPage::Stage::Time ? "taken" : "";
    return view;
}

inline page::AppointmentPage appointmentSample()
{
    page::AppointmentPage view;
    view.id = "1";
    view.code = "TE-2026-7K3M-4Q";
    view.state = "late";
    view.version = 2;
    view.start = sampleTime();
    view.minutes = 35;
    view.concerns = {"2 × Reisepass beantragen", "Führungszeugnis beantragen"};
    view.readable = view.canChange = view.canCheckIn = true;
    view.name = "Đặng-Müllerová, Zoë Marie";
    view.phone = "02999 123";
    return view;
}

inline page::AppointmentPage toldSample()
{
    auto view = appointmentSample();
    view.state = "expected";
    view.canCheckIn = false;
    view.dateOfBirth = "1964-08-12";
    view.tell = {"Bürgerbüro, Erdgeschoss, Rathausplatz 1",
                 {"alter Reisepass oder Ausweis, digitales Lichtbild", "Ausweis"}};
    return view;
}

inline page::AppointmentPage displacedSample()
{
    auto view = appointmentSample();
    view.code = "TP-2026-7K3M-4Q";
    view.state = "expected";
    view.atPortal = view.displaced = true;
    return view;
}

/// A Thursday with two opening times, a holiday, and a day on which somebody is missing.
inline std::vector<page::HoursDay> weekSample()
{
    using Kind = page::HoursDay::Run::Kind;
    std::vector<page::HoursDay> week;
    for (int i = 0; i < 7; ++i) {
        page::HoursDay day;
        day.day = plusDays(localDateFromIso("2026-12-21"), i);
        const auto open = [&](int from, int until, int lanes, int publicLanes) {
            day.open.push_back({from, until, lanes, publicLanes});
            for (int lane = 0; lane < lanes; ++lane)
                day.runs.push_back(
                    {lane < publicLanes ? Kind::Public : Kind::Staff, lane, from, until});
        };
        if (i < 3)
            open(8 * 60, 12 * 60, i == 2 ? 2 : 3, i == 2 ? 1 : 2);
        if (i == 1)
            open(14 * 60, 18 * 60, 3, 2);
        if (i == 2)
            day.reasons = {"Zwei Kolleginnen in Fortbildung"};
        if (i == 3)
            day.reasons = {"Heiligabend"};
        if (i == 4)
            day.holiday = "1. Weihnachtstag";
        for (int lane = 0; lane < 3 && i < 2; ++lane) {
            for (int from = 8 * 60 + 20 * lane; from < 11 * 60; from += 45 + 10 * lane)
                day.runs.push_back({Kind::Booked, lane, from, from + 25});
            day.booked += 4;
        }
        if (i < 2)
            day.offline = 45 * (2 - i);
        week.push_back(std::move(day));
    }
    return week;
}

inline page::HoursPage hoursSample(bool mayChange)
{
    page::HoursPage view;
    view.mayChange = view.canUndo = mayChange;
    view.days = weekSample();
    page::HoursEntry mornings;
    mornings.id = "vormittag";
    mornings.kind = "rule";
    mornings.weekdays = {1, 2, 3, 4, 5};
    mornings.first = localDateFromIso("2026-01-01");
    mornings.hours = {{8 * 60, 12 * 60, 3, 2}};
    page::HoursEntry saturdays = mornings;
    saturdays.id = "samstag";
    saturdays.weekdays = {6};
    saturdays.weekInMonth = 1;
    saturdays.last = localDateFromIso("2027-03-31");
    saturdays.openOnHolidays = true;
    view.rules = {mornings, saturdays};
    page::HoursEntry closure;
    closure.id = "closure-1";
    closure.kind = "close";
    closure.first = localDateFromIso("2026-12-24");
    closure.last = localDateFromIso("2026-12-31");
    closure.reason = "Weihnachtsferien des Rathauses";
    page::HoursEntry fewer = closure;
    fewer.id = "exception-1";
    fewer.kind = "fewer";
    fewer.last = fewer.first = localDateFromIso("2026-12-23");
    fewer.hours = {{8 * 60, 12 * 60, 1, 1}};
    fewer.reason = "Zwei Kolleginnen in Fortbildung";
    view.closures = {closure};
    view.exceptions = {fewer};
    view.terms = {30, 60, 15, 15};
    view.history = {{3, 1, sampleTime(), "Ayşe Öztürk", "undo"},
                    {2, {}, sampleTime(), "Ayşe Öztürk", "Weihnachtsferien des Rathauses"},
                    {1, {}, sampleTime(), "", ""}};
    view.kept = 2;
    return view;
}

inline page::HoursChangePage hoursPreviewSample(bool withConflicts)
{
    page::HoursChangePage view;
    view.kind = "close";
    view.fields = {{"first", "2026-12-24"}, {"last", "2026-12-31"}, {"reason", "Weihnachtsferien"}};
    page::HoursChangePage::Preview preview;
    preview.basedOn = 3;
    preview.seen = "0f";
    preview.days = weekSample();
    if (withConflicts) {
        preview.shifts = 1;
        for (int i = 0; i < 3; ++i)
            preview.conflicts.push_back({std::to_string(i), "TE-2026-7K3M-4Q",
                                         "2 × Reisepass beantragen, Führungszeugnis beantragen",
                                         sampleTime() + std::chrono::hours(24 * i), 35});
    }
    view.preview = preview;
    return view;
}

inline page::HoursChangePage hoursFormSample(const std::string& kind)
{
    page::HoursChangePage view;
    view.kind = kind;
    view.fields = {{"first", "2026-12-24"}, {"mo", "1"}, {"rhythm", "2w"}, {"lanes", "1"}};
    view.problem = kind == "rule" ? "times" : "";
    if (kind == "remove")
        view.removed = hoursSample(true).closures.front();
    return view;
}

inline page::StatisticsPage statisticsSample()
{
    using std::chrono::minutes;
    page::StatisticsPage view;
    view.first = localDateFromIso("2026-11-02");
    view.last = localDateFromIso("2026-11-27");
    const page::StatisticsPage::Spread wait{311, minutes(9), minutes(21)},
        service{290, minutes(8), minutes(14)};
    view.all = {"", 402, 205, 371, 11, 17, 3, wait, service};
    view.groups = {{"Ausweis, Pass und Meldewesen", 311, 140, 290, 8, 12, 2, wait, service},
                   {"Parken und Verkehr", 91, 65, 81, 3, 5, 1, {}, {}}};
    for (int hour = 8; hour < 18; ++hour) {
        const int busy = hour < 12 ? hour - 7 : hour < 14 ? 0 : 18 - hour;
        if (busy == 0)
            continue;
        view.waitByHour.at(hour) = {busy * 20, minutes(4 * busy), minutes(9 * busy)};
        for (int weekday = 0; weekday < 5; ++weekday)
            view.waitByWeekdayAndHour.at(weekday).at(hour) = {busy, minutes((weekday + 1) * busy),
                                                              minutes(30)};
    }
    for (int i = 0; i < 26; ++i) {
        if (i % 7 > 4)
            continue;
        const bool isLong = i % 7 == 3;
        view.days.push_back({plusDays(view.first, i), 18 + i % 5, isLong ? 1440 : 720,
                             (isLong ? 900 : 500) + 20 * (i % 6)});
    }
    return view;
}

inline std::vector<DeskSample> deskSamples()
{
    using namespace page;
    using Kind = SignInPage::Kind;
    const auto at = sampleTime();
    auto called = queueDeskSample();
    called.current = {{"t-0", "B 047", "Ausweis, Pass und Meldewesen", 3, 1, "", true},
                      false,
                      at - std::chrono::seconds(70),
                      2,
                      {"2 × Reisepass beantragen"},
                      "1",
                      {{"Bringt das zweite Foto nach, bitte nicht neu aufnehmen", "Erika Amt",
                        at - std::chrono::minutes(11)},
                       {"", "Jürgen Großmann", at - std::chrono::minutes(4)}}};
    called.sign = "BackSoon";
    called.problem = "changed";
    auto serving = called;
    serving.current->serving = true;
    serving.problem.clear();
    serving.issued = "P 013";
    serving.calls = {{"1", "Schalter 1"}};
    auto quiet = queueDeskSample();
    quiet.waiting.clear();
    StatisticsPage noStatistics;
    noStatistics.first = noStatistics.last = localDateFromIso("2026-11-02");
    noStatistics.problem = "dates";
    quiet.parked.clear();
    quiet.missed.clear();
    quiet.elsewhere.clear();
    quiet.problem = "nobody";
    quiet.emergency = true;
    const PlacePage places{{{"1", "Schalter 1", "Ausweis, Pass und Meldewesen", "Erika Amt", false},
                            {"2", "Schalter 2", "Parken und Verkehr", "", false},
                            {"3", "Schalter 3", "Gebühren zahlen", "Ayşe Öztürk", true}},
                           ""};
    auto taken = places;
    taken.occupied = "1";
    auto ending = places;
    ending.mayEndDay = true;
    ending.problem = "sure";
    const auto fee = Money::cents(3070);
    CasePage open;
    open.id = "0193-1";
    open.reference = "BP-2026-000123-4";
    open.serviceName = "Bewohnerparkausweis";
    open.state = "Accepted";
    open.fields = sampleFields("eid", true);
    open.payment = CasePage::PaymentView{
        "Approved", fee, "52500041", "girocard, endet auf 1234", 17, 23, at, false, "", "", ""};
    open.way = {{at, "CASE", ""},         {at, "PAYMENT_ORDERED", ""},
                {at, "PAYMENT_SENT", ""}, {at, "PAYMENT_APPROVED", ""},
                {at, "SEALED", ""},       {at, "SENT", ""},
                {at, "STORED", ""},       {at, "ACCEPTED", ""}};
    CasePage held = open;
    held.state = "Held";
    held.heldReason = "PlainTextLost";
    held.readable = false;
    held.fields.clear();
    held.payment.reset();
    held.way.resize(2);
    held.canRelease = true;
    held.takesAttachments = true;
    CasePage papersMissing = held;
    papersMissing.heldReason = "PapersMissing";
    papersMissing.papers = {"Fahrzeugschein", "Meldebescheinigung"};
    AttachmentsPage attachments;
    attachments.id = open.id;
    attachments.reference = open.reference;
    attachments.serviceName = open.serviceName;
    attachments.rows = {{"8f3a", "Mietvertrag.pdf", "application/pdf", 1'430'000},
                        {"8f3b", "Fahrzeugschein Vorderseite.jpg", "image/jpeg", 412'000}};
    attachments.papers = papersMissing.papers;
    attachments.left = 58'158'000;
    attachments.canAdd = attachments.canRemove = true;
    AttachmentsPage noAttachments = attachments;
    noAttachments.rows.clear();
    noAttachments.left = 60'000'000;
    AttachmentsPage refusedAttachment = attachments;
    refusedAttachment.refusal = "kind";
    AttachmentsPage sealedAttachments = attachments;
    sealedAttachments.canAdd = sealedAttachments.canRemove = false;
    CasePage replied = open;
    replied.replies = {{"7f3a", at, "new", ""},
                       {"7f3b", at, "refused", "hash-mismatch"},
                       {"7f3c", at, "settled", ""}};
    replied.openReplies = 2;
    CasePage unclear = open;
    unclear.state = "Recorded";
    unclear.payment->state = "Unresolved";
    CasePage phone = held;
    phone.heldReason = "DeskAfterOnline";
    phone.payment = CasePage::PaymentView{
        "Unresolved", fee, "", "", 0, 0, at, true, "0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10",
        "T-100001",   ""};
    phone.canRelease = false;
    CasePage late = open;
    late.paidLate = true;
    DeskIdentityPage identity;
    identity.id = open.id;
    identity.reference = open.reference;
    identity.serviceName = open.serviceName;
    identity.fields = sampleFields("eid", false, 0, 7);
    const auto identityWith = [&](DeskIdentityPage::Stage stage, const std::string& problem) {
        DeskIdentityPage view = identity;
        view.stage = stage;
        view.problem = problem;
        return view;
    };
    DeskIdentityPage running = identityWith(DeskIdentityPage::Stage::Reading, "");
    running.step = "checkingCard";
    DeskIdentityPage shown = identityWith(DeskIdentityPage::Stage::Shown, "");
    shown.emulated = true;
    const DeskIdentityPage::Agreement agreements[] = {
        DeskIdentityPage::Agreement::SameLetters, DeskIdentityPage::Agreement::Differs,
        DeskIdentityPage::Agreement::CardLacks,   DeskIdentityPage::Agreement::Same,
        DeskIdentityPage::Agreement::SameLetters, DeskIdentityPage::Agreement::Same,
        DeskIdentityPage::Agreement::CaseLacks};
    for (std::size_t i = 0; i < 7; ++i) {
        auto inCase = sampleFields("typed", true).at(i), onCard = inCase;
        if (agreements[i] == DeskIdentityPage::Agreement::CardLacks)
            onCard.value.clear();
        if (agreements[i] == DeskIdentityPage::Agreement::CaseLacks)
            inCase.value.clear();
        if (agreements[i] == DeskIdentityPage::Agreement::Differs)
            onCard.value = "MUSTERMANN";
        shown.rows.push_back({inCase, onCard, agreements[i]});
    }
    DeskIdentityPage agreeing = shown;
    agreeing.emulated = false;
    agreeing.goesAlong = true;
    for (auto& row : agreeing.rows) {
        row.agreement = DeskIdentityPage::Agreement::Same;
        row.inCase = row.onCard;
    }
    DeskIdentityPage alone = shown;
    alone.caseIsReadable = alone.emulated = false;
    for (auto& row : alone.rows)
        row.agreement = DeskIdentityPage::Agreement::Unknown;
    DevicesPage::Device card{"card",
                             true,
                             true,
                             "devices.cardLaid",
                             {{"lay", "desk.act.lay"}, {"pull", "desk.act.pull"}}};
    DevicesPage::Device terminal{"terminal",
                                 true,
                                 true,
                                 "",
                                 {{"approve", "desk.act.approve"},
                                  {"decline", "desk.act.decline"},
                                  {"silent", "desk.act.silent"}}};
    DevicesPage::Device printer{"printer", false, false, "", {}};
    const std::vector<RoleBox> roles = {
        {"Clerk", true}, {"Reception", false}, {"Lead", false}, {"Treasurer", true}, {"It", false}};
    const std::vector<SessionRow> sessions = {
        {"s-1", "192.168.10.23", at - std::chrono::minutes(45), at, true},
        {"s-2", "192.168.10.31", at - std::chrono::hours(3), at - std::chrono::minutes(9), false}};
    const std::string written = "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ";
    const std::string otpauth =
        "otpauth://totp/Amtsstube%20Stadt%20Musterstadt:Ay%C5%9Fe%20%C3%96zt%C3%BCrk"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Amtsstube%20Stadt%20Musterstadt"
        "&algorithm=SHA1&digits=6&period=30";
    CasePage money = unclear;
    money.mayRead = money.readable = false;
    money.fields.clear();
    return {
        {"sign-in", SignInPage{Kind::SignIn, false, std::chrono::seconds(0), true}, false},
        {"sign-in-provider",
         SignInPage{Kind::SignIn, false, std::chrono::seconds(0), false, "Stadtkonto"}, false},
        {"provider-checking", ProviderPage{ProviderPage::Kind::Checking, "Stadtkonto"}, false},
        {"provider-bind", ProviderPage{ProviderPage::Kind::Bind, "Stadtkonto"}, false},
        {"provider-bind-refused", ProviderPage{ProviderPage::Kind::Bind, "Stadtkonto", true},
         false},
        {"provider-closed", ProviderPage{ProviderPage::Kind::Closed, "Stadtkonto"}, false},
        {"provider-silent", ProviderPage{ProviderPage::Kind::NotReachable, "Stadtkonto"}, false},
        {"provider-cancelled", ProviderPage{ProviderPage::Kind::Cancelled, "Stadtkonto"}, false},
        {"provider-refused", ProviderPage{ProviderPage::Kind::Refused, "Stadtkonto"}, false},
        {"provider-lost", ProviderPage{ProviderPage::Kind::Lost, "Stadtkonto"}, false},
        {"provider-clock", ProviderPage{ProviderPage::Kind::ClockUnsure, "Stadtkonto"}, false},
        {"open-key", OpenKeyPage{}},
        {"open-key-required", OpenKeyPage{true}, true, true, false},
        {"sign-in-refused", SignInPage{Kind::SignIn, true, std::chrono::seconds(8), false}, false},
        {"first", SignInPage{Kind::First, true, std::chrono::seconds(0), true}, false},
        {"recover", SignInPage{Kind::Recover, false, std::chrono::seconds(0), false}, false},
        {"code", CodePage{}, true, true, false},
        {"code-refused", CodePage{true}, true, true, false},
        {"code-wait", CodePage{true, std::chrono::seconds(16)}, true, true, false},
        {"factor-required", FactorPage{false, true, true, otpauth, written}, true, true, false},
        {"factor-refused", FactorPage{false, true, true, otpauth, written, true}, true, true,
         false},
        {"factor", FactorPage{false, false, true, otpauth, written}},
        {"factor-closed", FactorPage{false, false, false, "", ""}},
        {"factor-on", FactorPage{true, false, true, "", ""}},
        {"factor-on-refused", FactorPage{true, false, true, "", "", true}},
        {"account", AccountPage{{"Clerk", "Lead"}, true, sessions, ""}},
        {"account-ended", AccountPage{{"Reception"}, false, {sessions[0]}, "account.sessionEnded"}},
        {"paper", PaperHalfPage{"K7QF-2M9D-XW4T-8RHB-P3NC-V6YA"}},
        {"cases-empty", CasesPage{}},
        {"cases",
         CasesPage{
             {{"0193-1", "BP-2026-000123-4", "Bewohnerparkausweis", "Accepted", "Card", at, ""},
              {"0193-2", "BP-2026-000122-6", "Bewohnerparkausweis", "HandedOver", "AtDesk", at, ""},
              {"0193-3", "BP-2026-000121-8", "Bewohnerparkausweis", "Recorded", "Open", at, ""},
              {"0193-4", "BP-2026-000120-X", "Bewohnerparkausweis", "Held", "Open", at,
               "PlainTextLost"}},
             {{"card-reader", at}, {"kiosk", at}}},
         true, false},
        {"cases-replies", CasesPage{{{"0193-1", "BP-2026-000123-4", "Bewohnerparkausweis",
                                      "Accepted", "Card", at, "", 2},
                                     {"0193-2", "BP-2026-000122-6", "Bewohnerparkausweis",
                                      "HandedOver", "AtDesk", at, "", 1}},
                                    {},
                                    4,
                                    1}},
        {"case", open},
        {"case-replies", replied},
        {"attachments", attachments},
        {"attachments-none", noAttachments},
        {"attachments-refused", refusedAttachment},
        {"attachments-sealed", sealedAttachments},
        {"reply",
         ReplyPage{
             "0193-1",
             "BP-2026-000123-4",
             "Bewohnerparkausweis",
             "7f3a",
             at,
             true,
             false,
             false,
             true,
             {},
             "Ordnungsamt Musterstadt",
             "32-4711/26",
             "Nachforderung zu Ihrem Antrag",
             "Guten Tag,\n\nbitte lassen Sie sich die Meldebescheinigung vorlegen.\nDie Frist "
             "endet am 5. Dezember.",
             {{"1", "Bescheid über die Zone A.pdf", "Bescheid"}, {"2", "Lageplan.png", ""}}}},
        {"reply-refused", ReplyPage{"0193-1",
                                    "BP-2026-000123-4",
                                    "Bewohnerparkausweis",
                                    "7f3b",
                                    at,
                                    true,
                                    false,
                                    false,
                                    true,
                                    {"hash-mismatch: sha512 of the plain text is another"},
                                    "",
                                    "",
                                    "",
                                    "",
                                    {}}},
        {"case-held", held},
        {"case-papers", papersMissing},
        {"case-unclear", unclear},
        {"case-phone", phone},
        {"case-phone-late", late},
        {"case-money", money},
        {"identity-none", identityWith(DeskIdentityPage::Stage::Unavailable, "NotSetUp")},
        {"identity-photo", identityWith(DeskIdentityPage::Stage::Photo, "")},
        {"identity-forged", identityWith(DeskIdentityPage::Stage::Photo, "CardNotGenuine")},
        {"identity-can", identityWith(DeskIdentityPage::Stage::AccessNumber, "")},
        {"identity-can-wrong", identityWith(DeskIdentityPage::Stage::AccessNumber, "WrongCan")},
        {"identity-reading", running},
        {"identity-shown", shown},
        {"identity-agrees", agreeing},
        {"identity-alone", alone},
        {"pin", DeskPinPage{}},
        {"pin-none", DeskPinPage{DeskPinPage::Stage::Unavailable, "", "NotSetUp"}},
        {"pin-ready", DeskPinPage{DeskPinPage::Stage::Menu, "look", "PinReady", 3}},
        {"pin-blocked", DeskPinPage{DeskPinPage::Stage::Menu, "look", "PinBlocked"}},
        {"pin-done", DeskPinPage{DeskPinPage::Stage::Menu, "change", "PinManaged"}},
        {"pin-change", DeskPinPage{DeskPinPage::Stage::Form, "change", ""}},
        {"pin-change-differ", DeskPinPage{DeskPinPage::Stage::Form, "change", "PinsDiffer"}},
        {"pin-resume", DeskPinPage{DeskPinPage::Stage::Form, "resume", ""}},
        {"pin-unblock", DeskPinPage{DeskPinPage::Stage::Form, "unblock", ""}},
        {"pin-set", DeskPinPage{DeskPinPage::Stage::Form, "set", ""}},
        {"pin-set-none", DeskPinPage{DeskPinPage::Stage::Form, "set", "", 0, "", false, false}},
        {"pin-running", DeskPinPage{DeskPinPage::Stage::Running, "unblock", "", 0, "checkingPin"}},
        {"clerks",
         ClerksPage{{{"1", "Ayşe Öztürk", {"Lead", "It"}, true, true},
                     {"2", "Jürgen Großmann", {"Clerk", "Treasurer"}, true, true},
                     {"3", "Uwe Beil", {"Reception"}, false, true},
                     {"4", "Wilhelmine von und zu Hohenstein-Musterstadt", {}, false, false}},
                    roles,
                    ""}},
        {"clerks-requests", ClerksPage{{{"1", "Ayşe Öztürk", {"Lead", "It"}, true, true},
                                        {"2", "Jürgen Großmann", {"Clerk"}, true, true}},
                                       roles,
                                       "clerks.waits",
                                       {{"7",
                                         "SetRoles",
                                         "Jürgen Großmann",
                                         "Uwe Beil",
                                         {"Clerk", "Lead"},
                                         sampleTime(),
                                         sampleTime() + std::chrono::hours(24),
                                         true,
                                         true},
                                        {"8",
                                         "ResetPassword",
                                         "Uwe Beil",
                                         "Ayşe Öztürk",
                                         {},
                                         sampleTime(),
                                         sampleTime() + std::chrono::hours(24),
                                         false,
                                         true},
                                        {"9",
                                         "ResetFactor",
                                         "Ida Sommer",
                                         "Uwe Beil",
                                         {},
                                         sampleTime(),
                                         sampleTime() + std::chrono::hours(24),
                                         false,
                                         false}}}},
        {"clerks-paper", ClerksPage{{{"1", "Ayşe Öztürk", {"Lead", "It"}, true, true}},
                                    roles,
                                    "clerks.paperAsked",
                                    {},
                                    true}},
        {"clock",
         ClockPage{sampleTime(), sampleTime(), sampleTime() - std::chrono::minutes(9), true}},
        {"clock-behind",
         ClockPage{sampleTime(), sampleTime() + std::chrono::hours(30), std::nullopt, true, true}},
        {"clock-another-day", ClockPage{sampleTime(), sampleTime(), std::nullopt, true, false,
                                        ClockPage::Result::AnotherDay}},
        {"clock-confirmed", ClockPage{sampleTime(), sampleTime(), sampleTime(), false, false,
                                      ClockPage::Result::Confirmed}},
        {"clerks-refused", ClerksPage{{}, roles, "clerks.noRole"}},
        {"clerk", ClerkPage{"2",
                            "Jürgen Großmann",
                            false,
                            false,
                            roles,
                            "clerks.rolesChanged",
                            true,
                            true,
                            true,
                            {sessions[1]}}},
        {"clerk-binding", ClerkPage{.id = "2",
                                    .name = "Jürgen Großmann",
                                    .closed = false,
                                    .own = false,
                                    .roles = roles,
                                    .message = "",
                                    .provider = "Stadtkonto",
                                    .bindingCode = "7K3M-4QXP-9M2C-7DAB-KLMN-PQRS",
                                    .asksPaper = true}},
        {"clerk-bound", ClerkPage{.id = "2",
                                  .name = "Jürgen Großmann",
                                  .closed = false,
                                  .own = false,
                                  .roles = roles,
                                  .message = "",
                                  .provider = "Stadtkonto",
                                  .boundAt = sampleTime()}},
        {"clerk-last", ClerkPage{"1", "Ayşe Öztürk", false, true, roles, "clerks.lastIt"}},
        {"clerk-closed", ClerkPage{"4", "Uwe Beil", true, false, roles, ""}},
        {"held", HeldPage{{{"1", "BP-2026-7K3M-4Q", "Bewohnerparkausweis", "Held",
                            "DestinationGone", sampleTime(), 12, true, true, false},
                           {"2", "BP-2026-9M2C-7D", "Bewohnerparkausweis", "Rejected", "",
                            sampleTime(), 1, false, false, true}}}},
        {"held-none", HeldPage{}},
        {"status", StatusPage{{{"portal", StatusPage::Level::Good, "desk.status.portal.yes", ""},
                               {"oldest", StatusPage::Level::Warning, "desk.status.oldest.since",
                                "19. November 2026, 09:41 Uhr"},
                               {"held", StatusPage::Level::Warning, "", "2"},
                               {"backup", StatusPage::Level::Bad, "desk.status.backup.failed", "–"},
                               {"version", StatusPage::Level::Info, "", "0.1.0"}}}},
        {"status-date",
         StatusPage{.lines = {{"clock", StatusPage::Level::Bad, "desk.status.clock.doubtful", ""}},
                    .needsDate = true}},
        {"status-export-offered",
         StatusPage{.lines = {{"portal", StatusPage::Level::Warning, "desk.status.portal.no", ""}},
                    .exported = {.waiting = 312, .files = 0}}},
        {"status-export-ready",
         StatusPage{.lines = {{"portal", StatusPage::Level::Warning, "desk.status.portal.no", ""}},
                    .exported = {.waiting = 312, .files = 2}}},
        {"calendar-files",
         page::CalendarFilesPage{
             true,
             {{"1", "Schalter 1", sampleTime()}, {"2", "Schalter 2"}, {"104", "Zimmer 104"}},
             "",
             true,
             true,
             localDate(sampleTime()),
             plusDays(localDate(sampleTime()), 90)}},
        {"calendar-files-made",
         page::CalendarFilesPage{true,
                                 {{"1", "Schalter 1", sampleTime()}},
                                 "https://rathaus.example:8443/calendar/kS9wq3kq0JmT8v2YbX1r4A",
                                 true,
                                 false,
                                 localDate(sampleTime()),
                                 localDate(sampleTime())}},
        {"calendar-files-none", page::CalendarFilesPage{}},
        {"place", places},
        {"place-occupied", taken},
        {"place-end-of-day", ending},
        {"appointments", appointmentsSample()},
        {"appointments-none", page::AppointmentsPage{true, localDate(sampleTime()), {}, false}},
        {"appointment-concerns", deskBookingSample(page::DeskBookingPage::Stage::Concerns)},
        {"appointment-times", deskBookingSample(page::DeskBookingPage::Stage::Time)},
        {"appointment-name", deskBookingSample(page::DeskBookingPage::Stage::Name)},
        {"appointment", appointmentSample()},
        {"appointment-tell", toldSample()},
        {"appointment-displaced", displacedSample()},
        {"asked", page::AskedPage{3, true, "", ""}},
        {"asked-taken", page::AskedPage{3, false, "taken", ""}},
        {"asked-changed", page::AskedPage{3, false, "changed", "1"}},
        {"hours", hoursSample(true)},
        {"hours-read-only", hoursSample(false)},
        {"hours-close", hoursFormSample("close")},
        {"hours-instead", hoursFormSample("instead")},
        {"hours-rule", hoursFormSample("rule")},
        {"hours-terms", hoursFormSample("terms")},
        {"hours-remove", hoursFormSample("remove")},
        {"hours-conflicts", hoursPreviewSample(true)},
        {"hours-no-conflicts", hoursPreviewSample(false)},
        {"statistics", statisticsSample()},
        {"statistics-none", noStatistics},
        {"queue-desk", queueDeskSample()},
        {"queue-desk-called", called},
        {"queue-desk-serving", serving},
        {"queue-desk-quiet", quiet},
        {"devices", DevicesPage{{card, terminal, printer}, "devices.portalReachable"}},
        {"desk-error", DeskErrorPage{ErrorCode::NotAllowed, 403}},
    };
}

} // namespace amt::test

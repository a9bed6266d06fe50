// SPDX-License-Identifier: EUPL-1.2
//
// What the device ports say survives the way over the wire; what is not exactly theirs is refused
// whole.
#include "drivers/port/identity.h"
#include "drivers/port/payment.h"
#include "drivers/port/printing.h"
#include "drivers/port/scanning.h"
#include "drivers/port/speech.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;
namespace data = boost::unit_test::data;

namespace {

/// Over the wire and back: as text, as the broker sends it.
json::ObjectPtr overTheWire(const json::ObjectPtr& object)
{
    return json::parseObject(json::write(*object));
}

TerminalRecord someRecord(int result)
{
    return {.result = result,
            .amount = Money::cents(3070),
            .currency = 978,
            .trace = 123,
            .receipt = 42,
            .originalTrace = 0,
            .terminalId = "52500041",
            .date = "1121",
            .time = "094155",
            .cardName = "girocard",
            .cardType = 5,
            .cardDigits = "1234",
            .additionalText = "Zahlung erfolgt – €"};
}

IdentityData someData()
{
    IdentityData data;
    data.documentType = "ID";
    data.givenNames = "ʿAbd ar-Raḥmān";
    data.familyNames = "von der \"Heydt\"\\\x01";
    data.dateOfBirth = "1984    ";
    data.placeOfBirth.freeText = "Köln";
    data.placeOfResidence.street = "Straße 1";
    data.placeOfResidence.postalCode = "59494";
    data.municipalityId = "02760503150000";
    return data;
}

const std::vector<ScanOutcome> scanOutcomes = {
    CodeScanned{Personal(std::string("\"\\~ ABCD"))},
    CodeScanned{Personal(std::string(scannedCodeMax, 'A'))},
    CodeUnreadable{},
    NoScanner{},
    ScanCancelled{},
    DeviceFailed{ErrorCode::SystemFailed}};

const std::vector<IdentityOutcome> identityOutcomes = {
    IdentityRead{Personal<IdentityData>(someData())},
    WrongPin{2},
    PinSuspended{},
    PinBlocked{},
    PinNotActivated{},
    CardRemoved{},
    NoCard{},
    NoReader{},
    NotAnIdentityCard{},
    CardExpired{},
    CardNotGenuine{},
    ReadCancelled{},
    DeviceFailed{ErrorCode::ReaderFailed},
    TransportPin{},
    PinReady{2},
    WrongCan{},
    WrongPuk{},
    PukUsedUp{},
    PinManaged{},
    CardRevoked{},
    ReaderReady{true},
    ReaderReady{false},
};

const std::vector<PaymentOutcome> paymentOutcomes = {
    PaymentApproved{someRecord(0)},
    PaymentDeclined{someRecord(0x6C)},
    PaymentUnresolved{"line lost after 06 01"},
    PaymentNotStarted{ErrorCode::TerminalSpeaksOther},
};

const std::vector<PrintOutcome> printOutcomes = {
    Printed{},   PaperOut{},         CoverOpen{},
    NoPrinter{}, PrintInterrupted{}, DeviceFailed{ErrorCode::PrinterFailed},
};

using Reader = void (*)(const json::Object&);
struct Refusal {
    const char* what;
    Reader read;
    const char* text;
};
std::ostream& operator<<(std::ostream& out, const Refusal& refusal)
{
    return out << refusal.what;
}

template <auto read>
void reading(const json::Object& object)
{
    (void)read(object);
}

const Refusal refusals[] = {
    {"a scanned code that is empty", reading<scanOutcomeFromJson>,
     R"({"outcome":"scanned","code":""})"},
    {"a scanned code with a line end", reading<scanOutcomeFromJson>,
     R"({"outcome":"scanned","code":"A\n"})"},
    {"a scanned code with a letter that no key types", reading<scanOutcomeFromJson>,
     R"({"outcome":"scanned","code":"ä"})"},
    {"a scanned code without a code", reading<scanOutcomeFromJson>, R"({"outcome":"scanned"})"},
    {"an unreadable code with a code", reading<scanOutcomeFromJson>,
     R"({"outcome":"unreadable","code":"A"})"},
    {"no sentence", reading<utteranceFromJson>, R"({"language":"de","text":""})"},
    {"a sentence with a line end", reading<utteranceFromJson>,
     R"({"language":"de","text":"A\nB"})"},
    {"a sentence for nobody's ear", reading<utteranceFromJson>,
     R"({"language":"de-DE-x-long","text":"A"})"},
    {"a silent sound", reading<speechOutcomeFromJson>, R"({"outcome":"speech","sound":""})"},
    {"a voice with a sound", reading<speechOutcomeFromJson>,
     R"({"outcome":"noVoice","sound":"AA"})"},
    {"request without a PIN", reading<identityRequestFromJson>,
     R"({"groups":[],"chain":[],"countrySigners":[],"now":0})"},
    {"request with a number as PIN", reading<identityRequestFromJson>,
     R"({"pin":123456,"groups":[],"chain":[],"countrySigners":[],"now":0})"},
    {"request with an unknown key", reading<identityRequestFromJson>,
     R"({"pin":"123456","groups":[],"chain":[],"countrySigners":[],"now":0,"mrz":"500540"})"},
    {"request for an unknown group", reading<identityRequestFromJson>,
     R"({"pin":"123456","groups":["fingerprints"],"chain":[],"countrySigners":[],"now":0})"},
    {"request for one group twice", reading<identityRequestFromJson>,
     R"({"pin":"123456","groups":["sex","sex"],"chain":[],"countrySigners":[],"now":0})"},
    {"request with a padded certificate", reading<identityRequestFromJson>,
     R"({"pin":"123456","groups":[],"chain":["AA=="],"countrySigners":[],"now":0})"},
    {"request at a time with a fraction", reading<identityRequestFromJson>,
     R"({"pin":"123456","groups":[],"chain":[],"countrySigners":[],"now":0.5})"},
    {"request for an unknown purpose", reading<identityRequestFromJson>,
     R"({"pin":"","groups":[],"chain":[],"countrySigners":[],"now":0,"purpose":"forge"})"},
    {"request for an age on no day", reading<identityRequestFromJson>,
     R"({"pin":"","groups":[],"chain":[],"countrySigners":[],"now":0,"bornUntil":"2026-02-30"})"},
    {"request for a password from nowhere", reading<identityRequestFromJson>,
     R"({"pin":"","groups":[],"chain":[],"countrySigners":[],"now":0,"entry":"byLetter"})"},
    {"reader that is ready for nobody knows what", reading<identityOutcomeFromJson>,
     R"({"outcome":"readerReady"})"},
    {"reader that takes one password", reading<identityOutcomeFromJson>,
     R"({"outcome":"readerReady","takesPassword":1})"},
    {"PIN that is ready without tries", reading<identityOutcomeFromJson>,
     R"({"outcome":"pinReady","triesLeft":1})"},
    {"outcome nobody knows", reading<identityOutcomeFromJson>, R"({"outcome":"lucky"})"},
    {"plain outcome with more", reading<identityOutcomeFromJson>,
     R"({"outcome":"noCard","triesLeft":1})"},
    {"wrong PIN with negative tries", reading<identityOutcomeFromJson>,
     R"({"outcome":"wrongPin","triesLeft":-1})"},
    {"wrong PIN with ten tries", reading<identityOutcomeFromJson>,
     R"({"outcome":"wrongPin","triesLeft":10})"},
    {"read without data", reading<identityOutcomeFromJson>, R"({"outcome":"read"})"},
    {"failure with an unknown code", reading<identityOutcomeFromJson>,
     R"({"outcome":"deviceFailed","code":"Whatever"})"},
    {"order without an amount", reading<paymentOrderFromJson>, R"({"id":"x"})"},
    {"order in euro with a fraction", reading<paymentOrderFromJson>, R"({"id":"x","cents":30.70})"},
    {"order with an amount as text", reading<paymentOrderFromJson>, R"({"id":"x","cents":"3070"})"},
    {"order with a receipt number of null", reading<paymentOrderFromJson>,
     R"({"id":"x","cents":1,"lastReceipt":null})"},
    {"approval whose record says declined", reading<paymentOutcomeFromJson>,
     R"({"outcome":"approved","record":{"result":108,"currency":978,"trace":1,"receipt":1,"originalTrace":0,"terminalId":"","date":"","time":"","cardName":"","cardType":0,"cardDigits":"","additionalText":""}})"},
    {"decline whose record says approved", reading<paymentOutcomeFromJson>,
     R"({"outcome":"declined","record":{"result":0,"currency":978,"trace":1,"receipt":1,"originalTrace":0,"terminalId":"","date":"","time":"","cardName":"","cardType":0,"cardDigits":"","additionalText":""}})"},
    {"record with a whole card number", reading<terminalRecordFromJson>,
     R"({"result":0,"currency":978,"trace":1,"receipt":1,"originalTrace":0,"terminalId":"","date":"","time":"","cardName":"","cardType":0,"cardDigits":"6799111122223333","additionalText":""})"},
    {"record with a result over one byte", reading<terminalRecordFromJson>,
     R"({"result":256,"currency":978,"trace":1,"receipt":1,"originalTrace":0,"terminalId":"","date":"","time":"","cardName":"","cardType":0,"cardDigits":"","additionalText":""})"},
    {"receipt line that is a text", reading<receiptLineFromJson>,
     R"({"text":"x","centred":"yes","wide":false,"high":false,"merchant":false})"},
    {"print element of an unknown kind", reading<printJobFromJson>,
     R"({"id":"x","elements":[{"kind":"picture"}]})"},
    {"print element that is no object", reading<printJobFromJson>,
     R"({"id":"x","elements":["line"]})"},
    {"rule with a text", reading<printJobFromJson>,
     R"({"id":"x","elements":[{"kind":"rule","text":"x"}]})"},
    {"printed with a reason", reading<printOutcomeFromJson>,
     R"({"outcome":"printed","reason":"x"})"},
    {"printer state with a part missing", reading<printerStateFromJson>,
     R"({"present":true,"paperOut":false})"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(port_wire)

BOOST_AUTO_TEST_CASE(an_identity_request_arrives_as_it_was_sent)
{
    IdentityRequest request;
    request.pin = Secret("123456");
    request.groups = {DataGroup::GivenNames, DataGroup::PlaceOfResidence,
                      DataGroup::MunicipalityId};
    request.certificates.chain = {Bytes{0x7F, 0x21}, Bytes(700, 0xFF)};
    request.certificates.countrySigners = {Bytes{0x30}};
    request.now = fromIso("2026-11-21T09:41:00.123Z");
    request.purpose = IdentityPurpose::SetPin;
    request.can = Secret("500540");
    request.puk = Secret("9876543210");
    request.newPin = Secret("654321");
    request.entry = PasswordEntry::AtReader;
    request.triesTold = 2;
    request.bornUntil = localDateFromIso("2008-11-21");
    request.municipalityPrefix = "0276";
    request.sectorKey = {0x06, 0x00};
    request.revocationKey = {0x86};
    request.certificates.description = {0x30, 0x00};
    const auto read = identityRequestFromJson(*overTheWire(toJson(request)));
    BOOST_TEST((read.purpose == request.purpose));
    BOOST_TEST((read.can == request.can));
    BOOST_TEST((read.puk == request.puk));
    BOOST_TEST((read.newPin == request.newPin));
    BOOST_TEST((read.entry == request.entry));
    BOOST_TEST(read.triesTold == 2);
    BOOST_TEST((read.bornUntil == request.bornUntil));
    BOOST_TEST(read.municipalityPrefix == request.municipalityPrefix);
    BOOST_TEST((read.sectorKey == request.sectorKey));
    BOOST_TEST((read.revocationKey == request.revocationKey));
    BOOST_TEST((read.certificates.description == request.certificates.description));
    BOOST_TEST((read.pin == request.pin));
    BOOST_TEST((read.groups == request.groups));
    BOOST_TEST((read.certificates.chain == request.certificates.chain));
    BOOST_TEST((read.certificates.countrySigners == request.certificates.countrySigners));
    BOOST_TEST((read.now == request.now));
}

BOOST_AUTO_TEST_CASE(every_data_group_has_a_name_of_its_own)
{
    IdentityRequest request;
    for (const int group :
         {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 22})
        request.groups.insert(static_cast<DataGroup>(group));
    const auto read = identityRequestFromJson(*overTheWire(toJson(request)));
    BOOST_TEST((read.groups == request.groups));
}

BOOST_DATA_TEST_CASE(every_identity_outcome_arrives_as_it_was_sent,
                     data::xrange(identityOutcomes.size()), index)
{
    const auto& sent = identityOutcomes[index];
    const auto read = identityOutcomeFromJson(*overTheWire(toJson(sent)));
    BOOST_TEST(read.index() == sent.index());
    if (const auto* wrong = std::get_if<WrongPin>(&read))
        BOOST_TEST(wrong->triesLeft == 2);
    if (const auto* failed = std::get_if<DeviceFailed>(&read))
        BOOST_TEST((failed->code == ErrorCode::ReaderFailed));
    if (const auto* ready = std::get_if<ReaderReady>(&read))
        BOOST_TEST(ready->takesPassword == std::get<ReaderReady>(sent).takesPassword);
    if (const auto* whole = std::get_if<IdentityRead>(&read))
        BOOST_TEST((whole->data.reveal() == someData()));
}

BOOST_AUTO_TEST_CASE(what_a_card_answered_itself_arrives_as_it_was_sent)
{
    IdentityRead sent{Personal<IdentityData>(someData())};
    sent.password = CardPassword::Can;
    sent.oldEnough = false;
    sent.livesThere = true;
    sent.pseudonym = Personal(Bytes(32, 7));
    sent.revocationMark = Personal(Bytes(32, 8));
    const auto read = std::get<IdentityRead>(
        identityOutcomeFromJson(*overTheWire(toJson(IdentityOutcome(sent)))));
    BOOST_TEST((read.password == CardPassword::Can));
    BOOST_TEST((read.oldEnough == false));
    BOOST_TEST((read.livesThere == true));
    BOOST_TEST((read.pseudonym == sent.pseudonym));
    BOOST_TEST((read.revocationMark == sent.revocationMark));
}

BOOST_AUTO_TEST_CASE(a_card_on_the_block_list_is_revoked)
{
    const auto list = BlockList::parse("# sector 7\n\n0a0b\r\n0c0d\n");
    BOOST_TEST(list.size() == 2U);
    IdentityRead read;
    BOOST_TEST(std::holds_alternative<DeviceFailed>(judge(read, list))); // showed no mark
    read.revocationMark = Personal(Bytes{0x0A, 0x0C});
    BOOST_TEST(std::holds_alternative<IdentityRead>(judge(read, list)));
    read.revocationMark = Personal(Bytes{0x0C, 0x0D});
    BOOST_TEST(std::holds_alternative<CardRevoked>(judge(read, list)));
    BOOST_TEST(std::holds_alternative<WrongPin>(judge(WrongPin{2}, list)));
    BOOST_CHECK_THROW(BlockList::parse("0a0"), Error);
}

BOOST_AUTO_TEST_CASE(steps_and_evidence_are_named)
{
    for (const auto step :
         {IdentityStep::WaitingForCard, IdentityStep::CheckingPin, IdentityStep::EnteringAtReader,
          IdentityStep::ProvingTerminal, IdentityStep::CheckingCard, IdentityStep::Reading})
        BOOST_TEST((identityStepFromName(std::string(name(step))) == step));
    for (const auto evidence : {PaymentEvidence::Sent, PaymentEvidence::Accepted,
                                PaymentEvidence::Recorded, PaymentEvidence::Acknowledged})
        BOOST_TEST((paymentEvidenceFromName(std::string(name(evidence))) == evidence));
    BOOST_CHECK_THROW(identityStepFromName("Reading"), Error);
    BOOST_CHECK_THROW(paymentEvidenceFromName(""), Error);
}

BOOST_AUTO_TEST_CASE(a_payment_order_arrives_as_it_was_sent)
{
    PaymentOrder order{.id = "0193", .amount = Money::cents(3070), .lastReceipt = 41};
    auto read = paymentOrderFromJson(*overTheWire(toJson(order)));
    BOOST_TEST(read.id == order.id);
    BOOST_TEST((read.amount == order.amount));
    BOOST_TEST((read.lastReceipt == order.lastReceipt));
    order.lastReceipt.reset();
    read = paymentOrderFromJson(*overTheWire(toJson(order)));
    BOOST_TEST(!read.lastReceipt.has_value());
}

BOOST_DATA_TEST_CASE(every_payment_outcome_arrives_as_it_was_sent,
                     data::xrange(paymentOutcomes.size()), index)
{
    const auto& sent = paymentOutcomes[index];
    const auto read = paymentOutcomeFromJson(*overTheWire(toJson(sent)));
    BOOST_TEST(read.index() == sent.index());
    if (const auto* approved = std::get_if<PaymentApproved>(&read))
        BOOST_TEST((approved->record == someRecord(0)));
    if (const auto* declined = std::get_if<PaymentDeclined>(&read))
        BOOST_TEST((declined->record == someRecord(0x6C)));
    if (const auto* unresolved = std::get_if<PaymentUnresolved>(&read))
        BOOST_TEST(unresolved->reason == "line lost after 06 01");
    if (const auto* notStarted = std::get_if<PaymentNotStarted>(&read))
        BOOST_TEST((notStarted->code == ErrorCode::TerminalSpeaksOther));
}

BOOST_AUTO_TEST_CASE(a_record_without_an_amount_stays_without_one)
{
    auto record = someRecord(0);
    record.amount.reset();
    BOOST_TEST((terminalRecordFromJson(*overTheWire(toJson(record))) == record));
}

BOOST_AUTO_TEST_CASE(a_receipt_line_arrives_as_it_was_sent)
{
    const ReceiptLine line{
        .text = "Händlerbeleg 30,70 €", .centred = true, .high = true, .merchant = true};
    BOOST_TEST((receiptLineFromJson(*overTheWire(toJson(line))) == line));
}

BOOST_AUTO_TEST_CASE(a_print_job_arrives_as_it_was_sent)
{
    const PrintJob job{
        .id = "0193",
        .elements = {PrintText{.text = "Stadt Soest", .centred = true, .large = true},
                     PrintPair{.left = "Gebühr", .right = "30,70 €", .bold = true}, PrintRule{},
                     PrintQr{"https://example.org/?a=1"}}};
    const auto read = printJobFromJson(*overTheWire(toJson(job)));
    BOOST_TEST(read.id == job.id);
    BOOST_TEST(json::write(*toJson(read)) == json::write(*toJson(job)));
    BOOST_TEST(std::get<PrintText>(read.elements.at(0)).large);
    BOOST_TEST(std::get<PrintPair>(read.elements.at(1)).right == "30,70 €");
    BOOST_TEST(std::get<PrintQr>(read.elements.at(3)).content == "https://example.org/?a=1");
}

BOOST_DATA_TEST_CASE(every_print_outcome_arrives_as_it_was_sent, data::xrange(printOutcomes.size()),
                     index)
{
    const auto read = printOutcomeFromJson(*overTheWire(toJson(printOutcomes[index])));
    BOOST_TEST(read.index() == printOutcomes[index].index());
}

BOOST_AUTO_TEST_CASE(a_printer_state_arrives_as_it_was_sent)
{
    const auto read = printerStateFromJson(
        *overTheWire(toJson(PrinterState{.present = true, .coverOpen = true})));
    BOOST_TEST(read.present);
    BOOST_TEST(read.coverOpen);
    BOOST_TEST(!read.paperOut);
    BOOST_TEST(!read.paperNearEnd);
}

BOOST_DATA_TEST_CASE(every_scan_outcome_arrives_as_it_was_sent, data::xrange(scanOutcomes.size()),
                     index)
{
    const auto& sent = scanOutcomes[index];
    const auto read = scanOutcomeFromJson(*overTheWire(toJson(sent)));
    BOOST_TEST(read.index() == sent.index());
    if (const auto* scanned = std::get_if<CodeScanned>(&sent))
        BOOST_TEST(std::get<CodeScanned>(read).code.reveal() == scanned->code.reveal());
}

BOOST_AUTO_TEST_CASE(a_code_that_is_longer_than_any_is_refused)
{
    const auto longer = toJson(CodeScanned{Personal(std::string(scannedCodeMax + 1, 'A'))});
    BOOST_CHECK_EXCEPTION(scanOutcomeFromJson(*longer), Error,
                          [](const Error& e) { return e.errorCode() == ErrorCode::JsonMalformed; });
}

BOOST_AUTO_TEST_CASE(a_sentence_and_its_sound_arrive_as_they_were_sent)
{
    const auto utterance =
        utteranceFromJson(*overTheWire(toJson(Utterance{"de", "Nummer B 47, Zimmer „Größe“"})));
    BOOST_TEST(utterance.language == "de");
    BOOST_TEST(utterance.text == "Nummer B 47, Zimmer „Größe“");
    const Bytes sound = {'O', 'g', 'g', 'S', 0, 255};
    BOOST_TEST(
        (std::get<Speech>(speechOutcomeFromJson(*overTheWire(toJson(Speech{sound})))).sound ==
         sound));
    BOOST_TEST(std::holds_alternative<NoVoice>(
        speechOutcomeFromJson(*overTheWire(toJson(SpeechOutcome(NoVoice{}))))));
    const auto failed = speechOutcomeFromJson(
        *overTheWire(toJson(SpeechOutcome(DeviceFailed{ErrorCode::BrokerGone}))));
    BOOST_TEST((std::get<DeviceFailed>(failed).code == ErrorCode::BrokerGone));
}

BOOST_DATA_TEST_CASE(what_is_not_exactly_right_is_refused, data::make(refusals), refusal)
{
    const auto object = json::parseObject(refusal.text);
    BOOST_CHECK_EXCEPTION(refusal.read(*object), Error,
                          [](const Error& e) { return e.errorCode() == ErrorCode::JsonMalformed; });
}

BOOST_AUTO_TEST_SUITE_END()

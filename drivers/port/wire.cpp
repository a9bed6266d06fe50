// SPDX-License-Identifier: EUPL-1.2
//
// How requests, outcomes and evidence of the device ports look as JSON
// (drivers/broker/PROTOCOL.md). Read strictly.
#include "appliance/core/overloaded.h"
#include "drivers/port/identity.h"
#include "drivers/port/payment.h"
#include "drivers/port/printing.h"
#include "drivers/port/scanning.h"
#include "drivers/port/speech.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace amt {
namespace {

[[noreturn]] void malformed(const char* what)
{
    throw Error(ErrorCode::JsonMalformed, what);
}

int number(const json::Object& object, const std::string& key, int least = 0,
           int most = std::numeric_limits<int>::max())
{
    const auto value = json::integer(object, key);
    if (value < least || value > most)
        malformed("a number out of its range");
    return static_cast<int>(value);
}

Bytes fromText(const std::string& base64Url)
{
    try {
        return fromBase64Url(base64Url);
    } catch (const Error&) {
        malformed("not base64url");
    }
}

LocalDate dayFrom(const std::string& text)
{
    try {
        return localDateFromIso(text);
    } catch (const Error&) {
        malformed("not a day");
    }
}

std::vector<Bytes> byteStrings(const json::Object& object, const std::string& key)
{
    std::vector<Bytes> all;
    for (const auto& text : json::texts(object, key))
        all.push_back(fromText(text));
    return all;
}

json::ArrayPtr base64Urls(const std::vector<Bytes>& all)
{
    auto array = json::makeArray();
    for (const auto& bytes : all)
        array->add(toBase64Url(bytes));
    return array;
}

json::ObjectPtr elementOf(const Poco::Dynamic::Var& entry)
{
    if (entry.type() != typeid(json::ObjectPtr))
        malformed("an array of objects expected");
    return entry.extract<json::ObjectPtr>();
}

ErrorCode errorCodeFromName(const std::string& text)
{
    for (const ErrorCode code : allErrorCodes()) {
        if (name(code) == text)
            return code;
    }
    malformed("unknown error code");
}

/// The plain outcome with nothing but its name.
json::ObjectPtr outcomeObject(const char* name)
{
    auto object = json::makeObject();
    object->set("outcome", name);
    return object;
}

json::ObjectPtr deviceFailedObject(const DeviceFailed& failed)
{
    auto object = outcomeObject("deviceFailed");
    object->set("code", std::string(name(failed.code)));
    return object;
}

DeviceFailed deviceFailedFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"outcome", "code"});
    return {errorCodeFromName(json::text(object, "code"))};
}

constexpr std::pair<DataGroup, const char*> dataGroups[] = {
    {DataGroup::DocumentType, "documentType"},
    {DataGroup::IssuingState, "issuingState"},
    {DataGroup::DateOfExpiry, "dateOfExpiry"},
    {DataGroup::GivenNames, "givenNames"},
    {DataGroup::FamilyNames, "familyNames"},
    {DataGroup::ArtisticName, "artisticName"},
    {DataGroup::AcademicTitle, "academicTitle"},
    {DataGroup::DateOfBirth, "dateOfBirth"},
    {DataGroup::PlaceOfBirth, "placeOfBirth"},
    {DataGroup::Nationality, "nationality"},
    {DataGroup::Sex, "sex"},
    {DataGroup::OptionalData, "optionalData"},
    {DataGroup::BirthName, "birthName"},
    {DataGroup::WrittenSignature, "writtenSignature"},
    {DataGroup::DateOfIssuance, "dateOfIssuance"},
    {DataGroup::PlaceOfResidence, "placeOfResidence"},
    {DataGroup::MunicipalityId, "municipalityId"},
    {DataGroup::ResidencePermit1, "residencePermit1"},
    {DataGroup::ResidencePermit2, "residencePermit2"},
    {DataGroup::PhoneNumber, "phoneNumber"},
    {DataGroup::EmailAddress, "emailAddress"},
};

DataGroup dataGroupFromName(const std::string& text)
{
    for (const auto& [group, groupName] : dataGroups) {
        if (text == groupName)
            return group;
    }
    malformed("unknown data group");
}

constexpr std::pair<const char*, std::string IdentityData::*> identityTexts[] = {
    {"documentType", &IdentityData::documentType},
    {"givenNames", &IdentityData::givenNames},
    {"familyNames", &IdentityData::familyNames},
    {"artisticName", &IdentityData::artisticName},
    {"academicTitle", &IdentityData::academicTitle},
    {"birthName", &IdentityData::birthName},
    {"dateOfBirth", &IdentityData::dateOfBirth},
    {"dateOfExpiry", &IdentityData::dateOfExpiry},
    {"nationality", &IdentityData::nationality},
    {"sex", &IdentityData::sex},
    {"issuingState", &IdentityData::issuingState},
    {"dateOfIssuance", &IdentityData::dateOfIssuance},
    {"municipalityId", &IdentityData::municipalityId},
    {"residencePermit1", &IdentityData::residencePermit1},
    {"residencePermit2", &IdentityData::residencePermit2},
    {"phoneNumber", &IdentityData::phoneNumber},
    {"emailAddress", &IdentityData::emailAddress},
};

constexpr std::pair<const char*, std::string GeneralPlace::*> placeTexts[] = {
    {"street", &GeneralPlace::street},         {"city", &GeneralPlace::city},
    {"state", &GeneralPlace::state},           {"country", &GeneralPlace::country},
    {"postalCode", &GeneralPlace::postalCode}, {"freeText", &GeneralPlace::freeText},
    {"noPlace", &GeneralPlace::noPlace},
};

json::ObjectPtr toJson(const GeneralPlace& place)
{
    auto object = json::makeObject();
    for (const auto& [key, member] : placeTexts)
        object->set(key, place.*member);
    return object;
}

GeneralPlace placeFromJson(const json::Object& object)
{
    json::onlyKeys(object,
                   {"street", "city", "state", "country", "postalCode", "freeText", "noPlace"});
    GeneralPlace place;
    for (const auto& [key, member] : placeTexts)
        place.*member = json::text(object, key);
    return place;
}

constexpr std::pair<IdentityStep, std::string_view> identitySteps[] = {
    {IdentityStep::WaitingForCard, "waitingForCard"},
    {IdentityStep::CheckingPin, "checkingPin"},
    {IdentityStep::EnteringAtReader, "enteringAtReader"},
    {IdentityStep::ProvingTerminal, "provingTerminal"},
    {IdentityStep::CheckingCard, "checkingCard"},
    {IdentityStep::Reading, "reading"},
};

constexpr std::pair<IdentityPurpose, std::string_view> identityPurposes[] = {
    {IdentityPurpose::Read, "read"},
    {IdentityPurpose::Look, "look"},
    {IdentityPurpose::ChangePin, "changePin"},
    {IdentityPurpose::ResumePin, "resumePin"},
    {IdentityPurpose::UnblockPin, "unblockPin"},
    {IdentityPurpose::SetPin, "setPin"},
    {IdentityPurpose::LookAtReader, "lookAtReader"},
};

constexpr std::pair<PasswordEntry, std::string_view> passwordEntries[] = {
    {PasswordEntry::Given, "given"}, {PasswordEntry::AtReader, "atReader"}};

constexpr std::pair<CardPassword, std::string_view> cardPasswords[] = {
    {CardPassword::Pin, "pin"}, {CardPassword::Can, "can"}, {CardPassword::Puk, "puk"}};

template <typename Value, std::size_t rows>
std::string nameIn(const std::pair<Value, std::string_view> (&table)[rows], Value value)
{
    for (const auto& [known, text] : table) {
        if (known == value)
            return std::string(text);
    }
    AMT_ASSERT(false);
}

template <typename Value, std::size_t rows>
Value valueIn(const std::pair<Value, std::string_view> (&table)[rows], const std::string& text)
{
    for (const auto& [value, known] : table) {
        if (known == text)
            return value;
    }
    malformed("unknown name");
}

// Keys that are left out where there is nothing to say.

void setSecret(json::Object& object, const char* key, const Secret& secret)
{
    if (!secret.empty())
        object.set(key, std::string(secret.revealText()));
}

Secret secretOrNone(const json::Object& object, const char* key)
{
    if (!object.has(key))
        return {};
    auto text = json::text(object, key);
    Secret secret(text);
    wipe(text);
    return secret;
}

void setBytes(json::Object& object, const char* key, ByteView bytes)
{
    if (!bytes.empty())
        object.set(key, toBase64Url(bytes));
}

Bytes bytesOrNone(const json::Object& object, const char* key)
{
    return object.has(key) ? fromText(json::text(object, key)) : Bytes{};
}

constexpr std::pair<PaymentEvidence, std::string_view> paymentEvidences[] = {
    {PaymentEvidence::Sent, "sent"},
    {PaymentEvidence::Accepted, "accepted"},
    {PaymentEvidence::Recorded, "recorded"},
    {PaymentEvidence::Acknowledged, "acknowledged"},
};

/// Reads an outcome that is nothing but its name; false when `outcome` is another one.
template <typename Outcome, typename Variant>
bool isPlain(const json::Object& object, const std::string& outcome, const char* expected,
             Variant& found)
{
    if (outcome != expected)
        return false;
    json::onlyKeys(object, {"outcome"});
    found = Outcome{};
    return true;
}

} // namespace

// Identity

json::ObjectPtr toJson(const IdentityRequest& request)
{
    auto groups = json::makeArray();
    for (const DataGroup wanted : request.groups) {
        for (const auto& [group, groupName] : dataGroups) {
            if (group == wanted)
                groups->add(std::string(groupName));
        }
    }
    auto object = json::makeObject();
    object->set("pin", std::string(request.pin.revealText()));
    object->set("groups", groups);
    object->set("chain", base64Urls(request.certificates.chain));
    object->set("countrySigners", base64Urls(request.certificates.countrySigners));
    object->set("now", toMilliseconds(request.now));
    if (request.purpose != IdentityPurpose::Read)
        object->set("purpose", nameIn(identityPurposes, request.purpose));
    setSecret(*object, "can", request.can);
    setSecret(*object, "puk", request.puk);
    setSecret(*object, "newPin", request.newPin);
    if (request.entry != PasswordEntry::Given)
        object->set("entry", nameIn(passwordEntries, request.entry));
    if (request.triesTold != 0)
        object->set("triesTold", request.triesTold);
    if (request.bornUntil)
        object->set("bornUntil", toIso(*request.bornUntil));
    if (!request.municipalityPrefix.empty())
        object->set("municipalityPrefix", request.municipalityPrefix);
    setBytes(*object, "sectorKey", request.sectorKey);
    setBytes(*object, "revocationKey", request.revocationKey);
    setBytes(*object, "certificateDescription", request.certificates.description);
    return object;
}

IdentityRequest identityRequestFromJson(const json::Object& object)
{
    json::onlyKeys(object,
                   {"pin", "groups", "chain", "countrySigners", "now", "purpose", "can", "puk",
                    "newPin", "entry", "triesTold", "bornUntil", "municipalityPrefix", "sectorKey",
                    "revocationKey", "certificateDescription"});
    IdentityRequest request;
    auto pin = json::text(object, "pin");
    request.pin = Secret(pin);
    wipe(pin);
    if (object.has("purpose"))
        request.purpose = valueIn(identityPurposes, json::text(object, "purpose"));
    request.can = secretOrNone(object, "can");
    request.puk = secretOrNone(object, "puk");
    request.newPin = secretOrNone(object, "newPin");
    if (object.has("entry"))
        request.entry = valueIn(passwordEntries, json::text(object, "entry"));
    if (object.has("triesTold"))
        request.triesTold = number(object, "triesTold", 1, 3);
    if (object.has("bornUntil"))
        request.bornUntil = dayFrom(json::text(object, "bornUntil"));
    if (object.has("municipalityPrefix"))
        request.municipalityPrefix = json::text(object, "municipalityPrefix");
    request.sectorKey = bytesOrNone(object, "sectorKey");
    request.revocationKey = bytesOrNone(object, "revocationKey");
    request.certificates.description = bytesOrNone(object, "certificateDescription");
    for (const auto& groupName : json::texts(object, "groups")) {
        if (!request.groups.insert(dataGroupFromName(groupName)).second)
            malformed("doubled data group");
    }
    request.certificates.chain = byteStrings(object, "chain");
    request.certificates.countrySigners = byteStrings(object, "countrySigners");
    request.now = fromMilliseconds(json::integer(object, "now"));
    return request;
}

json::ObjectPtr toJson(const IdentityData& data)
{
    auto object = json::makeObject();
    for (const auto& [key, member] : identityTexts)
        object->set(key, data.*member);
    object->set("placeOfBirth", toJson(data.placeOfBirth));
    object->set("placeOfResidence", toJson(data.placeOfResidence));
    setBytes(*object, "writtenSignature", data.writtenSignature);
    setBytes(*object, "optionalData", data.optionalData);
    return object;
}

IdentityData identityDataFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"documentType",     "givenNames",
                            "familyNames",      "artisticName",
                            "academicTitle",    "birthName",
                            "dateOfBirth",      "dateOfExpiry",
                            "nationality",      "sex",
                            "issuingState",     "dateOfIssuance",
                            "municipalityId",   "residencePermit1",
                            "residencePermit2", "placeOfBirth",
                            "placeOfResidence", "phoneNumber",
                            "emailAddress",     "writtenSignature",
                            "optionalData"});
    IdentityData data;
    for (const auto& [key, member] : identityTexts)
        data.*member = json::text(object, key);
    data.placeOfBirth = placeFromJson(*json::object(object, "placeOfBirth"));
    data.placeOfResidence = placeFromJson(*json::object(object, "placeOfResidence"));
    data.writtenSignature = bytesOrNone(object, "writtenSignature");
    data.optionalData = bytesOrNone(object, "optionalData");
    return data;
}

json::ObjectPtr toJson(const IdentityOutcome& outcome)
{
    return std::visit(
        Overloaded{
            [](const IdentityRead& read) {
                auto object = outcomeObject("read");
                object->set("data", toJson(read.data.reveal()));
                object->set("password", nameIn(cardPasswords, read.password));
                if (read.oldEnough)
                    object->set("oldEnough", *read.oldEnough);
                if (read.livesThere)
                    object->set("livesThere", *read.livesThere);
                setBytes(*object, "pseudonym", read.pseudonym.reveal());
                setBytes(*object, "revocationMark", read.revocationMark.reveal());
                return object;
            },
            [](const WrongPin& wrong) {
                auto object = outcomeObject("wrongPin");
                object->set("triesLeft", wrong.triesLeft);
                return object;
            },
            [](const PinSuspended&) { return outcomeObject("pinSuspended"); },
            [](const PinBlocked&) { return outcomeObject("pinBlocked"); },
            [](const PinNotActivated&) { return outcomeObject("pinNotActivated"); },
            [](const CardRemoved&) { return outcomeObject("cardRemoved"); },
            [](const NoCard&) { return outcomeObject("noCard"); },
            [](const NoReader&) { return outcomeObject("noReader"); },
            [](const NotAnIdentityCard&) { return outcomeObject("notAnIdentityCard"); },
            [](const CardExpired&) { return outcomeObject("cardExpired"); },
            [](const CardNotGenuine&) { return outcomeObject("cardNotGenuine"); },
            [](const ReadCancelled&) { return outcomeObject("readCancelled"); },
            [](const DeviceFailed& failed) { return deviceFailedObject(failed); },
            [](const TransportPin&) { return outcomeObject("transportPin"); },
            [](const PinReady& ready) {
                auto object = outcomeObject("pinReady");
                object->set("triesLeft", ready.triesLeft);
                return object;
            },
            [](const WrongCan&) { return outcomeObject("wrongCan"); },
            [](const WrongPuk&) { return outcomeObject("wrongPuk"); },
            [](const PukUsedUp&) { return outcomeObject("pukUsedUp"); },
            [](const PinManaged&) { return outcomeObject("pinManaged"); },
            [](const CardRevoked&) { return outcomeObject("cardRevoked"); },
            [](const ReaderReady& ready) {
                auto object = outcomeObject("readerReady");
                object->set("takesPassword", ready.takesPassword);
                return object;
            },
        },
        outcome);
}

IdentityOutcome identityOutcomeFromJson(const json::Object& object)
{
    const auto outcome = json::text(object, "outcome");
    if (outcome == "read") {
        json::onlyKeys(object, {"outcome", "data", "password", "oldEnough", "livesThere",
                                "pseudonym", "revocationMark"});
        IdentityRead read;
        read.data = Personal(identityDataFromJson(*json::object(object, "data")));
        read.password = valueIn(cardPasswords, json::text(object, "password"));
        if (object.has("oldEnough"))
            read.oldEnough = json::boolean(object, "oldEnough");
        if (object.has("livesThere"))
            read.livesThere = json::boolean(object, "livesThere");
        read.pseudonym = Personal(bytesOrNone(object, "pseudonym"));
        read.revocationMark = Personal(bytesOrNone(object, "revocationMark"));
        return read;
    }
    if (outcome == "pinReady") {
        json::onlyKeys(object, {"outcome", "triesLeft"});
        return PinReady{number(object, "triesLeft", 2, 3)};
    }
    if (outcome == "readerReady") {
        json::onlyKeys(object, {"outcome", "takesPassword"});
        return ReaderReady{json::boolean(object, "takesPassword")};
    }
    if (outcome == "wrongPin") {
        json::onlyKeys(object, {"outcome", "triesLeft"});
        return WrongPin{number(object, "triesLeft", 0, 3)};
    }
    if (outcome == "deviceFailed")
        return deviceFailedFromJson(object);
    IdentityOutcome found;
    if (isPlain<PinSuspended>(object, outcome, "pinSuspended", found) ||
        isPlain<PinBlocked>(object, outcome, "pinBlocked", found) ||
        isPlain<PinNotActivated>(object, outcome, "pinNotActivated", found) ||
        isPlain<CardRemoved>(object, outcome, "cardRemoved", found) ||
        isPlain<NoCard>(object, outcome, "noCard", found) ||
        isPlain<NoReader>(object, outcome, "noReader", found) ||
        isPlain<NotAnIdentityCard>(object, outcome, "notAnIdentityCard", found) ||
        isPlain<CardExpired>(object, outcome, "cardExpired", found) ||
        isPlain<CardNotGenuine>(object, outcome, "cardNotGenuine", found) ||
        isPlain<ReadCancelled>(object, outcome, "readCancelled", found) ||
        isPlain<TransportPin>(object, outcome, "transportPin", found) ||
        isPlain<WrongCan>(object, outcome, "wrongCan", found) ||
        isPlain<WrongPuk>(object, outcome, "wrongPuk", found) ||
        isPlain<PukUsedUp>(object, outcome, "pukUsedUp", found) ||
        isPlain<PinManaged>(object, outcome, "pinManaged", found) ||
        isPlain<CardRevoked>(object, outcome, "cardRevoked", found))
        return found;
    malformed("unknown outcome");
}

std::string_view name(IdentityStep step)
{
    for (const auto& [known, text] : identitySteps) {
        if (known == step)
            return text;
    }
    AMT_ASSERT(false);
}

IdentityStep identityStepFromName(const std::string& text)
{
    for (const auto& [step, known] : identitySteps) {
        if (known == text)
            return step;
    }
    malformed("unknown step");
}

// Payment

json::ObjectPtr toJson(const PaymentOrder& order)
{
    auto object = json::makeObject();
    object->set("id", order.id);
    object->set("cents", order.amount.inCents());
    if (order.lastReceipt)
        object->set("lastReceipt", *order.lastReceipt);
    return object;
}

PaymentOrder paymentOrderFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"id", "cents", "lastReceipt"});
    PaymentOrder order;
    order.id = json::text(object, "id");
    order.amount = Money::cents(json::integer(object, "cents"));
    if (object.has("lastReceipt"))
        order.lastReceipt = number(object, "lastReceipt");
    return order;
}

json::ObjectPtr toJson(const TerminalRecord& record)
{
    auto object = json::makeObject();
    object->set("result", record.result);
    if (record.amount)
        object->set("cents", record.amount->inCents());
    object->set("currency", record.currency);
    object->set("trace", record.trace);
    object->set("receipt", record.receipt);
    object->set("originalTrace", record.originalTrace);
    object->set("terminalId", record.terminalId);
    object->set("date", record.date);
    object->set("time", record.time);
    object->set("cardName", record.cardName);
    object->set("cardType", record.cardType);
    object->set("cardDigits", record.cardDigits);
    object->set("additionalText", record.additionalText);
    return object;
}

TerminalRecord terminalRecordFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"result", "cents", "currency", "trace", "receipt", "originalTrace",
                            "terminalId", "date", "time", "cardName", "cardType", "cardDigits",
                            "additionalText"});
    TerminalRecord record;
    record.result = number(object, "result", 0, 255);
    if (object.has("cents"))
        record.amount = Money::cents(json::integer(object, "cents"));
    record.currency = number(object, "currency", 0, 9999);
    record.trace = number(object, "trace");
    record.receipt = number(object, "receipt");
    record.originalTrace = number(object, "originalTrace");
    record.terminalId = json::text(object, "terminalId");
    record.date = json::text(object, "date");
    record.time = json::text(object, "time");
    record.cardName = json::text(object, "cardName");
    record.cardType = number(object, "cardType");
    record.cardDigits = json::text(object, "cardDigits");
    if (record.cardDigits.size() > 4)
        malformed("more of the card number than may be kept");
    record.additionalText = json::text(object, "additionalText");
    return record;
}

json::ObjectPtr toJson(const PaymentOutcome& outcome)
{
    return std::visit(Overloaded{
                          [](const PaymentApproved& approved) {
                              auto object = outcomeObject("approved");
                              object->set("record", toJson(approved.record));
                              return object;
                          },
                          [](const PaymentDeclined& declined) {
                              auto object = outcomeObject("declined");
                              object->set("record", toJson(declined.record));
                              return object;
                          },
                          [](const PaymentUnresolved& unresolved) {
                              auto object = outcomeObject("unresolved");
                              object->set("reason", unresolved.reason);
                              return object;
                          },
                          [](const PaymentNotStarted& notStarted) {
                              auto object = outcomeObject("notStarted");
                              object->set("code", std::string(name(notStarted.code)));
                              return object;
                          },
                      },
                      outcome);
}

PaymentOutcome paymentOutcomeFromJson(const json::Object& object)
{
    const auto outcome = json::text(object, "outcome");
    if (outcome == "approved") {
        json::onlyKeys(object, {"outcome", "record"});
        auto record = terminalRecordFromJson(*json::object(object, "record"));
        if (record.result != 0)
            malformed("approved, but the terminal's result says otherwise");
        return PaymentApproved{std::move(record)};
    }
    if (outcome == "declined") {
        json::onlyKeys(object, {"outcome", "record"});
        auto record = terminalRecordFromJson(*json::object(object, "record"));
        if (record.result == 0)
            malformed("declined, but the terminal's result says otherwise");
        return PaymentDeclined{std::move(record)};
    }
    if (outcome == "unresolved") {
        json::onlyKeys(object, {"outcome", "reason"});
        return PaymentUnresolved{json::text(object, "reason")};
    }
    if (outcome == "notStarted") {
        json::onlyKeys(object, {"outcome", "code"});
        return PaymentNotStarted{errorCodeFromName(json::text(object, "code"))};
    }
    malformed("unknown outcome");
}

json::ObjectPtr toJson(const ReceiptLine& line)
{
    auto object = json::makeObject();
    object->set("text", line.text);
    object->set("centred", line.centred);
    object->set("wide", line.wide);
    object->set("high", line.high);
    object->set("merchant", line.merchant);
    return object;
}

ReceiptLine receiptLineFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"text", "centred", "wide", "high", "merchant"});
    return {.text = json::text(object, "text"),
            .centred = json::boolean(object, "centred"),
            .wide = json::boolean(object, "wide"),
            .high = json::boolean(object, "high"),
            .merchant = json::boolean(object, "merchant")};
}

std::string_view name(PaymentEvidence evidence)
{
    for (const auto& [known, text] : paymentEvidences) {
        if (known == evidence)
            return text;
    }
    AMT_ASSERT(false);
}

PaymentEvidence paymentEvidenceFromName(const std::string& text)
{
    for (const auto& [evidence, known] : paymentEvidences) {
        if (known == text)
            return evidence;
    }
    malformed("unknown evidence");
}

// Printing

json::ObjectPtr toJson(const PrintJob& job)
{
    auto elements = json::makeArray();
    for (const auto& element : job.elements) {
        auto object = json::makeObject();
        std::visit(Overloaded{
                       [&](const PrintText& text) {
                           object->set("kind", "text");
                           object->set("text", text.text);
                           object->set("centred", text.centred);
                           object->set("bold", text.bold);
                           object->set("large", text.large);
                           object->set("huge", text.huge);
                       },
                       [&](const PrintPair& pair) {
                           object->set("kind", "pair");
                           object->set("left", pair.left);
                           object->set("right", pair.right);
                           object->set("bold", pair.bold);
                       },
                       [&](const PrintRule&) { object->set("kind", "rule"); },
                       [&](const PrintQr& code) {
                           object->set("kind", "qr");
                           object->set("content", code.content);
                       },
                   },
                   element);
        elements->add(object);
    }
    auto object = json::makeObject();
    object->set("id", job.id);
    object->set("elements", elements);
    return object;
}

PrintJob printJobFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"id", "elements"});
    PrintJob job;
    job.id = json::text(object, "id");
    for (const auto& entry : *json::array(object, "elements")) {
        const auto element = elementOf(entry);
        const auto kind = json::text(*element, "kind");
        if (kind == "text") {
            json::onlyKeys(*element, {"kind", "text", "centred", "bold", "large", "huge"});
            job.elements.emplace_back(PrintText{.text = json::text(*element, "text"),
                                                .centred = json::boolean(*element, "centred"),
                                                .bold = json::boolean(*element, "bold"),
                                                .large = json::boolean(*element, "large"),
                                                .huge = json::boolean(*element, "huge")});
        } else if (kind == "pair") {
            json::onlyKeys(*element, {"kind", "left", "right", "bold"});
            job.elements.emplace_back(PrintPair{.left = json::text(*element, "left"),
                                                .right = json::text(*element, "right"),
                                                .bold = json::boolean(*element, "bold")});
        } else if (kind == "rule") {
            json::onlyKeys(*element, {"kind"});
            job.elements.emplace_back(PrintRule{});
        } else if (kind == "qr") {
            json::onlyKeys(*element, {"kind", "content"});
            job.elements.emplace_back(PrintQr{json::text(*element, "content")});
        } else {
            malformed("unknown element");
        }
    }
    return job;
}

json::ObjectPtr toJson(const PrintOutcome& outcome)
{
    return std::visit(Overloaded{
                          [](const Printed&) { return outcomeObject("printed"); },
                          [](const PaperOut&) { return outcomeObject("paperOut"); },
                          [](const CoverOpen&) { return outcomeObject("coverOpen"); },
                          [](const NoPrinter&) { return outcomeObject("noPrinter"); },
                          [](const PrintInterrupted&) { return outcomeObject("interrupted"); },
                          [](const DeviceFailed& failed) { return deviceFailedObject(failed); },
                      },
                      outcome);
}

PrintOutcome printOutcomeFromJson(const json::Object& object)
{
    const auto outcome = json::text(object, "outcome");
    if (outcome == "deviceFailed")
        return deviceFailedFromJson(object);
    PrintOutcome found;
    if (isPlain<Printed>(object, outcome, "printed", found) ||
        isPlain<PaperOut>(object, outcome, "paperOut", found) ||
        isPlain<CoverOpen>(object, outcome, "coverOpen", found) ||
        isPlain<NoPrinter>(object, outcome, "noPrinter", found) ||
        isPlain<PrintInterrupted>(object, outcome, "interrupted", found))
        return found;
    malformed("unknown outcome");
}

json::ObjectPtr toJson(const PrinterState& state)
{
    auto object = json::makeObject();
    object->set("present", state.present);
    object->set("paperOut", state.paperOut);
    object->set("paperNearEnd", state.paperNearEnd);
    object->set("coverOpen", state.coverOpen);
    return object;
}

PrinterState printerStateFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"present", "paperOut", "paperNearEnd", "coverOpen"});
    return {.present = json::boolean(object, "present"),
            .paperOut = json::boolean(object, "paperOut"),
            .paperNearEnd = json::boolean(object, "paperNearEnd"),
            .coverOpen = json::boolean(object, "coverOpen")};
}

// Scanning

json::ObjectPtr toJson(const ScanOutcome& outcome)
{
    return std::visit(Overloaded{
                          [](const CodeScanned& scanned) {
                              auto object = outcomeObject("scanned");
                              object->set("code", scanned.code.reveal());
                              return object;
                          },
                          [](const CodeUnreadable&) { return outcomeObject("unreadable"); },
                          [](const NoScanner&) { return outcomeObject("noScanner"); },
                          [](const ScanCancelled&) { return outcomeObject("cancelled"); },
                          [](const DeviceFailed& failed) { return deviceFailedObject(failed); },
                      },
                      outcome);
}

ScanOutcome scanOutcomeFromJson(const json::Object& object)
{
    const auto outcome = json::text(object, "outcome");
    if (outcome == "deviceFailed")
        return deviceFailedFromJson(object);
    if (outcome == "scanned") {
        json::onlyKeys(object, {"outcome", "code"});
        auto code = json::text(object, "code");
        const bool isPrintable =
            std::ranges::all_of(code, [](char each) { return each >= ' ' && each <= '~'; });
        if (code.empty() || code.size() > scannedCodeMax || !isPrintable)
            malformed("no code of a scanner");
        return CodeScanned{Personal(std::move(code))};
    }
    ScanOutcome found;
    if (isPlain<CodeUnreadable>(object, outcome, "unreadable", found) ||
        isPlain<NoScanner>(object, outcome, "noScanner", found) ||
        isPlain<ScanCancelled>(object, outcome, "cancelled", found))
        return found;
    malformed("unknown outcome");
}

// Speech

json::ObjectPtr toJson(const Utterance& utterance)
{
    auto object = json::makeObject();
    object->set("language", utterance.language);
    object->set("text", utterance.text);
    return object;
}

Utterance utteranceFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"language", "text"});
    Utterance utterance{json::text(object, "language"), json::text(object, "text")};
    constexpr std::size_t languageMax = 8;
    const bool isPlainText = std::ranges::none_of(
        utterance.text, [](char each) { return static_cast<unsigned char>(each) < ' '; });
    if (utterance.language.size() > languageMax || utterance.text.empty() ||
        utterance.text.size() > utteranceMax || !isPlainText)
        malformed("no sentence to speak");
    return utterance;
}

json::ObjectPtr toJson(const SpeechOutcome& outcome)
{
    return std::visit(Overloaded{
                          [](const Speech& speech) {
                              auto object = outcomeObject("speech");
                              object->set("sound", toBase64Url(speech.sound));
                              return object;
                          },
                          [](const NoVoice&) { return outcomeObject("noVoice"); },
                          [](const DeviceFailed& failed) { return deviceFailedObject(failed); },
                      },
                      outcome);
}

SpeechOutcome speechOutcomeFromJson(const json::Object& object)
{
    const auto outcome = json::text(object, "outcome");
    if (outcome == "deviceFailed")
        return deviceFailedFromJson(object);
    if (outcome == "speech") {
        json::onlyKeys(object, {"outcome", "sound"});
        auto sound = json::bytes(object, "sound");
        if (sound.empty() || sound.size() > soundMax)
            malformed("a sound that is none, or too long");
        return Speech{std::move(sound)};
    }
    SpeechOutcome found;
    if (isPlain<NoVoice>(object, outcome, "noVoice", found))
        return found;
    malformed("unknown outcome");
}

} // namespace amt

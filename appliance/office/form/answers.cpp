// SPDX-License-Identifier: EUPL-1.2
//
// Field by field: what is posted belongs to this step and was not given by the card; each kind has
// its rule.
#include "appliance/office/form/answers.h"

#include "appliance/core/error.h"
#include "appliance/office/form/text_rules.h"

#include <algorithm>

namespace amt::office {

namespace {

struct Judged {
    std::string value;
    std::string errorKey, detail; ///< errorKey empty: fine
};

Judged good(std::string value)
{
    return {.value = std::move(value), .errorKey = {}, .detail = {}};
}

Judged bad(std::string value, std::string errorKey, std::string detail = {})
{
    return {
        .value = std::move(value), .errorKey = std::move(errorKey), .detail = std::move(detail)};
}

Judged judgeText(const Field& field, std::string value, CharacterSet set)
{
    if (charactersIn(value) > field.charactersMax)
        return bad(std::move(value), "form.error.tooLong");
    if (auto character = offending(value, set))
        return bad(std::move(value), "form.error.character", std::move(*character));
    return good(std::move(value));
}

Judged judgeDate(std::string value)
{
    const auto day = typedDay(value);
    if (!day)
        return bad(std::move(value), "form.error.date");
    return good(toIso(*day));
}

/// A value that the card gave for a day may lack parts ("1964"): only the typed ones are judged as
/// days.
Judged judge(const Field& field, const Answer& answer)
{
    std::string value = tidied(answer.value);
    if (value.empty()) {
        if (field.optional)
            return good({});
        return bad({}, "form.error.missing");
    }
    switch (field.kind) {
    case FieldKind::Name:
        return judgeText(field, std::move(value), CharacterSet::NamesA);
    case FieldKind::Text:
        return judgeText(field, std::move(value), CharacterSet::TextB);
    case FieldKind::PostalCode:
        if (value.size() != 5 || value.find_first_not_of("0123456789") != std::string::npos)
            return bad(std::move(value), "form.error.postalCode");
        return good(std::move(value));
    case FieldKind::Date:
        return answer.origin == Origin::Card ? good(std::move(value)) : judgeDate(std::move(value));
    case FieldKind::Plate: {
        PlateJudged plate = judgePlate(value);
        if (plate.errorKey.empty())
            return good(std::move(plate.plate));
        return bad(std::move(value), std::move(plate.errorKey), std::move(plate.detail));
    }
    case FieldKind::Choice:
        if (std::none_of(field.options.begin(), field.options.end(),
                         [&](const Option& option) { return option.value == value; }))
            return bad({}, "form.error.choice");
        return good(std::move(value));
    case FieldKind::YesNo:
        if (value != "yes" && value != "no")
            return bad({}, "form.error.choice");
        return good(std::move(value));
    }
    AMT_ASSERT(false && "a field kind without a rule");
}

/// YYYYMMDD with blanks for unknown parts, to ISO without them.
std::string cardDay(const std::string& text)
{
    if (text.size() != 8)
        return {};
    const std::string year = text.substr(0, 4), month = text.substr(4, 2), day = text.substr(6, 2);
    const auto known = [](const std::string& part) {
        return part.find_first_not_of("0123456789") == std::string::npos;
    };
    if (!known(year))
        return {};
    if (!known(month))
        return year;
    return known(day) ? year + '-' + month + '-' + day : year + '-' + month;
}

std::string cardValue(CardSource source, const IdentityData& card)
{
    switch (source) {
    case CardSource::GivenNames:
        return card.givenNames;
    case CardSource::FamilyNames:
        return card.familyNames;
    case CardSource::AcademicTitle:
        return card.academicTitle;
    case CardSource::DateOfBirth:
        return cardDay(card.dateOfBirth);
    case CardSource::Street:
        return card.placeOfResidence.street;
    case CardSource::PostalCode:
        return card.placeOfResidence.postalCode;
    case CardSource::City:
        return card.placeOfResidence.city;
    }
    AMT_ASSERT(false && "a card source without a value");
}

} // namespace

std::string_view name(Origin origin)
{
    switch (origin) {
    case Origin::Card:
        return "eid";
    case Origin::Typed:
        return "typed";
    }
    AMT_ASSERT(false && "an origin without a name");
}

Answers answersFromCard(const Service& service, const IdentityData& card)
{
    Answers answers;
    for (const Field& field : service.fields) {
        if (!field.card)
            continue;
        std::string value = tidied(cardValue(*field.card, card));
        if (!value.empty() || field.optional)
            answers[field.name] = {std::move(value), Origin::Card};
    }
    return answers;
}

std::vector<const Field*> fieldsOf(const Service& service, int step)
{
    std::vector<const Field*> fields;
    for (const Field& field : service.fields) {
        if (field.step == step)
            fields.push_back(&field);
    }
    return fields;
}

bool asksAnything(const Service& service, int step, const Answers& answers)
{
    const std::vector<const Field*> fields = fieldsOf(service, step);
    return std::any_of(fields.begin(), fields.end(), [&](const Field* field) {
        const auto given = answers.find(field->name);
        return given == answers.end() || given->second.origin != Origin::Card;
    });
}

PageTaken takePage(const Service& service, int step, const Answers& before,
                   const std::map<std::string, std::string>& posted)
{
    for (const auto& [fieldName, value] : posted) {
        const Field* field = service.field(fieldName);
        const auto given = before.find(fieldName);
        if (!field || field->step != step ||
            (given != before.end() && given->second.origin == Origin::Card))
            throw Error(ErrorCode::FormFieldUnexpected, "a field that this page does not have");
    }
    PageTaken taken{.answers = before, .faults = {}};
    for (const Field* field : fieldsOf(service, step)) {
        const auto given = before.find(field->name);
        if (given != before.end() && given->second.origin == Origin::Card)
            continue;
        const auto found = posted.find(field->name);
        Judged judged =
            judge(*field, {found == posted.end() ? std::string() : found->second, Origin::Typed});
        if (!judged.errorKey.empty())
            taken.faults.push_back({field->name, judged.errorKey, judged.detail});
        taken.answers[field->name] = {std::move(judged.value), Origin::Typed};
    }
    return taken;
}

std::vector<FieldFault> faultsOf(const Service& service, const Answers& answers)
{
    std::vector<FieldFault> faults;
    for (const Field& field : service.fields) {
        const auto found = answers.find(field.name);
        // What the card gave is not the citizen's to correct: a letter outside the list on a card
        // must not be a dead end.
        if (found != answers.end() && found->second.origin == Origin::Card)
            continue;
        const Judged judged = judge(field, found == answers.end() ? Answer{} : found->second);
        if (!judged.errorKey.empty())
            faults.push_back({field.name, judged.errorKey, judged.detail});
        else if (found != answers.end() && judged.value != found->second.value)
            faults.push_back({field.name, "form.error.general", {}}); // not as takePage left it
    }
    for (const auto& [fieldName, answer] : answers) {
        if (!service.field(fieldName))
            faults.push_back({fieldName, "form.error.general", {}});
    }
    return faults;
}

std::string dataJson(const Service& service, const Answers& answers, LocalDate captureDay)
{
    json::ObjectPtr values = json::makeObject();
    json::ObjectPtr origins = json::makeObject();
    for (const Field& field : service.fields) {
        const auto found = answers.find(field.name);
        if (found == answers.end() || found->second.value.empty())
            continue; // optional and left out
        if (field.kind == FieldKind::YesNo)
            values->set(field.name,
                        found->second.value == "yes"); // a refusal is sent as false, never left out
        else
            values->set(field.name, found->second.value);
        origins->set(field.name, std::string(name(found->second.origin)));
    }
    json::ObjectPtr data = json::makeObject();
    data->set("$schema", service.schemaUri);
    data->set("service", service.key);
    data->set("captureDay", toIso(captureDay));
    data->set("values", values);
    data->set("origins", origins);
    return json::write(*data);
}

json::ObjectPtr toJson(const Answers& answers)
{
    json::ObjectPtr object = json::makeObject();
    for (const auto& [fieldName, answer] : answers) {
        json::ObjectPtr entry = json::makeObject();
        entry->set("value", answer.value);
        entry->set("origin", std::string(name(answer.origin)));
        object->set(fieldName, entry);
    }
    return object;
}

Answers answersFromJson(const json::Object& object)
{
    Answers answers;
    for (const std::string& fieldName : object.getNames()) {
        const json::ObjectPtr entry = json::object(object, fieldName);
        json::onlyKeys(*entry, {"value", "origin"});
        const std::string origin = json::text(*entry, "origin");
        if (origin != name(Origin::Card) && origin != name(Origin::Typed))
            throw Error(ErrorCode::JsonMalformed, "unknown origin of an answer");
        answers[fieldName] = {json::text(*entry, "value"),
                              origin == name(Origin::Card) ? Origin::Card : Origin::Typed};
    }
    return answers;
}

json::ObjectPtr toJson(const Identification& identification)
{
    json::ObjectPtr object = json::makeObject();
    object->set("at", toIso(identification.at));
    object->set("testCard", identification.testCard);
    if (identification.way == Identification::Way::OnSite)
        object->set("onSite", true);
    return object;
}

Identification identificationFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"at", "testCard", "onSite"});
    const bool onSite = object.has("onSite") && json::boolean(object, "onSite");
    return {fromIso(json::text(object, "at")), json::boolean(object, "testCard"),
            onSite ? Identification::Way::OnSite : Identification::Way::Pin};
}

} // namespace amt::office

// SPDX-License-Identifier: EUPL-1.2
//
// Reading config/municipality strictly: what is unknown, doubled or missing names its file and
// stops the start.
#include "appliance/office/catalogue/catalogue.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace amt::office {

namespace {

template <typename Value>
using Named = std::pair<std::string_view, Value>;

constexpr Named<FieldKind> fieldKinds[] = {
    {"name", FieldKind::Name},   {"text", FieldKind::Text},   {"postalCode", FieldKind::PostalCode},
    {"date", FieldKind::Date},   {"plate", FieldKind::Plate}, {"choice", FieldKind::Choice},
    {"yesno", FieldKind::YesNo},
};
constexpr Named<CardSource> cardSources[] = {
    {"GivenNames", CardSource::GivenNames},
    {"FamilyNames", CardSource::FamilyNames},
    {"AcademicTitle", CardSource::AcademicTitle},
    {"DateOfBirth", CardSource::DateOfBirth},
    {"Street", CardSource::Street},
    {"PostalCode", CardSource::PostalCode},
    {"City", CardSource::City},
};
/// The document number is no data group; nothing else is asked for without a form that needs it.
constexpr Named<DataGroup> dataGroups[] = {
    {"GivenNames", DataGroup::GivenNames},
    {"FamilyNames", DataGroup::FamilyNames},
    {"AcademicTitle", DataGroup::AcademicTitle},
    {"DateOfBirth", DataGroup::DateOfBirth},
    {"PlaceOfResidence", DataGroup::PlaceOfResidence},
};

template <typename Value, std::size_t count>
Value named(const Named<Value> (&table)[count], const std::string& text)
{
    for (const auto& [known, value] : table) {
        if (known == text)
            return value;
    }
    throw Error(ErrorCode::JsonMalformed, "unknown word '" + text + "'");
}

DataGroup groupOf(CardSource source)
{
    switch (source) {
    case CardSource::GivenNames:
        return DataGroup::GivenNames;
    case CardSource::FamilyNames:
        return DataGroup::FamilyNames;
    case CardSource::AcademicTitle:
        return DataGroup::AcademicTitle;
    case CardSource::DateOfBirth:
        return DataGroup::DateOfBirth;
    case CardSource::Street:
    case CardSource::PostalCode:
    case CardSource::City:
        return DataGroup::PlaceOfResidence;
    }
    AMT_ASSERT(false && "a card source without a group");
}

std::string readFile(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    if (!in)
        throw Error(ErrorCode::ConfigurationInvalid, file.filename().string() + " cannot be read");
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool isDigits(const std::string& text, std::size_t count)
{
    return text.size() == count && text.find_first_not_of("0123456789") == std::string::npos;
}

void require(bool holds, const std::string& what)
{
    if (!holds)
        throw Error(ErrorCode::JsonMalformed, what);
}

std::vector<json::ObjectPtr> objects(const json::Object& parent, const std::string& key)
{
    std::vector<json::ObjectPtr> found;
    const json::ArrayPtr array = json::array(parent, key);
    for (std::size_t i = 0; i < array->size(); ++i) {
        found.push_back(array->getObject(static_cast<unsigned>(i)));
        require(!found.back().isNull(), "'" + key + "' holds something else than objects");
    }
    return found;
}

Money cents(const json::Object& object, const std::string& key)
{
    const std::int64_t value = json::integer(object, key);
    require(value >= 0 && value < 100'000'00, "'" + key + "' is no amount");
    return Money::cents(value);
}

Field readField(const json::Object& object)
{
    json::onlyKeys(object,
                   {"name", "kind", "optional", "step", "charactersMax", "card", "options"});
    Field field;
    field.name = json::text(object, "name");
    require(!field.name.empty() &&
                field.name.find_first_not_of(
                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") ==
                    std::string::npos,
            "a field name holds letters and digits only");
    require(field.name != "key" && field.name != "action",
            "'" + field.name + "' belongs to the page");
    field.kind = named(fieldKinds, json::text(object, "kind"));
    field.labelKey = "field." + field.name + ".label";
    field.helpKey = "field." + field.name + ".help";
    field.optional = object.has("optional") && json::boolean(object, "optional");
    field.step = object.has("step") ? static_cast<int>(json::integer(object, "step")) : 1;
    field.charactersMax = object.has("charactersMax")
                              ? static_cast<int>(json::integer(object, "charactersMax"))
                              : 120;
    require(field.step >= 1 && field.step <= 20, "step of '" + field.name + "'");
    require(field.charactersMax >= 1 && field.charactersMax <= 1000,
            "charactersMax of '" + field.name + "'");
    if (const auto card = json::optionalText(object, "card"))
        field.card = named(cardSources, *card);
    if (object.has("options")) {
        for (const json::ObjectPtr& entry : objects(object, "options")) {
            json::onlyKeys(*entry, {"value", "label"});
            field.options.push_back(
                {json::text(*entry, "value"), textsFromJson(*json::object(*entry, "label"))});
        }
    }
    require((field.kind == FieldKind::Choice) == !field.options.empty(),
            "options of '" + field.name + "'");
    return field;
}

Service readService(const std::string& text)
{
    const json::ObjectPtr object = json::parseObject(text);
    json::onlyKeys(*object, {"key", "referencePrefix", "name", "summary", "fees", "dataGroups",
                             "fields", "schemaUri", "retention", "papers"});
    Service service;
    service.key = json::text(*object, "key");
    require(isDigits(service.key, 14) && service.key.substr(0, 2) == "99", "'key' is no LeiKa key");
    service.referencePrefix = json::text(*object, "referencePrefix");
    require(service.referencePrefix.size() == 2 &&
                service.referencePrefix.find_first_not_of("ABCDEFGHJKLMNPQRSTUVWXYZ") ==
                    std::string::npos,
            "'referencePrefix' is two capital letters without I and O");
    service.name = textsFromJson(*json::object(*object, "name"));
    service.summary = textsFromJson(*json::object(*object, "summary"));
    for (const json::ObjectPtr& entry : objects(*object, "fees")) {
        json::onlyKeys(*entry, {"from", "cents"});
        service.fees.push_back(
            {localDateFromIso(json::text(*entry, "from")), cents(*entry, "cents")});
    }
    std::sort(service.fees.begin(), service.fees.end(),
              [](const FeeRow& a, const FeeRow& b) { return a.from < b.from; });
    require(!service.fees.empty(), "no fee");
    for (const std::string& group : json::texts(*object, "dataGroups"))
        service.groups.insert(named(dataGroups, group));
    std::set<std::string> names;
    std::set<DataGroup> needed;
    for (const json::ObjectPtr& entry : objects(*object, "fields")) {
        service.fields.push_back(readField(*entry));
        const Field& field = service.fields.back();
        require(names.insert(field.name).second, "field '" + field.name + "' twice");
        if (field.card)
            needed.insert(groupOf(*field.card));
    }
    require(needed == service.groups, "'dataGroups' are not exactly those that the fields need");
    for (int step = 1; step <= service.steps(); ++step)
        require(std::any_of(service.fields.begin(), service.fields.end(),
                            [&](const Field& f) { return f.step == step; }),
                "a step without fields");
    service.schemaUri = json::text(*object, "schemaUri");
    const json::ObjectPtr retention = json::object(*object, "retention");
    json::onlyKeys(*retention, {"deskCopyHoursAfterAcceptance"});
    const std::int64_t hours = json::integer(*retention, "deskCopyHoursAfterAcceptance");
    require(hours >= 0 && hours <= 24, "'deskCopyHoursAfterAcceptance' is 0 to 24");
    service.retention.deskCopyAfterAcceptance = std::chrono::hours(hours);
    if (object->has("papers")) {
        for (const json::ObjectPtr& paper : objects(*object, "papers"))
            service.papers.push_back(textsFromJson(*paper));
        require(!service.papers.empty(), "'papers' is empty");
    }
    return service;
}

/// Names the file in whatever goes wrong inside it.
template <typename Read>
auto readingFile(const std::filesystem::path& file, Read read)
{
    const std::string text = readFile(file);
    try {
        return read(text);
    } catch (const Error& error) {
        throw Error(ErrorCode::ConfigurationInvalid,
                    file.filename().string() + ": " + error.message());
    }
}

} // namespace

const std::string& textIn(const Texts& texts, const std::string& language)
{
    const auto found = texts.find(language);
    return found != texts.end() ? found->second : texts.at("de");
}

Texts textsFromJson(const json::Object& object)
{
    Texts texts;
    for (const std::string& language : object.getNames())
        texts[language] = json::text(object, language);
    if (!texts.contains("de"))
        throw Error(ErrorCode::InputMalformed, "a text without German");
    return texts;
}

const Field* Service::field(const std::string& fieldName) const
{
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& field) { return field.name == fieldName; });
    return found == fields.end() ? nullptr : &*found;
}

int Service::steps() const
{
    int steps = 0;
    for (const Field& each : fields)
        steps = std::max(steps, each.step);
    return steps;
}

std::vector<std::string> papersOf(const Service& service, const std::string& language)
{
    std::vector<std::string> names;
    for (const Texts& paper : service.papers)
        names.push_back(textIn(paper, language));
    return names;
}

Money feeFor(const Service& service, LocalDate day)
{
    const FeeRow* valid = nullptr;
    for (const FeeRow& row : service.fees) {
        if (row.from <= day)
            valid = &row;
    }
    if (!valid)
        throw Error(ErrorCode::ConfigurationInvalid,
                    "no fee for service " + service.key + " on this day");
    return valid->amount;
}

const Service* Municipality::service(const std::string& key) const
{
    const auto found = std::find_if(services.begin(), services.end(),
                                    [&](const Service& each) { return each.key == key; });
    return found == services.end() ? nullptr : &*found;
}

Municipality loadMunicipality(const std::string& folder)
{
    const std::filesystem::path root(folder);
    Municipality municipality =
        readingFile(root / "municipality.json", [](const std::string& text) {
            const json::ObjectPtr object = json::parseObject(text);
            json::onlyKeys(*object, {"name", "regionKey", "phone"});
            Municipality read;
            read.name = json::text(*object, "name");
            read.regionKey = json::text(*object, "regionKey");
            read.phone = json::text(*object, "phone");
            require(isDigits(read.regionKey, 12), "'regionKey' is 12 digits");
            return read;
        });
    std::error_code failed;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(root / "services", failed)) {
        if (entry.path().extension() == ".json")
            files.push_back(entry.path());
    }
    if (failed || files.empty())
        throw Error(ErrorCode::ConfigurationInvalid, "no services");
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        municipality.services.push_back(readingFile(file, readService));
        for (std::size_t i = 0; i + 1 < municipality.services.size(); ++i) {
            if (municipality.services[i].key == municipality.services.back().key)
                throw Error(ErrorCode::ConfigurationInvalid,
                            file.filename().string() + ": a service twice");
        }
    }
    return municipality;
}

} // namespace amt::office

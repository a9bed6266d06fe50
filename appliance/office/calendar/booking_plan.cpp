// SPDX-License-Identifier: EUPL-1.2
//
// Concerns are checked one by one; a doubled key or a duration that cannot be meant refuses all.
#include "appliance/office/calendar/booking_plan.h"

#include <algorithm>
#include <set>
#include <utility>

namespace amt::office {
namespace {

constexpr std::size_t scopeBytesMax = 32;
constexpr std::size_t textBytesMax = 300;
constexpr std::size_t servicesMax = 60;
constexpr std::int64_t minutesMax = 240;
constexpr std::int64_t quantityMax = 9;

void require(bool holds, const char* what)
{
    if (!holds)
        throw Error(ErrorCode::InputMalformed, what);
}

bool isScope(const std::string& text)
{
    return !text.empty() && text.size() <= scopeBytesMax && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
}

bool isServiceKey(const std::string& text)
{
    return text.size() == 14 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

Texts shortTexts(const json::Object& parent, const std::string& key)
{
    auto texts = textsFromJson(*json::object(parent, key));
    require(std::ranges::all_of(texts,
                                [](const auto& entry) {
                                    return !entry.second.empty() &&
                                           entry.second.size() <= textBytesMax;
                                }),
            "a text that is empty, or too long");
    return texts;
}

json::ObjectPtr toJson(const Texts& texts)
{
    auto object = json::makeObject();
    for (const auto& [language, text] : texts)
        object->set(language, text);
    return object;
}

BookableService serviceFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"key", "name", "bring", "minutes", "quantityMax"});
    BookableService service;
    service.key = json::text(object, "key");
    service.name = shortTexts(object, "name");
    if (object.has("bring"))
        service.bring = shortTexts(object, "bring");
    const std::int64_t minutes = json::integer(object, "minutes");
    const std::int64_t quantity = json::integer(object, "quantityMax");
    require(isServiceKey(service.key), "a service key that is not 14 digits");
    require(1 <= minutes && minutes <= minutesMax, "a duration that cannot be meant");
    require(1 <= quantity && quantity <= quantityMax, "a quantity that cannot be meant");
    service.time = {std::chrono::minutes(minutes), static_cast<int>(quantity)};
    return service;
}

} // namespace

const BookableService* BookingPlan::service(const std::string& key) const
{
    const auto found = std::ranges::find(services, key, &BookableService::key);
    return found == services.end() ? nullptr : &*found;
}

ServiceTimes BookingPlan::times() const
{
    ServiceTimes times;
    for (const auto& service : services)
        times[service.key] = service.time;
    return times;
}

BookingPlan bookingPlanFromJson(const json::Object& object)
{
    json::onlyKeys(object, {"format", "scope", "place", "services", "rules"});
    require(json::integer(object, "format") == 1, "a format of another program");
    BookingPlan plan;
    plan.scope = json::text(object, "scope");
    require(isScope(plan.scope), "a scope that is no word");
    plan.place = shortTexts(object, "place");
    const json::ArrayPtr services = json::array(object, "services");
    require(services->size() >= 1 && services->size() <= servicesMax,
            "no concerns, or more than there can be");
    std::set<std::string> keys;
    for (unsigned i = 0; i < services->size(); ++i) {
        const json::ObjectPtr entry = services->getObject(i);
        if (!entry)
            throw Error(ErrorCode::JsonMalformed, "services: objects expected");
        plan.services.push_back(serviceFromJson(*entry));
        require(keys.insert(plan.services.back().key).second, "a service twice");
    }
    plan.rules = openingRulesFromJson(*json::object(object, "rules"));
    return plan;
}

json::ObjectPtr toJson(const BookingPlan& plan)
{
    auto object = json::makeObject();
    object->set("format", 1);
    object->set("scope", plan.scope);
    object->set("place", toJson(plan.place));
    auto services = json::makeArray();
    for (const auto& service : plan.services) {
        auto each = json::makeObject();
        each->set("key", service.key);
        each->set("minutes", static_cast<std::int64_t>(service.time.each.count()));
        each->set("quantityMax", service.time.quantityMax);
        each->set("name", toJson(service.name));
        if (!service.bring.empty())
            each->set("bring", toJson(service.bring));
        services->add(each);
    }
    object->set("services", services);
    object->set("rules", toJson(plan.rules));
    return object;
}

} // namespace amt::office

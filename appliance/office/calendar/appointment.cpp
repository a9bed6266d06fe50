// SPDX-License-Identifier: EUPL-1.2
//
// Appointments as rows.
#include "appliance/office/calendar/appointment.h"

#include <algorithm>
#include <utility>

namespace amt::office {

namespace {

constexpr std::pair<AppointmentState, std::string_view> stateNames[] = {
    {AppointmentState::Reserved, "Reserved"},
    {AppointmentState::Confirmed, "Confirmed"},
    {AppointmentState::Cancelled, "Cancelled"},
    {AppointmentState::Lapsed, "Lapsed"},
};

AppointmentState stateFromName(const std::string& text)
{
    for (const auto& [state, known] : stateNames) {
        if (known == text)
            return state;
    }
    throw Error(ErrorCode::StoreFailed, "unknown appointment state");
}

} // namespace

std::string_view name(AppointmentState state)
{
    for (const auto& [known, text] : stateNames) {
        if (known == state)
            return text;
    }
    AMT_ASSERT(false && "an appointment state without a name");
}

std::string servicesJson(const std::vector<WantedService>& services)
{
    json::ArrayPtr array = json::makeArray();
    for (const auto& [serviceKey, quantity] : services) {
        json::ObjectPtr entry = json::makeObject();
        entry->set("service", serviceKey);
        entry->set("quantity", quantity);
        array->add(entry);
    }
    json::ObjectPtr object = json::makeObject();
    object->set("services", array);
    return json::write(*object);
}

std::vector<WantedService> servicesFromJson(const std::string& text)
{
    const json::ObjectPtr object = json::parseObject(text);
    const json::ArrayPtr array = json::array(*object, "services");
    std::vector<WantedService> services;
    for (unsigned i = 0; i < array->size(); ++i) {
        const json::ObjectPtr entry = array->getObject(i);
        services.push_back({.serviceKey = json::text(*entry, "service"),
                            .quantity = static_cast<int>(json::integer(*entry, "quantity"))});
    }
    return services;
}

Appointment readAppointment(const store::Statement& row)
{
    return {.id = row.text(0),
            .bookingId = row.text(16),
            .code = row.text(1),
            .scope = row.text(2),
            .place = {.day = localDateFromIso(row.text(3)),
                      .lane = static_cast<int>(row.integer(4)),
                      .first = static_cast<int>(row.integer(5)),
                      .count = static_cast<int>(row.integer(6))},
            .start = row.time(7),
            .duration = std::chrono::minutes(row.integer(8)),
            .services = servicesFromJson(row.text(9)),
            .booker = row.text(10) == "Public" ? Booker::Public : Booker::Staff,
            .state = stateFromName(row.text(11)),
            .reservedUntil = row.optionalTime(12),
            .version = static_cast<int>(row.integer(13)),
            .kid = row.text(14),
            .sealed = row.text(15),
            .atPortal = row.integer(17) != 0,
            .displaced = row.integer(18) != 0,
            .madeAt = row.time(19)};
}

} // namespace amt::office

// SPDX-License-Identifier: EUPL-1.2
//
// Appointments that a town brings along, as a table, as iCalendar or as amtctl hands them over,
// chosen by the first byte. What is taken can be given out, and is then taken as the same.
#include "appliance/core/error.h"
#include "appliance/office/calendar/brought_appointments.h"

#include <cstdint>

using namespace amt;
using namespace amt::office;

namespace {

const CalendarReading reading{.services = {{"Pass", "99085001012000"}},
                              .otherwise = "99008001012000"};

std::vector<BroughtAppointment> withoutLines(std::vector<BroughtAppointment> appointments)
{
    for (auto& each : appointments)
        each.line = 0;
    return appointments;
}

void take(int kind, const std::string& text)
{
    if (kind == 0) {
        const auto read = withoutLines(appointmentsFromCsv(text));
        AMT_ASSERT(withoutLines(appointmentsFromCsv(appointmentsCsv(read))) == read);
    } else if (kind == 1) {
        const auto read = withoutLines(appointmentsFromCalendar(text, reading).appointments);
        for (const auto& each : read)
            AMT_ASSERT(each.duration > std::chrono::minutes(0) && !each.services.empty());
        appointmentsCalendar(read, {}, UtcTime());
    } else {
        const auto read = broughtFromJson(*json::parseObject(text));
        const auto again = broughtFromJson(*json::parseObject(json::write(*toJson(read))));
        AMT_ASSERT(again == read);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    try {
        take(data[0] % 3, std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::JsonMalformed ||
                   error.errorCode() == ErrorCode::InputMalformed ||
                   error.errorCode() == ErrorCode::InputTooLarge);
    }
    return 0;
}

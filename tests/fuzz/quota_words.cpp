// SPDX-License-Identifier: EUPL-1.2
//
// Messages, leases and record bodies of the quota protocol, and words about appointments, chosen by the first byte. What is read
// can be written, and what was written is read as the same.
#include "appliance/core/error.h"
#include "appliance/office/calendar/booking_words.h"

#include <cstdint>

using namespace amt;
using namespace amt::office::quota;

namespace {

constexpr int kinds = 20;

/// A record's details, as the portal takes them from a node.
std::string bodyOf(std::string_view kind, const std::string& details)
{
    const Body body = readBody(kind, details);
    AMT_ASSERT(body.run.count >= 0 && body.run.first >= 0 && body.run.lane >= 0);
    if (!body.booking.empty())
        checkBookingId(body.booking);
    return details;
}

std::string rewritten(int kind, const std::string& text)
{
    switch (kind) {
    case 0:
        return write(readRegister(text));
    case 1:
        return write(readReport(text));
    case 2:
        return write(readGrantsQuestion(text));
    case 3:
        return write(readLeases(text));
    case 4:
        return write(readWant(text));
    case 5:
        return write(readAnswer(text));
    case 6:
        return write(readCalendarQuestion(text));
    case 7:
        return write(readCalendar(text));
    case 8:
        return write(readLease(text));
    case 9:
        return bodyOf("BOOK", text);
    case 10:
        return bodyOf("CANCEL", text);
    case 11:
        return bodyOf("MOVE", text);
    case 12:
        return bodyOf("RETURN", text);
    case 13:
        return bodyOf("RULES", text);
    case 14:
        return write(readBookingsQuestion(text));
    case 15: {
        const Bookings bookings = readBookings(text);
        for (const auto& day : bookings.days)
            summaryOf(day.bookings);
        return write(bookings);
    }
    case 16:
        return write(readContactsQuestion(text));
    case 17:
        return write(readContacts(text));
    case 18:
        return write(readWish(text));
    default:
        return write(readWishAnswer(text));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const int kind = data[0] % kinds;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::string once;
    try {
        once = rewritten(kind, text);
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::JsonMalformed ||
                   error.errorCode() == ErrorCode::InputMalformed ||
                   error.errorCode() == ErrorCode::InputTooLarge);
        return 0;
    }
    AMT_ASSERT(rewritten(kind, once) == once);
    return 0;
}

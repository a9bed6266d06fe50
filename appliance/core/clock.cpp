// SPDX-License-Identifier: EUPL-1.2
//
// Instants as text (ISO 8601), by Poco.
#include "appliance/core/clock.h"

#include "appliance/core/error.h"

#include <Poco/DateTime.h>
#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/DateTimeParser.h>

namespace amt {

std::string toIso(UtcTime time)
{
    return Poco::DateTimeFormatter::format(Poco::Timestamp(toMilliseconds(time) * 1000),
                                           "%Y-%m-%dT%H:%M:%S.%iZ");
}

UtcTime fromIso(const std::string& text)
{
    int offset = 0;
    Poco::DateTime parsed;
    if (text.size() < 20 || text.size() > 35 ||
        !Poco::DateTimeParser::tryParse(Poco::DateTimeFormat::ISO8601_FRAC_FORMAT, text, parsed,
                                        offset))
        throw Error(ErrorCode::InputMalformed, "not an instant");
    parsed.makeUTC(offset);
    return fromMilliseconds(parsed.timestamp().epochMicroseconds() / 1000);
}

} // namespace amt

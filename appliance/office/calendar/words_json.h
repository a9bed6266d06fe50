// SPDX-License-Identifier: EUPL-1.2
//
// How words between node and portal are written and strictly read; for quota_words.cpp and
// booking_words.cpp only.
#pragma once

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/random.h"
#include "appliance/office/calendar/day_cells.h"
#include "appliance/office/calendar/quota_words.h"
#include "appliance/office/calendar/rules.h"

#include <string>
#include <string_view>
#include <vector>

namespace amt::office::quota {

inline constexpr std::size_t scopeBytesMax = 64;
inline constexpr std::size_t bodyBytesMax = 1024 * 1024;

inline void require(bool holds, const char* what)
{
    if (!holds)
        throw Error(ErrorCode::JsonMalformed, what);
}

inline bool isHash(std::string_view text)
{
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

inline std::int64_t natural(const json::Object& object, const std::string& key)
{
    const std::int64_t number = json::integer(object, key);
    require(number >= 0, "a number below zero");
    return number;
}

inline int small(const json::Object& object, const std::string& key, int least, int most)
{
    const std::int64_t number = json::integer(object, key);
    require(number >= least && number <= most, "a number out of range");
    return static_cast<int>(number);
}

inline std::string uuid(const json::Object& object, const std::string& key)
{
    std::string text = json::text(object, key);
    require(isUuid(text), "no UUID");
    return text;
}

inline std::string scope(const json::Object& object)
{
    std::string text = json::text(object, "scope");
    require(!text.empty() && text.size() <= scopeBytesMax, "no scope");
    return text;
}

inline void check(const Run& run)
{
    require(run.day.ok() && run.lane >= 0 && run.lane < lanesMax && run.first >= 0 &&
                run.count > 0 && run.first <= cellsMax - run.count,
            "cells that no day has");
}

template <typename Each>
void each(const json::Object& object, const std::string& key, int most, Each&& take)
{
    const json::ArrayPtr array = json::array(object, key);
    require(array->size() <= static_cast<std::size_t>(most), "too many");
    for (const auto& entry : *array) {
        require(entry.type() == typeid(json::ObjectPtr), "objects expected");
        take(*entry.extract<json::ObjectPtr>());
    }
}

template <typename Value, typename Write>
json::ArrayPtr arrayOf(const std::vector<Value>& values, Write&& writeOne)
{
    auto array = json::makeArray();
    for (const auto& value : values)
        array->add(writeOne(value));
    return array;
}

inline void put(json::Object& object, const Run& run)
{
    object.set("scope", run.scope);
    object.set("day", toIso(run.day));
    object.set("lane", run.lane);
    object.set("cell", run.first);
    object.set("cells", run.count);
}

inline json::ObjectPtr objectOf(const Run& run)
{
    auto object = json::makeObject();
    put(*object, run);
    return object;
}

inline Run readRunOf(const json::Object& object)
{
    Run run{.scope = scope(object),
            .day = localDateFromIso(json::text(object, "day")),
            .lane = small(object, "lane", 0, lanesMax - 1),
            .first = small(object, "cell", 0, cellsMax - 1),
            .count = small(object, "cells", 1, cellsMax)};
    check(run);
    return run;
}

inline Run readRun(const json::Object& object)
{
    json::onlyKeys(object, {"scope", "day", "lane", "cell", "cells"});
    return readRunOf(object);
}

inline json::ObjectPtr parse(const std::string& text)
{
    return json::parseObject(text, bodyBytesMax);
}

} // namespace amt::office::quota

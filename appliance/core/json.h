// SPDX-License-Identifier: EUPL-1.2
//
// JSON by Poco, read strictly: known keys only, right types, limits, no doubled keys.
#pragma once

#include "appliance/core/bytes.h"

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace amt::json {

using Object = Poco::JSON::Object;
using Array = Poco::JSON::Array;
using ObjectPtr = Object::Ptr;
using ArrayPtr = Array::Ptr;

constexpr std::size_t textBytesMax = 1024 * 1024;
constexpr int depthMax = 32;

/// Throws JsonMalformed (also for doubled keys, depth over 32, bytes after the end) and
/// InputTooLarge.
ObjectPtr parseObject(std::string_view text, std::size_t bytesMax = textBytesMax);

/// Throws JsonMalformed if the object has a key that is not listed.
void onlyKeys(const Object& object, std::initializer_list<std::string_view> keys);

// All throw JsonMalformed when the key is missing or of another type.
std::string text(const Object& object, const std::string& key);
std::int64_t integer(const Object& object, const std::string& key);
bool boolean(const Object& object, const std::string& key);
ObjectPtr object(const Object& parent, const std::string& key);
ArrayPtr array(const Object& parent, const std::string& key);
std::vector<std::string> texts(const Object& parent, const std::string& key);
/// Bytes as base64url text.
Bytes bytes(const Object& object, const std::string& key);
std::optional<std::string> optionalText(const Object& object, const std::string& key);
ObjectPtr optionalObject(const Object& parent, const std::string& key); ///< null when missing

/// A new object that keeps the order in which keys are set.
ObjectPtr makeObject();
ArrayPtr makeArray();
/// Compact text, UTF-8, control characters escaped.
std::string write(const Object& object);
std::string write(const Array& array);

} // namespace amt::json

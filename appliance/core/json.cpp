// SPDX-License-Identifier: EUPL-1.2
//
// Strict reading of JSON.
#include "appliance/core/json.h"

#include "appliance/core/error.h"

#include <Poco/JSON/ParseHandler.h>
#include <Poco/JSON/Parser.h>
#include <Poco/JSONString.h>

#include <algorithm>
#include <set>
#include <sstream>

namespace amt::json {
namespace {

/// Poco lets the last of two equal keys win; for signed and foreign data that is a hole.
class StrictHandler : public Poco::JSON::ParseHandler {
public:
    StrictHandler() : Poco::JSON::ParseHandler(true) {}

    void startObject() override
    {
        _keys.emplace_back();
        Poco::JSON::ParseHandler::startObject();
    }
    void endObject() override
    {
        _keys.pop_back();
        Poco::JSON::ParseHandler::endObject();
    }
    void key(const std::string& name) override
    {
        if (!_keys.back().insert(name).second)
            throw Error(ErrorCode::JsonMalformed, "doubled key");
        Poco::JSON::ParseHandler::key(name);
    }

private:
    std::vector<std::set<std::string>> _keys;
};

[[noreturn]] void malformed(const std::string& key, const char* expected)
{
    throw Error(ErrorCode::JsonMalformed, key + ": " + expected + " expected");
}

Poco::Dynamic::Var value(const Object& object, const std::string& key)
{
    const auto found = object.get(key);
    if (found.isEmpty())
        malformed(key, "a value");
    return found;
}

} // namespace

ObjectPtr parseObject(std::string_view text, std::size_t bytesMax)
{
    if (text.size() > bytesMax)
        throw Error(ErrorCode::InputTooLarge, "JSON text over its limit");
    try {
        Poco::JSON::Parser parser(new StrictHandler);
        parser.setDepth(depthMax);
        const auto parsed = parser.parse(std::string(text));
        if (parsed.type() != typeid(ObjectPtr))
            throw Error(ErrorCode::JsonMalformed, "not an object");
        return parsed.extract<ObjectPtr>();
    } catch (const Error&) {
        throw;
    } catch (const Poco::Exception&) {
        throw Error(ErrorCode::JsonMalformed, "not JSON");
    }
}

void onlyKeys(const Object& object, std::initializer_list<std::string_view> keys)
{
    for (const auto& [key, ignored] : object) {
        if (std::find(keys.begin(), keys.end(), key) == keys.end())
            throw Error(ErrorCode::JsonMalformed, "unknown key");
    }
}

std::string text(const Object& object, const std::string& key)
{
    const auto found = value(object, key);
    if (!found.isString())
        malformed(key, "text");
    return found.extract<std::string>();
}

std::int64_t integer(const Object& object, const std::string& key)
{
    const auto found = value(object, key);
    if (!found.isInteger() || found.isBoolean())
        malformed(key, "an integer");
    try {
        return found.convert<std::int64_t>();
    } catch (const Poco::Exception&) {
        malformed(key, "a smaller integer");
    }
}

bool boolean(const Object& object, const std::string& key)
{
    const auto found = value(object, key);
    if (!found.isBoolean())
        malformed(key, "true or false");
    return found.extract<bool>();
}

ObjectPtr object(const Object& parent, const std::string& key)
{
    const auto found = value(parent, key);
    if (found.type() != typeid(ObjectPtr))
        malformed(key, "an object");
    return found.extract<ObjectPtr>();
}

ArrayPtr array(const Object& parent, const std::string& key)
{
    const auto found = value(parent, key);
    if (found.type() != typeid(ArrayPtr))
        malformed(key, "an array");
    return found.extract<ArrayPtr>();
}

std::vector<std::string> texts(const Object& parent, const std::string& key)
{
    std::vector<std::string> all;
    for (const auto& entry : *array(parent, key)) {
        if (!entry.isString())
            malformed(key, "an array of texts");
        all.push_back(entry.extract<std::string>());
    }
    return all;
}

Bytes bytes(const Object& object, const std::string& key)
{
    return fromBase64Url(text(object, key));
}

std::optional<std::string> optionalText(const Object& object, const std::string& key)
{
    if (!object.has(key) || object.isNull(key))
        return std::nullopt;
    return text(object, key);
}

ObjectPtr optionalObject(const Object& parent, const std::string& key)
{
    if (!parent.has(key) || parent.isNull(key))
        return nullptr;
    return object(parent, key);
}

ObjectPtr makeObject()
{
    return new Object(Poco::JSON_PRESERVE_KEY_ORDER);
}

ArrayPtr makeArray()
{
    return new Array;
}

std::string write(const Object& object)
{
    std::ostringstream out;
    object.stringify(out);
    return out.str();
}

std::string write(const Array& array)
{
    std::ostringstream out;
    array.stringify(out);
    return out.str();
}

} // namespace amt::json

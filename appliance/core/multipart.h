// SPDX-License-Identifier: EUPL-1.2
//
// Forms with a file (multipart/form-data, RFC 7578), read as they come: text fields whole, a file
// piece by piece. Poco's reader pulls from a stream, which would hold a thread for as long as a
// browser sends.
#pragma once

#include "appliance/core/bytes.h"

#include <functional>
#include <string>
#include <string_view>

namespace amt {

/// Who hears what stands in the form, in its order.
struct FormListener {
    std::function<void(const std::string& name, const std::string& value)> field;
    /// `filename` as the browser wrote it: any text, and no path to believe.
    std::function<void(const std::string& name, const std::string& filename)> fileBegins;
    std::function<void(ByteView bytes)> fileBytes;
};

/// What it refuses it refuses with RequestMalformed, a field over its length with InputTooLarge.
/// What stood in it is overwritten.
class FormReader {
public:
    /// `contentType`: of the request, with its boundary.
    FormReader(const std::string& contentType, FormListener listener);
    ~FormReader();
    FormReader(const FormReader&) = delete;
    FormReader& operator=(const FormReader&) = delete;

    void add(std::string_view piece);
    /// The body is over; the form must be, too.
    void finish() const;

private:
    enum class State { Delimiter, AfterDelimiter, Headers, Value, File, Over };
    bool step();
    bool readHeaders();
    bool readContent();
    void dropFront(std::size_t bytes);

    FormListener _listener;
    std::string _delimiter; ///< with the line break before it
    std::string _held;      ///< came, and is not understood yet
    State _state = State::Delimiter;
    std::string _name, _value;
};

} // namespace amt

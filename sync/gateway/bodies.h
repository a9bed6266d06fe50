// SPDX-License-Identifier: EUPL-1.2
//
// Long bodies: what comes in lies in a file without a name, what goes out is read piece by piece.
// Nobody holds one in memory, so many may be under way at a time.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/http.h"

#include <filesystem>
#include <functional>
#include <string>

namespace amt::gateway {

constexpr std::size_t pieceBytes = 256 * 1024;

/// A body as it came: sealed where its sender keeps to the rules. The file has no name and goes
/// with its process, however that ends.
class BodyFile {
public:
    /// In `folder`. Throws SystemFailed.
    explicit BodyFile(const std::filesystem::path& folder);
    ~BodyFile();
    BodyFile(const BodyFile&) = delete;
    BodyFile& operator=(const BodyFile&) = delete;

    /// Throws StoreFull, SystemFailed.
    void append(std::string_view bytes);
    std::size_t size() const { return _size; }
    /// Fewer at the end, none after it. Throws SystemFailed.
    std::string read(std::size_t at, std::size_t bytes) const;

private:
    int _file;
    std::size_t _size = 0;
};

/// A response whose body may follow in pieces.
struct LongAnswer {
    HttpResponse response;
    std::size_t bytes = 0; ///< of the pieces together
    /// The next piece; on the loop. Empty: there is no more, too early when it was deleted
    /// meanwhile.
    std::function<std::string()> next;
};

} // namespace amt::gateway

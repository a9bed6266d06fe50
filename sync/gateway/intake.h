// SPDX-License-Identifier: EUPL-1.2
//
// One HTTP/1.1 request as its bytes come in (RFC 9112): head, then a body in memory or in a file.
#pragma once

#include "appliance/core/http.h"
#include "sync/gateway/bodies.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace amt::gateway {

/// A body up to this is taken in without asking who sends it.
constexpr std::size_t shortBytes = 64 * 1024;

struct IntakeLimits {
    std::size_t headBytesMax = 16 * 1024;
    std::size_t bodyBytesMax = 0;
    std::filesystem::path bodyFolder;  ///< empty: long bodies are held in memory, too
    std::size_t allBodiesBytesMax = 0; ///< of all bodies under way, but for short ones
};

class Intake {
public:
    enum class Stage {
        Head,  ///< more bytes are wanted
        Leave, ///< the head is whole and a long body follows: allowBody() or refuse it
        Body,  ///< more bytes are wanted
        Whole, ///< the request is here
    };

    /// `allBodies`: bytes of all bodies under way; both outlive this.
    Intake(const IntakeLimits& limits, std::atomic<std::size_t>& allBodies);
    ~Intake();
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;

    /// Takes bytes from the front of `bytes` until the stage changes or there are no more. Throws
    /// RequestMalformed, InputTooLarge, Overloaded, StoreFull, SystemFailed; then it is of no more
    /// use.
    Stage take(std::string_view& bytes);
    void allowBody();

    Stage stage() const { return _stage; }
    bool hasBegun() const { return _stage != Stage::Head || !_head.empty(); }
    /// As announced; nothing for a body in chunks.
    std::optional<std::size_t> announced() const { return _announced; }
    std::size_t bodyBytes() const { return _size; }
    bool keepsAlive() const { return _keepsAlive; }
    bool expectsContinue() const;

    HttpRequest request; ///< its head from Stage::Leave on; without a peer
    /// What the body lies in when it is long; shared with the task that answers.
    std::shared_ptr<BodyFile> file;

private:
    void takeHead(std::string_view& bytes);
    void readHead();
    void readTarget(const std::string& target);
    void takeChunk(std::string_view& bytes);
    void chunkLine(std::string_view line);
    void store(std::string_view bytes);

    const IntakeLimits& _limits;
    std::atomic<std::size_t>& _allBodies;
    Stage _stage = Stage::Head;
    std::string _head;
    bool _keepsAlive = false;
    std::optional<std::size_t> _announced;
    std::size_t _size = 0; ///< of the body so far
    std::size_t _left = 0; ///< of the body, or of the chunk

    enum class Chunk { Length, Data, End, Trailer };
    Chunk _chunk = Chunk::Length;
    std::string _line; ///< of what frames the chunks
    int _trailers = 0;
};

} // namespace amt::gateway

// SPDX-License-Identifier: EUPL-1.2
//
// An IFD handler for the real pcscd (IFD handler API 3.0): carries each call to the test that holds
// the reader, over the Unix socket that is its DEVICENAME. It runs inside pcscd, so it knows
// nothing of ours. Message: length (4 bytes, highest first), kind, content; answer: length, status,
// content.
#include "tests/drivers/eid/ifd/wire.h"

extern "C" { // the header does not say so itself
#include <ifdhandler.h>
}
#include <reader.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <vector>

namespace {

namespace wire = amt::test::ifd;
using Bytes = std::vector<unsigned char>;

std::mutex mutex; ///< pcscd polls on a thread of its own
int line = -1;
Bytes atr;

bool all(ssize_t (*move)(int, unsigned char*, std::size_t), unsigned char* bytes, std::size_t size)
{
    while (size > 0) {
        const ssize_t moved = move(line, bytes, size);
        if (moved <= 0)
            return false;
        bytes += moved;
        size -= static_cast<std::size_t>(moved);
    }
    return true;
}

bool sendAll(Bytes bytes)
{
    return all([](int to, unsigned char* at,
                  std::size_t size) { return send(to, at, size, MSG_NOSIGNAL); },
               bytes.data(), bytes.size());
}

bool receiveAll(Bytes& bytes)
{
    return all(
        [](int from, unsigned char* at, std::size_t size) { return recv(from, at, size, 0); },
        bytes.data(), bytes.size());
}

/// The content of a good answer.
std::optional<Bytes> ask(wire::Kind kind, const Bytes& content = {})
{
    const std::lock_guard lock(mutex);
    Bytes message = wire::lengthOf(content.size() + 1);
    message.push_back(static_cast<unsigned char>(kind));
    message.insert(message.end(), content.begin(), content.end());
    Bytes length(wire::lengthBytes);
    if (line < 0 || !sendAll(message) || !receiveAll(length))
        return std::nullopt;
    Bytes answer(wire::sizeFrom(length.data()));
    if (answer.empty() || !receiveAll(answer) || answer[0] != wire::good)
        return std::nullopt;
    answer.erase(answer.begin());
    return answer;
}

/// Into a buffer of the caller, whose room and then size is `length`.
bool give(const Bytes& from, PUCHAR to, PDWORD length)
{
    const bool fits = from.size() <= *length;
    *length = fits ? from.size() : 0;
    if (fits)
        std::copy(from.begin(), from.end(), to);
    return fits;
}

} // namespace

RESPONSECODE IFDHCreateChannelByName(DWORD, LPSTR name)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (std::strlen(name) >= sizeof address.sun_path)
        return IFD_NO_SUCH_DEVICE;
    std::strcpy(address.sun_path, name);
    line = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(line, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        close(line);
        line = -1;
        return IFD_NO_SUCH_DEVICE;
    }
    return IFD_SUCCESS;
}

RESPONSECODE IFDHCreateChannel(DWORD, DWORD)
{
    return IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHCloseChannel(DWORD)
{
    const std::lock_guard lock(mutex);
    if (line >= 0)
        close(line);
    line = -1;
    return IFD_SUCCESS;
}

RESPONSECODE IFDHGetCapabilities(DWORD, DWORD tag, PDWORD length, PUCHAR value)
{
    switch (tag) {
    case TAG_IFD_ATR:
    case SCARD_ATTR_ATR_STRING:
        return give(atr, value, length) ? IFD_SUCCESS : IFD_ERROR_INSUFFICIENT_BUFFER;
    case TAG_IFD_SIMULTANEOUS_ACCESS:
    case TAG_IFD_SLOTS_NUMBER:
        return give({1}, value, length) ? IFD_SUCCESS : IFD_ERROR_INSUFFICIENT_BUFFER;
    case TAG_IFD_THREAD_SAFE:
    case TAG_IFD_SLOT_THREAD_SAFE:
        return give({0}, value, length) ? IFD_SUCCESS : IFD_ERROR_INSUFFICIENT_BUFFER;
    default:
        return IFD_ERROR_TAG;
    }
}

RESPONSECODE IFDHSetCapabilities(DWORD, DWORD, DWORD, PUCHAR)
{
    return IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHSetProtocolParameters(DWORD, DWORD, UCHAR, UCHAR, UCHAR, UCHAR)
{
    return IFD_SUCCESS;
}

RESPONSECODE IFDHPowerICC(DWORD, DWORD action, PUCHAR value, PDWORD length)
{
    if (action == IFD_POWER_DOWN) {
        *length = 0;
        return ask(wire::Kind::PowerDown) ? IFD_SUCCESS : IFD_COMMUNICATION_ERROR;
    }
    const auto answer = ask(wire::Kind::PowerUp);
    if (!answer || !give(*answer, value, length))
        return IFD_ERROR_POWER_ACTION;
    atr = *answer;
    return IFD_SUCCESS;
}

RESPONSECODE IFDHTransmitToICC(DWORD, SCARD_IO_HEADER, PUCHAR command, DWORD commandLength,
                               PUCHAR answer, PDWORD answerLength, PSCARD_IO_HEADER received)
{
    received->Protocol = 1;
    const auto got = ask(wire::Kind::Transmit, Bytes(command, command + commandLength));
    if (got && give(*got, answer, answerLength))
        return IFD_SUCCESS;
    *answerLength = 0;
    return IFD_COMMUNICATION_ERROR;
}

RESPONSECODE IFDHControl(DWORD, DWORD code, PUCHAR input, DWORD inputLength, PUCHAR output,
                         DWORD outputLength, LPDWORD returned)
{
    *returned = 0;
    Bytes content = wire::lengthOf(code);
    content.insert(content.end(), input, input + inputLength);
    const auto got = ask(wire::Kind::Control, content);
    if (!got)
        return IFD_ERROR_NOT_SUPPORTED;
    DWORD length = outputLength;
    if (!give(*got, output, &length))
        return IFD_ERROR_INSUFFICIENT_BUFFER;
    *returned = length;
    return IFD_SUCCESS;
}

RESPONSECODE IFDHICCPresence(DWORD)
{
    return ask(wire::Kind::Presence) ? IFD_ICC_PRESENT : IFD_ICC_NOT_PRESENT;
}

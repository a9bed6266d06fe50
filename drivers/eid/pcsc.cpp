// SPDX-License-Identifier: EUPL-1.2
//
// Card readers through pcsc-lite.
#include "drivers/eid/pcsc.h"

#include "appliance/core/error.h"
#include "drivers/eid/lengths.h"
#include "drivers/eid/pace_reader.h"
#include "drivers/eid/reader_features.h"

#include <reader.h>
#include <winscard.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace amt::eid {
namespace {

constexpr std::size_t answerBytesMax = 65536 + 2; // MAX_BUFFER_SIZE_EXTENDED holds it
constexpr std::size_t shortCommandMax = 261;
constexpr std::size_t commandBytesMaxExtended = 4 + 3 + 65535 + 2;
/// A wait is cut into slices, so that a cancel that falls just before one is seen, too.
constexpr Milliseconds slice{500};
/// Programs that look at every new card (agents for keys, certificate stores) let it go after this.
constexpr Milliseconds keptByOthersMax{2000};
constexpr Milliseconds askAgainAfter{50};

/// A session with pcscd.
class Context {
public:
    Context() : _status(SCardEstablishContext(SCARD_SCOPE_SYSTEM, nullptr, nullptr, &_handle)) {}
    ~Context()
    {
        if (isOpen())
            SCardReleaseContext(_handle);
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    bool isOpen() const { return _status == SCARD_S_SUCCESS; }
    SCARDCONTEXT handle() const { return _handle; }

    /// Nothing when there is no reader of this name, or none at all.
    std::optional<std::string> findReader(const std::string& name) const
    {
        DWORD size = 0;
        if (SCardListReaders(_handle, nullptr, nullptr, &size) != SCARD_S_SUCCESS)
            return std::nullopt;
        std::vector<char> names(size);
        if (SCardListReaders(_handle, nullptr, names.data(), &size) != SCARD_S_SUCCESS)
            return std::nullopt;
        // One after the other, each with its NUL; an empty one ends the list.
        for (const char* next = names.data(); *next != '\0'; next += std::string(next).size() + 1) {
            const std::string found(next);
            if (found.compare(0, name.size(), name) == 0)
                return found;
        }
        return std::nullopt;
    }

private:
    SCARDCONTEXT _handle = 0;
    LONG _status;
};

bool isGone(LONG status)
{
    switch (status) {
    case SCARD_W_REMOVED_CARD:
    case SCARD_W_RESET_CARD:
    case SCARD_E_NO_SMARTCARD:
    case SCARD_W_UNPOWERED_CARD:
    case SCARD_W_UNRESPONSIVE_CARD:
    case SCARD_E_READER_UNAVAILABLE:
    case SCARD_E_UNKNOWN_READER:
    case SCARD_E_NOT_TRANSACTED: // what a card that leaves inside an APDU looks like with some
                                 // drivers
    case SCARD_E_COMM_DATA_LOST:
    case SCARD_F_COMM_ERROR:
        return true;
    default:
        return false;
    }
}

/// What the driver answers, or nothing when it refuses.
Bytes control(SCARDHANDLE card, DWORD code, ByteView input)
{
    Bytes answer(512);
    DWORD size = 0;
    if (SCardControl(card, code, input.data(), static_cast<DWORD>(input.size()), answer.data(),
                     static_cast<DWORD>(answer.size()), &size) != SCARD_S_SUCCESS ||
        size > answer.size())
        return {};
    answer.resize(size);
    return answer;
}

struct Offer {
    std::size_t longestCommand = commandBytesMaxExtended; ///< of a reader that says nothing: 6700
                                                          ///< tells otherwise
    std::optional<DWORD> executePace;                     ///< its control code
};

Offer offerOf(SCARDHANDLE card)
{
    Offer offer;
    const auto features = readerFeatures(control(card, CM_IOCTL_GET_FEATURE_REQUEST, {}));
    const auto properties = features.find(featureTlvProperties);
    if (properties != features.end())
        offer.longestCommand =
            longestCommand(control(card, properties->second, {})).value_or(offer.longestCommand);
    const auto pace = features.find(featureExecutePace);
    if (pace != features.end() &&
        runsPaceForIdentityCards(control(card, pace->second, askPaceCapabilities())))
        offer.executePace = pace->second;
    return offer;
}

/// Of reader and card: the ATR says for nothing whether the card takes extended length.
std::size_t longestCommandOf(SCARDHANDLE card, const Offer& offer)
{
    std::array<std::uint8_t, MAX_ATR_SIZE> atr{};
    auto size = static_cast<DWORD>(atr.size());
    if (SCardStatus(card, nullptr, nullptr, nullptr, nullptr, atr.data(), &size) !=
            SCARD_S_SUCCESS ||
        size > atr.size())
        return offer.longestCommand;
    const bool isShort = takesExtendedLength(ByteView(atr.data(), size)) == false;
    return isShort ? std::min(offer.longestCommand, shortCommandMax) : offer.longestCommand;
}

class PcscChannel : public CardChannel {
public:
    PcscChannel(std::unique_ptr<Context> context, SCARDHANDLE card, DWORD protocol)
        : _context(std::move(context)), _card(card), _protocol(protocol), _answer(answerBytesMax),
          _offer(offerOf(card)), _commandBytesMax(longestCommandOf(card, _offer))
    {}

    ~PcscChannel() override
    {
        SCardEndTransaction(_card, SCARD_RESET_CARD); // nothing of the channel stays open
        SCardDisconnect(_card, SCARD_RESET_CARD);
        wipe(_answer);
    }

    Bytes transmit(ByteView command) override
    {
        SCARD_IO_REQUEST received{};
        auto size = static_cast<DWORD>(_answer.size());
        const LONG status = SCardTransmit(
            _card, _protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1, command.data(),
            static_cast<DWORD>(command.size()), &received, _answer.data(), &size);
        check(status, "SCardTransmit ");
        if (size < 2) // pcscd passes a card that left inside an APDU on as success
            throw Error(ErrorCode::CardGone, "answer without a status word");
        return Bytes(_answer.begin(), _answer.begin() + static_cast<std::ptrdiff_t>(size));
    }

    std::size_t commandBytesMax() const override { return _commandBytesMax; }
    bool runsPace() const override { return _offer.executePace.has_value(); }

    Bytes executePace(ByteView input) override
    {
        if (!_offer.executePace)
            throw Error(ErrorCode::ReaderFailed, "a reader without PACE");
        DWORD size = 0;
        check(SCardControl(_card, *_offer.executePace, input.data(),
                           static_cast<DWORD>(input.size()), _answer.data(),
                           static_cast<DWORD>(_answer.size()), &size),
              "SCardControl ");
        AMT_ASSERT(size <= _answer.size());
        return Bytes(_answer.begin(), _answer.begin() + static_cast<std::ptrdiff_t>(size));
    }

private:
    static void check(LONG status, const char* what)
    {
        if (isGone(status))
            throw Error(ErrorCode::CardGone, "card left the reader");
        if (status != SCARD_S_SUCCESS)
            throw Error(ErrorCode::ReaderFailed, what + std::to_string(status));
    }

    std::unique_ptr<Context> _context;
    SCARDHANDLE _card;
    DWORD _protocol;
    Bytes _answer;
    Offer _offer;
    std::size_t _commandBytesMax;
};

/// Another program has the card.
struct KeptByOthers {};

std::variant<std::unique_ptr<CardChannel>, IdentityOutcome, KeptByOthers>
hold(std::unique_ptr<Context>& context, const std::string& reader)
{
    SCARDHANDLE card = 0;
    DWORD protocol = 0;
    LONG status = SCardConnect(context->handle(), reader.c_str(), SCARD_SHARE_EXCLUSIVE,
                               SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &card, &protocol);
    if (status == SCARD_S_SUCCESS) {
        status = SCardBeginTransaction(card);
        if (status == SCARD_S_SUCCESS)
            return std::make_unique<PcscChannel>(std::move(context), card, protocol);
        SCardDisconnect(card, SCARD_RESET_CARD);
    }
    if (isGone(status))
        return IdentityOutcome(NoCard{});
    if (status == SCARD_E_SHARING_VIOLATION)
        return KeptByOthers{};
    return IdentityOutcome(DeviceFailed{ErrorCode::ReaderFailed});
}

/// Forgets a waiting context whichever way connect() ends.
class Waiting {
public:
    Waiting(std::atomic<long>& waiting, long handle) : _waiting(waiting) { _waiting = handle; }
    ~Waiting() { _waiting = 0; }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

private:
    std::atomic<long>& _waiting;
};

} // namespace

PcscReader::PcscReader(PcscSettings settings) : _settings(std::move(settings)) {}

std::variant<std::unique_ptr<CardChannel>, IdentityOutcome> PcscReader::connect(Milliseconds wait)
{
    auto context = std::make_unique<Context>();
    if (!context->isOpen())
        return IdentityOutcome(DeviceFailed{ErrorCode::ReaderFailed});
    const auto reader = context->findReader(_settings.reader);
    if (!reader)
        return IdentityOutcome(NoReader{});

    SCARD_READERSTATE state{};
    state.szReader = reader->c_str();
    state.dwCurrentState = SCARD_STATE_UNAWARE; // answers at once with what is so
    const Waiting waiting(_waiting, context->handle());
    Milliseconds left = wait;
    Milliseconds leftForOthers = keptByOthersMax;
    for (Milliseconds patience{0};;) {
        if (_cancelled)
            return IdentityOutcome(ReadCancelled{});
        const LONG status = SCardGetStatusChange(context->handle(),
                                                 static_cast<DWORD>(patience.count()), &state, 1);
        if (status == SCARD_E_UNKNOWN_READER || status == SCARD_E_READER_UNAVAILABLE)
            return IdentityOutcome(NoReader{});
        if (status != SCARD_S_SUCCESS && status != SCARD_E_TIMEOUT && status != SCARD_E_CANCELLED)
            return IdentityOutcome(DeviceFailed{ErrorCode::ReaderFailed});
        if (status == SCARD_S_SUCCESS &&
            (state.dwEventState & (SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE)) != 0)
            return IdentityOutcome(NoReader{});
        if (status == SCARD_S_SUCCESS)
            state.dwCurrentState = state.dwEventState;

        const bool isPresent = (state.dwCurrentState & SCARD_STATE_PRESENT) != 0 &&
                               (state.dwCurrentState & SCARD_STATE_MUTE) == 0;
        if (isPresent) {
            auto held = hold(context, *reader);
            if (auto* channel = std::get_if<std::unique_ptr<CardChannel>>(&held))
                return std::move(*channel);
            if (auto* outcome = std::get_if<IdentityOutcome>(&held))
                return std::move(*outcome);
            if (leftForOthers <= Milliseconds(0))
                return IdentityOutcome(DeviceFailed{ErrorCode::ReaderFailed});
            patience = askAgainAfter;
            leftForOthers -= patience;
            continue;
        }
        if (left <= Milliseconds(0))
            return IdentityOutcome(NoCard{});
        patience = std::min(slice, left);
        left -= patience;
    }
}

IdentityOutcome PcscReader::look() const
{
    const Context context;
    if (!context.isOpen())
        return DeviceFailed{ErrorCode::ReaderFailed};
    const auto reader = context.findReader(_settings.reader);
    if (!reader)
        return NoReader{};
    SCARDHANDLE handle = 0;
    DWORD protocol = 0;
    if (SCardConnect(context.handle(), reader->c_str(), SCARD_SHARE_DIRECT, 0, &handle,
                     &protocol) != SCARD_S_SUCCESS)
        return DeviceFailed{ErrorCode::ReaderFailed};
    const ReaderReady ready{offerOf(handle).executePace.has_value()};
    SCardDisconnect(handle, SCARD_LEAVE_CARD);
    return ready;
}

void PcscReader::cancel()
{
    _cancelled = true;
    if (const long waiting = _waiting; waiting != 0)
        SCardCancel(waiting);
}

void PcscReader::resume()
{
    _cancelled = false;
}

} // namespace amt::eid

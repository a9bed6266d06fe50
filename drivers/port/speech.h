// SPDX-License-Identifier: EUPL-1.2
//
// The port for speech: a sentence in, a sound that a browser can play out.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/json.h"
#include "drivers/port/payment.h"

#include <functional>
#include <string>
#include <variant>

namespace amt {

constexpr std::size_t utteranceMax = 300;
/// What a message of the broker has room for; a call is some 20 KiB.
constexpr std::size_t soundMax = 45 * 1024;

/// At most utteranceMax bytes, without control characters; nothing personal: it is said in a public
/// hall.
struct Utterance {
    std::string language; ///< "de", "en"
    std::string text;     ///< UTF-8
};

/// Ogg Vorbis, mono, at most soundMax bytes.
struct Speech {
    Bytes sound;
};
/// Nobody speaks this language here, or nobody at all.
struct NoVoice {};
using SpeechOutcome = std::variant<Speech, NoVoice, DeviceFailed>;

class Speaker {
public:
    virtual ~Speaker() = default;
    /// `done` once, on the loop.
    virtual void speak(Utterance utterance, std::function<void(SpeechOutcome)> done) = 0;
};

// How these look on the wire (drivers/broker/PROTOCOL.md). Reading throws JsonMalformed.
json::ObjectPtr toJson(const Utterance& utterance);
Utterance utteranceFromJson(const json::Object& object);
json::ObjectPtr toJson(const SpeechOutcome& outcome);
SpeechOutcome speechOutcomeFromJson(const json::Object& object);

} // namespace amt

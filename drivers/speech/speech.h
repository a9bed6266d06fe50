// SPDX-License-Identifier: EUPL-1.2
//
// Speech by eSpeak NG, as Ogg Vorbis by libsndfile.
#pragma once

#include "drivers/port/speech.h"

#include <memory>

namespace amt::speech {

/// Speaks in the caller's thread: some ten milliseconds a sentence. One in a process, for eSpeak NG
/// has one state. Throws ConfigurationInvalid: its data are missing.
std::unique_ptr<Speaker> makeSpeaker();

} // namespace amt::speech

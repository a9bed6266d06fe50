// SPDX-License-Identifier: EUPL-1.2
//
// Spoken calls for the displays: a number of the board and its counter, as sound.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/node/node.h"

#include <map>
#include <string>
#include <vector>

namespace amt::node {

class House;

/// The same call sounds from many displays and several times a day: each sentence is spoken once
/// and kept. Whatever is not on the board at that moment is not said.
class CallSpeech {
public:
    explicit CallSpeech(House& house) : _house(house) {}

    /// `number`: compact, "B047". Answers later with the sound, or 503 when none came. Throws
    /// NotFound: not on the board, its counter has no name in that language, nobody can speak.
    void give(const std::string& number, const std::string& language, Node::Respond respond);

private:
    void came(const std::string& sentence, const SpeechOutcome& outcome);

    House& _house;
    std::map<std::string, Bytes> _spoken; ///< by language and sentence
    std::map<std::string, std::vector<Node::Respond>> _waiting;
};

} // namespace amt::node

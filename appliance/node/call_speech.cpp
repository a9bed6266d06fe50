// SPDX-License-Identifier: EUPL-1.2
//
// From the board to a sentence, from the sentence to a sound that is kept.
#include "appliance/node/call_speech.h"

#include "appliance/core/log.h"
#include "appliance/node/house.h"

#include <algorithm>
#include <utility>

namespace amt::node {
namespace {

/// Some hundred calls a day; each is some 20 KiB.
constexpr std::size_t keptMax = 64;

HttpResponse soundAnswer(const Bytes& sound)
{
    HttpResponse answer;
    answer.headers = {{"Content-Type", "audio/ogg"}};
    answer.body.assign(sound.begin(), sound.end());
    return answer;
}

/// As it is said: "B 47", not "B zero four seven".
std::string saidNumber(const office::TicketNumber& number)
{
    return std::string(1, number.letter) + " " + std::to_string(number.number);
}

} // namespace

void CallSpeech::give(const std::string& number, const std::string& language, Node::Respond respond)
{
    const auto board = office::boardAt(_house.hall.queue, _house.now());
    const auto call = std::ranges::find_if(board.calls, [&](const office::BoardCall& each) {
        return office::compact(each.number) == number;
    });
    const auto plan = _house.hall.plans.current();
    const auto* desk = call == board.calls.end() ? nullptr : plan->plan.desk(call->desk);
    const std::string name = !desk ? "" : language == "de" ? desk->name : desk->nameEnglish;
    if (name.empty() || (language != "de" && language != "en") || !_house.doors.speaker)
        throw Error(ErrorCode::NotFound, "a call that can be said");
    const std::string sentence = _house.doors.pages.text(
        language, "sign.spoken", {{"number", saidNumber(call->number)}, {"desk", name}});
    const std::string key = language + ":" + sentence;
    if (const auto known = _spoken.find(key); known != _spoken.end())
        return respond(soundAnswer(known->second));
    auto& waiting = _waiting[key];
    waiting.push_back(std::move(respond));
    if (waiting.size() == 1)
        _house.doors.speaker->speak(
            {language, sentence},
            _house.guardedCall([this, key](const SpeechOutcome& outcome) { came(key, outcome); }));
}

void CallSpeech::came(const std::string& sentence, const SpeechOutcome& outcome)
{
    const auto* speech = std::get_if<Speech>(&outcome);
    if (speech) {
        if (_spoken.size() == keptMax)
            _spoken.clear();
        _spoken[sentence] = speech->sound;
    } else {
        log::warning("speech.silent", {{"sentence", sentence}});
    }
    const auto answer = speech ? soundAnswer(speech->sound) : emptyAnswer(503);
    for (const auto& respond : std::exchange(_waiting[sentence], {}))
        respond(answer);
    _waiting.erase(sentence);
}

} // namespace amt::node

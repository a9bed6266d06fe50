// SPDX-License-Identifier: EUPL-1.2
//
// Who has the receipt asks for the state: number and code in, one sentence out. A visit like any
// other, so that what was typed does not stay on the screen.
#include "appliance/node/kiosk_state.h"

#include "appliance/core/file_reference.h"
#include "appliance/core/log.h"
#include "appliance/node/desk_cases.h"
#include "appliance/node/house.h"

#include <algorithm>

namespace amt::node {

bool QuestionGuard::allows(Milliseconds now)
{
    while (!_wrong.empty() && now - _wrong.front() >= window)
        _wrong.pop_front();
    return _wrong.size() < wrongMax;
}

Reply showQuestion(House& house, Exchange& exchange)
{
    house.visits.touch(*exchange.visit);
    return house.kioskPage(exchange, page::StatePage{});
}

Reply answerQuestion(House& house, Exchange& exchange)
{
    using Answer = page::StatePage::Answer;
    constexpr std::size_t typedMax = 40;
    house.visits.touch(*exchange.visit);
    page::StatePage view;
    const std::string& reference = exchange.field("reference");
    const std::string& code = exchange.field("code");
    if (reference.size() > typedMax || code.size() > typedMax)
        throw Error(ErrorCode::RequestMalformed, "longer than any number or code");
    const std::string known = readFileReference(reference);
    view.reference = known.empty() ? reference : known;
    const Milliseconds now = house.doors.loop.sinceBoot();
    if (!house.questions.allows(now)) {
        view.answer = Answer::TooOften;
        return house.kioskPage(exchange, view, 429);
    }
    const auto found =
        known.empty() ? std::nullopt : house.cases.findByQuestion(known, readQuestionCode(code));
    if (!found) {
        // A misread number is found by its check character and tries nothing.
        if (!known.empty())
            house.questions.wrong(now);
        view.answer = Answer::Unknown;
        return house.kioskPage(exchange, view);
    }
    log::info("question.answered");
    view.answer = Answer::Found;
    view.state = lacksPapers(house, *found) ? office::papersMissing
                                            : std::string(office::name(found->standing));
    const auto replies = house.replies.ofEnvelope(found->envelopeId);
    view.hasReply = std::any_of(replies.begin(), replies.end(), [](const auto& reply) {
        return reply.state != outbox::ReplyState::Refused && !reply.settledAt;
    });
    return house.kioskPage(exchange, view);
}

} // namespace amt::node

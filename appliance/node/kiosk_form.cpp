// SPDX-License-Identifier: EUPL-1.2
//
// The form page by page, the review, and submitting: case, fee, desk copy and journal in one
// commit.
#include "appliance/core/log.h"
#include "appliance/node/field_views.h"
#include "appliance/node/form_actions.h"
#include "appliance/node/house.h"
#include "appliance/node/kiosk.h"

#include <algorithm>

namespace amt::node {
namespace {

const office::Service& requiredService(const House& house, const Visit& visit)
{
    const auto* service = house.serviceOf(visit);
    if (!service)
        throw Error(ErrorCode::NotFound, "service of a visit");
    return *service;
}

bool isFromCard(const office::Field& field, const office::Answers& answers)
{
    const auto given = answers.find(field.name);
    return given != answers.end() && given->second.origin == office::Origin::Card;
}

/// Steps that ask for anything: what the card gave needs no page of its own.
std::vector<int> askedSteps(const office::Service& service, const office::Answers& answers)
{
    std::vector<int> steps;
    for (int step = 1; step <= service.steps(); ++step) {
        if (office::asksAnything(service, step, answers))
            steps.push_back(step);
    }
    if (steps.empty())
        steps.push_back(service.steps());
    return steps;
}

/// Place of the first asked step that is not before `step`; the last one when there is none.
std::size_t placeOfStep(const std::vector<int>& asked, int step)
{
    for (std::size_t i = 0; i < asked.size(); ++i) {
        if (asked[i] >= step)
            return i;
    }
    return asked.size() - 1;
}

bool isFilling(const Visit& visit)
{
    return visit.allows(VisitEvent::FormFilled);
}

} // namespace

Reply showForm(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (!isFilling(visit))
        return redirect(addressOf(visit.step));
    house.visits.touch(visit);
    const auto& service = requiredService(house, visit);
    page::FormPage view;
    view.serviceName = office::textIn(service.name, visit.language);
    const auto asked = askedSteps(service, visit.answers);
    const std::size_t place = placeOfStep(asked, visit.formStep);
    view.steps = static_cast<int>(asked.size());
    view.step = static_cast<int>(place) + 1;
    // What the card gave for the steps that are left out is shown with the next one.
    std::vector<const office::Field*> fields;
    for (int step = place == 0 ? 1 : asked[place - 1] + 1; step <= asked[place]; ++step) {
        for (const auto* field : office::fieldsOf(service, step)) {
            if (step == asked[place] || isFromCard(*field, visit.answers))
                fields.push_back(field);
        }
    }
    view.fields = fieldViews(fields, visit.answers, visit.faults, visit.language);
    return house.kioskPage(exchange, view);
}

Reply fillForm(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    if (!isFilling(visit))
        throw Error(ErrorCode::StepOutOfOrder, "form in another step");
    const auto& service = requiredService(house, visit);
    const std::string action = exchange.field("action");
    Fields posted = exchange.fields;
    posted.erase("key");
    posted.erase("action");
    const auto asked = askedSteps(service, visit.answers);
    const std::size_t place = placeOfStep(asked, visit.formStep);
    auto taken = office::takePage(service, asked[place], visit.answers, posted);

    const bool stays = action != "next" && action != "back";
    if (stays) // a button of the frame; what was typed is kept as it is
        adjustFrame(house, visit, action);
    if (stays) // what was said to be faulty stays so until it is right; nothing new is said yet
        std::erase_if(taken.faults, [&](const office::FieldFault& fault) {
            return std::none_of(visit.faults.begin(), visit.faults.end(),
                                [&](const auto& said) { return said.field == fault.field; });
        });
    visit.answers = std::move(taken.answers);
    visit.faults = std::move(taken.faults);
    visit.formStep = asked[place];
    bool filled = false;
    if (stays) {
        // the step stays, too
    } else if (action == "back") {
        visit.faults.clear();
        visit.formStep = asked[place == 0 ? 0 : place - 1];
    } else if (visit.faults.empty()) {
        if (place + 1 < asked.size()) {
            visit.formStep = asked[place + 1];
        } else {
            visit.faults = office::faultsOf(service, visit.answers);
            filled = visit.faults.empty();
            visit.formStep = filled ? 1 : service.field(visit.faults.front().field)->step;
        }
    }
    house.commit(visit, [&] {
        if (filled)
            visit.apply(VisitEvent::FormFilled);
        else if (visit.allows(VisitEvent::FormOpened))
            visit.apply(VisitEvent::FormOpened);
    });
    return redirect(addressWithPart(addressOf(visit.step), action));
}

Reply showReview(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step != Step::Review)
        return redirect(addressOf(visit.step));
    house.visits.touch(visit);
    const auto& service = requiredService(house, visit);
    page::ReviewPage view;
    view.serviceName = office::textIn(service.name, visit.language);
    view.fields = fieldViews(allFields(service), visit.answers, {}, visit.language);
    view.fee = office::feeFor(service, localDate(house.now()));
    return house.kioskPage(exchange, view);
}

Reply submit(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    if (exchange.field("confirm") != "yes")
        throw Error(ErrorCode::RequestMalformed, "confirm");
    if (!visit.allows(VisitEvent::Submitted))
        throw Error(ErrorCode::StepOutOfOrder, "submission in another step");
    const auto& service = requiredService(house, visit);
    office::Submission submission;
    submission.visitId = visit.idHash;
    submission.envelopeId = visit.envelopeId;
    submission.captureDay = localDate(house.now());
    submission.answers = visit.answers;
    submission.identification = visit.identification;
    const outbox::DeskSeal desk = house.people.deskSeal();
    if (!house.accepts(service)) // refused before anything is recorded, not after
        throw Error(ErrorCode::KeyUnusable, "no key for this service");

    house.commit(visit, [&] {
        const auto recorded = house.cases.submit(service, submission, desk, house.now());
        visit.caseId = recorded.id;
        visit.apply(VisitEvent::Submitted);
        if (recorded.fee.inCents() == 0) {
            house.take(recorded.id, house.wayOut(visit, std::nullopt), office::Settlement::NoFee);
            visit.apply(VisitEvent::NothingToPay);
        }
    });
    log::info("case.recorded", {{"case", visit.caseId}});
    if (visit.step == Step::Done)
        house.receipts.print(visit.caseId);
    house.publish(visit);
    return redirect(addressOf(visit.step));
}

} // namespace amt::node

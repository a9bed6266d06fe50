// SPDX-License-Identifier: EUPL-1.2
//
// Privacy notice, PIN, reading, and what to do when the card cannot be read.
#include "appliance/node/house.h"
#include "appliance/node/kiosk.h"

namespace amt::node {
namespace {

std::string_view attributeName(DataGroup group)
{
    switch (group) {
    case DataGroup::DocumentType:
        return "DocumentType";
    case DataGroup::IssuingState:
        return "IssuingState";
    case DataGroup::DateOfExpiry:
        return "DateOfExpiry";
    case DataGroup::GivenNames:
        return "GivenNames";
    case DataGroup::FamilyNames:
        return "FamilyNames";
    case DataGroup::ArtisticName:
        return "ArtisticName";
    case DataGroup::AcademicTitle:
        return "AcademicTitle";
    case DataGroup::DateOfBirth:
        return "DateOfBirth";
    case DataGroup::PlaceOfBirth:
        return "PlaceOfBirth";
    case DataGroup::Nationality:
        return "Nationality";
    case DataGroup::Sex:
        return "Sex";
    case DataGroup::OptionalData:
        return "OptionalData";
    case DataGroup::BirthName:
        return "BirthName";
    case DataGroup::WrittenSignature:
        return "WrittenSignature";
    case DataGroup::DateOfIssuance:
        return "DateOfIssuance";
    case DataGroup::PlaceOfResidence:
        return "PlaceOfResidence";
    case DataGroup::MunicipalityId:
        return "MunicipalityId";
    case DataGroup::ResidencePermit1:
        return "ResidencePermit1";
    case DataGroup::ResidencePermit2:
        return "ResidencePermit2";
    case DataGroup::PhoneNumber:
        return "PhoneNumber";
    case DataGroup::EmailAddress:
        return "EmailAddress";
    }
    return "";
}

std::vector<std::string> attributesOf(const office::Service& service)
{
    std::vector<std::string> names;
    for (const DataGroup group : service.groups)
        names.emplace_back(attributeName(group));
    return names;
}

/// Out of the form, wiped there. Empty when the form had no such field.
Secret takeTyped(Exchange& exchange, const std::string& field)
{
    std::string& typed = exchange.fields[field];
    Secret secret{std::string_view(typed)};
    wipe(typed);
    wipe(exchange.request.body);
    return secret;
}

/// Throws NotFound when the town has taken the service away since.
const office::Service& requiredService(const House& house, const Visit& visit)
{
    const auto* service = house.serviceOf(visit);
    if (!service)
        throw Error(ErrorCode::NotFound, "service of a visit");
    return *service;
}

std::optional<ShownCertificate> certificateShown(const House& house)
{
    auto shown = house.doors.signer ? house.doors.signer->shown() : std::nullopt;
    if (shown && shown->subject.empty())
        shown.reset();
    return shown;
}

} // namespace

Reply showNotice(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (!visit.allows(VisitEvent::Consented))
        return redirect(addressOf(visit.step));
    house.visits.touch(visit);
    const auto& service = requiredService(house, visit);
    page::NoticePage view;
    view.serviceName = office::textIn(service.name, visit.language);
    view.attributes = attributesOf(service);
    view.reviewedTranslation = visit.language == "de" || visit.language == "en";
    if (const auto shown = certificateShown(house))
        view.reads = shown->subject;
    return house.kioskPage(exchange, view);
}

Reply showCertificate(House& house, Exchange& exchange)
{
    const auto shown = certificateShown(house);
    if (!shown)
        return redirect(addressOf(exchange.visit->step));
    house.visits.touch(*exchange.visit);
    return house.kioskPage(exchange, page::CertificatePage{shown->subject, shown->subjectUrl,
                                                           shown->issuer, shown->issuerUrl,
                                                           shown->terms, shown->validUntil});
}

Reply consent(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    if (exchange.field("consent") != "yes")
        throw Error(ErrorCode::RequestMalformed, "consent");
    house.advance(visit, VisitEvent::Consented);
    return redirect(addressOf(visit.step));
}

Reply showCard(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step == Step::Notice || !visit.allows(VisitEvent::PinEntered))
        return redirect(addressOf(visit.step));
    house.visits.touch(visit);
    page::CardPage view;
    view.attributes = attributesOf(requiredService(house, visit));
    view.wrongPinTriesLeft = visit.wrongPinTriesLeft;
    view.pinIncomplete = visit.pinIncomplete;
    view.fewTriesLeft = visit.fewTriesLeft;
    view.atReader = house.cardReading.hasKeypad();
    view.asksCan = visit.needsCan;
    view.wrongCan = visit.wrongCan;
    return house.kioskPage(exchange, view);
}

Reply readCard(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    const Secret pin = takeTyped(exchange, "pin");
    const Secret can = takeTyped(exchange, "can");
    visit.wrongPinTriesLeft.reset();
    visit.fewTriesLeft.reset();
    visit.wrongCan = false;
    const bool atReader = house.cardReading.hasKeypad() && pin.empty();
    visit.pinIncomplete = (!atReader && !isDigits(pin, 6)) || (visit.needsCan && !isDigits(can, 6));
    if (isDigits(pin, 5) && !visit.needsCan) { // the letter's transport PIN, most likely
        visit.pinIncomplete = false;
        visit.cardProblem = "TransportPin";
        house.advance(visit, VisitEvent::CardFailed);
        return redirect(addressOf(visit.step));
    }
    if (visit.pinIncomplete) // never shown to the card, so it costs no try
        return redirect("/visit/card");
    requiredService(house, visit);
    if (house.cardReading.impossible()) {
        visit.cardProblem = "DeviceFailed";
        house.advance(visit, VisitEvent::CardFailed);
        return redirect(addressOf(visit.step));
    }
    house.advance(visit, VisitEvent::PinEntered);
    house.cardReading.start(visit, pin, visit.needsCan ? can : Secret());
    return redirect(addressOf(visit.step));
}

Reply skipCard(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    if (visit.checksInByCard) {
        leaveCheckInByCard(house, visit);
        return redirect("/visit/check-in");
    }
    visit.forgetCard();
    house.advance(visit, VisitEvent::Skipped);
    return redirect(addressOf(visit.step));
}

Reply showReading(House& house, Exchange& exchange)
{
    const Visit& visit = *exchange.visit;
    if (visit.step != Step::Reading)
        return redirect(visit.atCheckIn ? "/visit/check-in" : addressOf(visit.step));
    return house.kioskPage(exchange, page::ReadingPage{std::string(amt::name(visit.identityStep))});
}

Reply cancelReading(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    house.visits.touch(visit);
    if (visit.step == Step::Reading) {
        house.cardReading.cancel(visit);
        visit.readNumber = 0; // whatever that read still says is no longer for this visit
        house.advance(visit, VisitEvent::CardWanted);
    }
    return redirect(addressOf(visit.step));
}

Reply showCardProblem(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step != Step::CardProblem)
        return redirect(addressOf(visit.step));
    house.visits.touch(visit);
    page::CardProblemPage view;
    view.outcome = visit.cardProblem.empty() ? "DeviceFailed" : visit.cardProblem;
    view.canRetry = canRetry(view.outcome) && !house.cardReading.impossible();
    house.cardReading.lookAtReader(); // it may be another one by now
    return house.kioskPage(exchange, view);
}

} // namespace amt::node

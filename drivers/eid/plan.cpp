// SPDX-License-Identifier: EUPL-1.2
//
// What a request may ask of a card, worked out before the card hears anything.
#include "drivers/eid/plan.h"

#include "drivers/eid/authentication.h"
#include "drivers/eid/outcome.h"

#include <algorithm>

namespace amt::eid {
namespace {

constexpr std::size_t pinDigits = 6, transportPinDigits = 5, canDigits = 6, pukDigits = 10;

bool isDigits(std::string_view text, std::size_t count)
{
    return text.size() == count && std::all_of(text.begin(), text.end(), [](char digit) {
               return digit >= '0' && digit <= '9';
           });
}

void need(const Secret& secret, std::size_t digits, const char* what)
{
    if (!isDigits(secret.revealText(), digits))
        throw Error(ErrorCode::InputMalformed, what);
}

/// PIN and PUK come from the reader's keypad, so there must be none here.
void checkWithoutSecrets(const IdentityRequest& request)
{
    const bool fits = request.purpose == IdentityPurpose::Read ||
                      request.purpose == IdentityPurpose::ResumePin ||
                      request.purpose == IdentityPurpose::UnblockPin;
    if (!fits || !request.pin.empty() || !request.puk.empty() || !request.newPin.empty())
        throw Error(ErrorCode::InputMalformed, "what the reader's keypad cannot give");
    if (request.purpose == IdentityPurpose::ResumePin)
        need(request.can, canDigits, "a CAN has six digits");
}

void checkPasswords(const IdentityRequest& request)
{
    const auto needPin = [&] {
        if (isDigits(request.pin.revealText(), transportPinDigits))
            end(TransportPin{});
        need(request.pin, pinDigits, "a PIN has six digits");
    };
    if (!request.can.empty())
        need(request.can, canDigits, "a CAN has six digits");
    if (request.entry == PasswordEntry::AtReader)
        return checkWithoutSecrets(request);
    switch (request.purpose) {
    case IdentityPurpose::Look:
    case IdentityPurpose::LookAtReader:
        return;
    case IdentityPurpose::Read:
        if (request.can.empty() || !request.pin.empty())
            needPin();
        return;
    case IdentityPurpose::ChangePin:
        if (!isDigits(request.pin.revealText(), transportPinDigits))
            need(request.pin, pinDigits, "a PIN has six digits, a transport PIN five");
        return need(request.newPin, pinDigits, "a new PIN has six digits");
    case IdentityPurpose::ResumePin:
        need(request.can, canDigits, "a CAN has six digits");
        if (!isDigits(request.pin.revealText(), transportPinDigits))
            need(request.pin, pinDigits, "a PIN has six digits");
        return;
    case IdentityPurpose::UnblockPin:
        return need(request.puk, pukDigits, "a PUK has ten digits");
    case IdentityPurpose::SetPin:
        need(request.can, canDigits, "a CAN has six digits");
        return need(request.newPin, pinDigits, "a new PIN has six digits");
    }
}

/// Digits, two in a byte, as DG18 has them.
Bytes packedPrefix(const std::string& digits)
{
    if (digits.size() % 2 != 0 || !isDigits(digits, digits.size()))
        throw Error(ErrorCode::InputMalformed, "a municipality has digits, two by two");
    return fromHex(digits);
}

void planQuestions(const IdentityRequest& request, Plan& plan)
{
    Bytes templates;
    const auto ask = [&](Question question, ByteView data) {
        append(templates, auxiliaryTemplate(question, data));
    };
    plan.asksAge = request.bornUntil.has_value();
    if (plan.asksAge)
        ask(Question::Age, dateDigits(*request.bornUntil));
    plan.asksValidity = plan.purpose == IdentityPurpose::Read &&
                        (plan.groups.empty() || plan.groups.front() != DataGroup::DateOfExpiry);
    if (plan.asksValidity)
        ask(Question::Validity, dateDigits(plan.today));
    plan.asksPlace = !request.municipalityPrefix.empty();
    if (plan.asksPlace)
        ask(Question::Place, packedPrefix(request.municipalityPrefix));
    plan.auxiliaryData = auxiliaryData(templates);
}

void planRights(const IdentityRequest& request, Plan& plan)
{
    std::vector<SpecialRight> special;
    const auto want = [&](bool wanted, SpecialRight right) {
        if (wanted)
            special.push_back(right);
    };
    want(request.bornUntil.has_value(), SpecialRight::AgeVerification);
    want(!request.municipalityPrefix.empty(), SpecialRight::PlaceVerification);
    want(!request.sectorKey.empty(), SpecialRight::RestrictedIdentification);
    want(plan.password == CardPassword::Can, SpecialRight::CanAllowed);
    want(plan.purpose == IdentityPurpose::SetPin, SpecialRight::PinManagement);

    const bool reads = plan.purpose == IdentityPurpose::Read;
    plan.rights = Rights::toRead(reads ? request.groups : std::set<DataGroup>{});
    for (const auto right : special)
        plan.rights = plan.rights.with(right);
    for (const auto& certificate : plan.certificates)
        plan.rights = plan.rights & certificate.rights;
    for (const auto right : special) {
        if (!plan.rights.may(right))
            throw Error(ErrorCode::CertificateUnusable,
                        "certificate does not allow a function that is asked for");
    }
    if (reads) {
        for (const auto group : request.groups) {
            if (plan.rights.mayRead(group))
                plan.groups.push_back(group);
        }
    }
    if (plan.groups.empty() && special.empty() && request.revocationKey.empty())
        throw Error(ErrorCode::CertificateUnusable, "certificate allows nothing that is asked for");
    if (plan.password == CardPassword::Can && reads && plan.groups.empty() && special.size() == 1 &&
        request.revocationKey.empty())
        throw Error(ErrorCode::CertificateUnusable, "certificate allows nothing that is asked for");
    std::stable_partition(plan.groups.begin(), plan.groups.end(),
                          [](DataGroup group) { return group == DataGroup::DateOfExpiry; });
}

} // namespace

Plan planFor(const IdentityRequest& request)
{
    checkPasswords(request);
    Plan plan;
    plan.purpose = request.purpose;
    plan.today = localDate(request.now);
    if (plan.purpose != IdentityPurpose::Read && plan.purpose != IdentityPurpose::SetPin)
        return plan;
    const bool hasPin = !request.pin.empty() || request.entry == PasswordEntry::AtReader;
    plan.password =
        plan.purpose == IdentityPurpose::SetPin || !hasPin ? CardPassword::Can : CardPassword::Pin;
    for (const auto& encoded : request.certificates.chain)
        plan.certificates.push_back(parseCvCertificate(encoded));
    checkChain(plan.certificates, plan.today);
    hashOfKey(plan.certificates.back()); // what the signer will need
    if (!request.certificates.description.empty())
        checkDescription(plan.certificates.back(), request.certificates.description);
    planRights(request, plan);
    planQuestions(request, plan);
    return plan;
}

} // namespace amt::eid

// SPDX-License-Identifier: EUPL-1.2
//
// How a read ends before its last step.
#include "drivers/eid/outcome.h"

#include <array>

namespace amt::eid {

void end(IdentityOutcome outcome)
{
    throw Ended{std::move(outcome)};
}

std::string hexStatus(std::uint16_t status)
{
    const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(status >> 8),
                                            static_cast<std::uint8_t>(status)};
    return toHex(bytes);
}

void expectOk(const AnswerApdu& answer, ErrorCode code, const char* step)
{
    if (answer.status != statusOk)
        throw Error(code, std::string(step) + ": status " + hexStatus(answer.status));
}

DynamicData::DynamicData(const AnswerApdu& answer)
    : _bytes(answer.data), _objects(parseTlv(parseOne(_bytes, 0x7C).value))
{}

std::optional<Bytes> DynamicData::maybe(Tag tag) const
{
    const auto object = find(_objects, tag);
    if (!object)
        return std::nullopt;
    return Bytes(object->value.begin(), object->value.end());
}

} // namespace amt::eid

// SPDX-License-Identifier: EUPL-1.2
//
// How a read ends before its last step: ordinary ends are thrown to where it began. Inside
// drivers/eid only.
#pragma once

#include "drivers/eid/apdu.h"
#include "drivers/eid/tlv.h"
#include "drivers/port/identity.h"

#include <optional>
#include <string>
#include <vector>

namespace amt::eid {

struct Ended {
    IdentityOutcome outcome;
};

[[noreturn]] void end(IdentityOutcome outcome);
std::string hexStatus(std::uint16_t status);
/// Throws `code` for every status but success.
void expectOk(const AnswerApdu& answer, ErrorCode code, const char* step);

/// Dynamic authentication data of an answer to GENERAL AUTHENTICATE.
class DynamicData {
public:
    explicit DynamicData(const AnswerApdu& answer);
    DynamicData(const DynamicData&) = delete; // the objects look into the bytes
    DynamicData& operator=(const DynamicData&) = delete;

    ByteView get(Tag tag) const { return only(_objects, tag).value; }
    std::optional<Bytes> maybe(Tag tag) const;

private:
    Bytes _bytes;
    std::vector<TlvObject> _objects;
};

} // namespace amt::eid

// SPDX-License-Identifier: EUPL-1.2
//
// Secure messaging with AES (TR-03110-3 F): commands go out encrypted and authenticated, answers
// are believed only then.
#pragma once

#include "drivers/eid/apdu.h"
#include "drivers/eid/crypto.h"

namespace amt::eid {

class SecureMessaging {
public:
    /// `counter` is the send sequence counter before the first command: 0 but for known answers.
    SecureMessaging(const CipherSuite& suite, Secret encryptionKey, Secret macKey,
                    std::uint64_t counter = 0);

    /// The command under the next counter. StepOutOfOrder once an answer failed.
    CommandApdu protect(const CommandApdu& command);
    /// Throws CardRefused for an answer without protection (the card has given up the channel) and
    /// CardAnswerMalformed for one with a wrong code. After either the channel is of no more use.
    AnswerApdu unprotect(const AnswerApdu& answer);

private:
    Bytes nextCounter();

    const CipherSuite* _suite;
    Secret _encryptionKey;
    Secret _macKey;
    std::uint64_t _counter;
    bool _broken = false;
};

} // namespace amt::eid

// SPDX-License-Identifier: EUPL-1.2
//
// Failures: amt::Error with its code, and AMT_ASSERT for bugs. config/errors.tsv says what each
// code means to whom.
#pragma once

#include <Poco/Exception.h>

#include <span>
#include <string>
#include <string_view>

namespace amt {

// One line for each code; config/errors.tsv has one row for each, and a test holds the two
// together.
#define AMT_ERROR_CODES(X)                                                                         \
    /* what came in */                                                                             \
    X(InputMalformed)                                                                              \
    X(InputTooLarge)                                                                               \
    X(JsonMalformed)                                                                               \
    X(FormFieldUnexpected)                                                                         \
    X(TextNotAllowed)                                                                              \
    /* the store */                                                                                \
    X(StoreFailed)                                                                                 \
    X(StoreNewer)                                                                                  \
    X(StoreFull)                                                                                   \
    X(DatabaseUnavailable)                                                                         \
    X(JournalBroken)                                                                               \
    X(VersionConflict)                                                                             \
    X(NotFound)                                                                                    \
    /* HTTP */                                                                                     \
    X(RequestMalformed)                                                                            \
    X(MethodNotAllowed)                                                                            \
    X(HostForeign)                                                                                 \
    X(OriginForeign)                                                                               \
    X(SessionUnknown)                                                                              \
    X(NotSignedIn)                                                                                 \
    X(NotAllowed)                                                                                  \
    X(StepOutOfOrder)                                                                              \
    X(Overloaded)                                                                                  \
    /* cards */                                                                                    \
    X(CardAnswerMalformed)                                                                         \
    X(CardRefused)                                                                                 \
    X(CardForged)                                                                                  \
    X(CardGone)                                                                                    \
    X(CertificateUnusable)                                                                         \
    X(ReaderFailed)                                                                                \
    /* terminals and printers */                                                                   \
    X(TerminalFrameMalformed)                                                                      \
    X(TerminalSpeaksOther)                                                                         \
    X(TerminalUnreachable)                                                                         \
    X(TerminalNotReady)                                                                            \
    X(PrinterFailed)                                                                               \
    /* between processes */                                                                        \
    X(BrokerMessageUnexpected)                                                                     \
    X(BrokerGone)                                                                                  \
    X(PeerForeign)                                                                                 \
    /* sealing and sending */                                                                      \
    X(EnvelopeMalformed)                                                                           \
    X(EnvelopeNotOurs)                                                                             \
    X(KeyUnusable)                                                                                 \
    X(SignatureInvalid)                                                                            \
    X(EventRefused)                                                                                \
    X(EventEarly)                                                                                  \
    X(PortalRefused)                                                                               \
    X(PortalAnswerMalformed)                                                                       \
    /* setting up */                                                                               \
    X(ConfigurationInvalid)                                                                        \
    X(SystemFailed)

enum class ErrorCode {
#define AMT_ERROR_CODE(name) name,
    AMT_ERROR_CODES(AMT_ERROR_CODE)
#undef AMT_ERROR_CODE
};

/// The enumerator's name, as in config/errors.tsv.
std::string_view name(ErrorCode code);
std::span<const ErrorCode> allErrorCodes();

/// Work that could not be done. `detail` is for the log: no personal data, no keys, no input.
class Error : public Poco::RuntimeException {
public:
    Error(ErrorCode code, const std::string& detail);

    ErrorCode errorCode() const { return _code; }

    const char* name() const noexcept override;
    const char* className() const noexcept override;
    Poco::Exception* clone() const override;
    void rethrow() const override;

private:
    ErrorCode _code;
};

/// A broken invariant: logs and aborts, in production too.
[[noreturn]] void assertionFailed(const char* condition, const char* file, int line);

} // namespace amt

#define AMT_ASSERT(condition)                                                                      \
    ((condition) ? static_cast<void>(0) : ::amt::assertionFailed(#condition, __FILE__, __LINE__))

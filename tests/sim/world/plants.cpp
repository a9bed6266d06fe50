// SPDX-License-Identifier: EUPL-1.2
//
// The plants, by name and by what they do wrong.
#include "tests/sim/world/plants.h"

#include "appliance/core/error.h"
#include "drivers/zvt/zvt.h"

#include <array>

namespace amt::sim {
namespace {

constexpr std::array<std::pair<Plant, std::string_view>, 5> plants = {
    {{Plant::None, "none"},
     {Plant::SilenceMeansDeclined, "silence-means-declined"},
     {Plant::IntentAfterSending, "intent-after-sending"},
     {Plant::AcknowledgeBeforeCommit, "acknowledge-before-commit"},
     {Plant::RetryAnnouncesSecondCase, "retry-announces-second-case"}}};

/// Plant: what a till writer does who takes silence for a no.
class SilenceIsNo : public PaymentTerminal {
public:
    explicit SilenceIsNo(std::unique_ptr<PaymentTerminal> real) : _real(std::move(real)) {}
    void authorise(PaymentOrder order, Callbacks callbacks) override
    {
        _real->authorise(std::move(order), changed(std::move(callbacks)));
    }
    void abort() override { _real->abort(); }
    void resolve(PaymentOrder order, Callbacks callbacks) override
    {
        _real->resolve(std::move(order), changed(std::move(callbacks)));
    }

private:
    static Callbacks changed(Callbacks callbacks)
    {
        callbacks.done = [done = callbacks.done](PaymentOutcome outcome) {
            if (std::holds_alternative<PaymentUnresolved>(outcome)) {
                TerminalRecord record;
                record.result = zvt::ResultCodes::NotPaid;
                outcome = PaymentDeclined{record};
            }
            done(std::move(outcome));
        };
        return callbacks;
    }

    std::unique_ptr<PaymentTerminal> _real;
};

/// Plant: the order goes to the terminal first and into the book afterwards.
class SendsFirst : public PaymentTerminal {
public:
    SendsFirst(std::unique_ptr<PaymentTerminal> real, EventLoop& loop)
        : _real(std::move(real)), _loop(loop)
    {}
    void authorise(PaymentOrder order, Callbacks callbacks) override
    {
        callbacks.evidence = [this, told = callbacks.evidence](PaymentEvidence evidence,
                                                               std::optional<TerminalRecord> record,
                                                               std::function<void()> committed) {
            if (evidence != PaymentEvidence::Sent)
                return told(evidence, std::move(record), std::move(committed));
            committed();
            _loop.after(std::chrono::seconds(4),
                        [told, record] { told(PaymentEvidence::Sent, record, [] {}); });
        };
        _real->authorise(std::move(order), std::move(callbacks));
    }
    void abort() override { _real->abort(); }
    void resolve(PaymentOrder order, Callbacks callbacks) override
    {
        _real->resolve(std::move(order), std::move(callbacks));
    }

private:
    std::unique_ptr<PaymentTerminal> _real;
    EventLoop& _loop;
};

/// Plant: an answer that got lost is taken for a submission that got lost, and the case is
/// announced anew.
class AnnouncesAgain : public portal::PortalLink {
public:
    explicit AnnouncesAgain(std::unique_ptr<portal::PortalLink> real, RandomSource& random)
        : _real(std::move(real)), _random(random)
    {}
    void destination(const std::string& id, portal::Reply<portal::DestinationInfo> reply) override
    {
        _real->destination(id, std::move(reply));
    }
    void destinationKey(const std::string& id, const std::string& kid,
                        portal::Reply<std::string> reply) override
    {
        _real->destinationKey(id, kid, std::move(reply));
    }
    void serviceKeys(portal::Reply<std::string> reply) override
    {
        _real->serviceKeys(std::move(reply));
    }
    void announce(const portal::Announcement& announcement,
                  portal::Reply<portal::Announced> reply) override
    {
        _announcement = announcement;
        _real->announce(announcement, std::move(reply));
    }
    void putAttachment(const std::string& submissionId, const std::string& attachmentId,
                       std::string jwe, portal::Reply<portal::Done> reply) override
    {
        _real->putAttachment(submissionId, attachmentId, std::move(jwe), std::move(reply));
    }
    void submit(const std::string& submissionId, std::string metadata, std::string data,
                portal::Reply<portal::Done> reply) override
    {
        _real->submit(
            submissionId, metadata, data,
            [this, metadata, data, reply](portal::Answer<portal::Done> answer) {
                if (std::holds_alternative<portal::Unknown>(answer)) {
                    auto again = _announcement;
                    again.envelopeId = randomUuid(_random);
                    _real->announce(again, [this, metadata,
                                            data](portal::Answer<portal::Announced> announced) {
                        if (const auto* ids = std::get_if<portal::Announced>(&announced))
                            _real->submit(ids->submissionId, metadata, data, [](const auto&) {});
                    });
                }
                reply(std::move(answer));
            });
    }
    void events(const std::string& caseId, int offset,
                portal::Reply<std::vector<std::string>> reply) override
    {
        _real->events(caseId, offset, std::move(reply));
    }

private:
    std::unique_ptr<portal::PortalLink> _real;
    RandomSource& _random;
    portal::Announcement _announcement;
};

} // namespace

std::unique_ptr<PaymentTerminal> planted(Plant plant, std::unique_ptr<PaymentTerminal> real,
                                         EventLoop& loop)
{
    if (plant == Plant::SilenceMeansDeclined)
        return std::make_unique<SilenceIsNo>(std::move(real));
    if (plant == Plant::IntentAfterSending)
        return std::make_unique<SendsFirst>(std::move(real), loop);
    return real;
}

std::unique_ptr<portal::PortalLink> planted(Plant plant, std::unique_ptr<portal::PortalLink> real,
                                            RandomSource& random)
{
    if (plant == Plant::RetryAnnouncesSecondCase)
        return std::make_unique<AnnouncesAgain>(std::move(real), random);
    return real;
}

Plant plantFromName(const std::string& text)
{
    for (const auto& [plant, plantName] : plants) {
        if (plantName == text)
            return plant;
    }
    throw Error(ErrorCode::NotFound, "no such plant");
}

std::string_view name(Plant plant)
{
    return plants[static_cast<std::size_t>(plant)].second;
}

} // namespace amt::sim

// SPDX-License-Identifier: EUPL-1.2
//
// One look: list, then each submission with its attachments, then the signed word. Whatever gets no
// good answer ends the look; the next one begins from the list.
#include "tests/fleet/office.h"

#include "sync/portal/words.h"
#include "tests/fleet/region.h"

namespace amt::fleet {
namespace {

constexpr std::size_t submissionBytesMax = 32 * 1024 * 1024;

HttpRequest get(const std::string& path, const std::string& query = {})
{
    return {.method = "GET", .path = path, .query = query, .headers = {}, .body = {}, .peer = {}};
}

HttpRequest post(const std::string& path, std::string_view type, std::string body)
{
    return {.method = "POST",
            .path = path,
            .query = {},
            .headers = {{"content-type", std::string(type)}},
            .body = std::move(body),
            .peer = {}};
}

} // namespace

Office::Office(int town, const Addresses& addresses, std::size_t firstAddress, EventLoop& loop,
               RandomSource& random, Register& told, Meter& meter)
    : _town(town), _loop(loop), _random(random), _told(told),
      _line(addresses, firstAddress, loop, meter)
{}

void Office::look()
{
    if (std::exchange(_busy, true))
        return;
    _token.empty() ? signIn() : list();
}

void Office::ask(HttpRequest request, Then then)
{
    request.headers["user-agent"] = "amt-fleet";
    if (!_token.empty())
        request.headers["authorization"] = "Bearer " + _token;
    _line.send(std::move(request), [this, then = std::move(then)](const HttpAnswer& answer) {
        const auto* response = std::get_if<HttpResponse>(&answer);
        if (response && response->status == 401)
            _token.clear();
        if (!response || response->status < 200 || response->status > 299)
            return end();
        then(*response);
    });
}

void Office::signIn()
{
    ask(post("/token", portal::formType,
             writeForm({{"grant_type", "client_credentials"},
                        {"client_id", officeClient(_town)},
                        {"client_secret", secretOf(officeClient(_town))}})),
        [this](const HttpResponse& response) {
            _token = portal::readToken(response.body).accessToken;
            list();
        });
}

void Office::list()
{
    ask(get(std::string(portal::submissionsPath),
            "destinationId=" + destinationOf(_town) + "&limit=100"),
        [this](const HttpResponse& response) {
            _waiting.clear();
            for (const auto& entry : portal::readWaiting(response.body).submissions) {
                if (_accepted.contains(entry.submissionId))
                    _told.wrong("waits again after its acceptance: " + entry.submissionId);
                _waiting.push_back({entry.submissionId, entry.caseId, {}, {}});
            }
            fetchNext();
        });
}

void Office::fetchNext()
{
    if (_waiting.empty())
        return end();
    ask(get(portal::submissionPath(_waiting.back().submissionId)),
        [this](const HttpResponse& response) {
            auto& fetched = _waiting.back();
            const auto body = portal::readSubmission(response.body, submissionBytesMax);
            fetched.tags.metadata = envelope::tagOf(body.parts.metadata);
            fetched.tags.data = envelope::tagOf(body.parts.data);
            fetched.attachments = body.attachmentIds;
            const auto [known, isNew] = _seen.emplace(fetched.tags.data, fetched.submissionId);
            if (!isNew && known->second != fetched.submissionId)
                _told.wrong("one case came twice: " + fetched.submissionId);
            fetchAttachment(0);
        });
}

void Office::fetchAttachment(std::size_t index)
{
    auto& fetched = _waiting.back();
    if (index == fetched.attachments.size())
        return accept();
    ask(get(portal::attachmentPath(fetched.submissionId, fetched.attachments[index])),
        [this, index](const HttpResponse& response) {
            auto& now = _waiting.back();
            now.tags.attachments[now.attachments[index]] = envelope::tagOf(response.body);
            fetchAttachment(index + 1);
        });
}

void Office::accept()
{
    const auto& fetched = _waiting.back();
    const auto token =
        envelope::signEvent({.id = randomUuid(_random),
                             .issuer = destinationOf(_town),
                             .issuedAt = std::chrono::floor<std::chrono::seconds>(_loop.utcNow()),
                             .submissionId = fetched.submissionId,
                             .caseId = fetched.caseId,
                             .kind = envelope::EventKind::Accept,
                             .tags = fetched.tags,
                             .problems = {}},
                            destinationSigningKey(), signingKid);
    ask(post(portal::caseEventsPath(fetched.caseId), portal::joseType, token),
        [this](const HttpResponse&) {
            _accepted.insert(_waiting.back().submissionId);
            _waiting.pop_back();
            fetchNext();
        });
}

} // namespace amt::fleet

// SPDX-License-Identifier: EUPL-1.2
//
// Scans that come to a desk: a case that waits for one, and files as a browser sends them.
#pragma once

#include "tests/node/town.h"
#include "tests/node/ways.h"

#include <algorithm>
#include <memory>

namespace amt::test {

/// A body as the front gives it; `breaksAfter`: the line is cut after so many bytes.
class SentBody : public BodyPieces {
public:
    SentBody(EventLoop& loop, std::string body, std::size_t piece = 192 * 1024,
             std::size_t breaksAfter = std::string::npos)
        : _loop(loop), _body(std::move(body)), _piece(piece), _breaksAfter(breaksAfter)
    {}
    void next(std::function<void(std::optional<std::string_view>)> take) override
    {
        _loop.post([this, take = std::move(take)] {
            if (_at >= _breaksAfter)
                return take(std::nullopt);
            const auto size = std::min({_piece, _body.size() - _at, _breaksAfter - _at});
            const auto piece = std::string_view(_body).substr(_at, size);
            _at += size;
            take(piece);
        });
    }

private:
    EventLoop& _loop;
    std::string _body;
    std::size_t _at = 0, _piece, _breaksAfter;
};

constexpr auto formBoundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

inline std::string formBody(const std::string& key, const std::string& filename,
                            const std::string& bytes)
{
    const std::string line = std::string("--") + formBoundary;
    return line + "\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n" + key + "\r\n" + line +
           "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + filename +
           "\"\r\nContent-Type: application/octet-stream\r\n\r\n" + bytes + "\r\n" + line +
           "--\r\n";
}

/// As a browser sends it from the page on the screen.
inline HttpRequest scanRequest(const Browser& desk, const std::string& caseId, EventLoop& loop,
                               const std::string& body, std::size_t piece = 192 * 1024,
                               std::size_t breaksAfter = std::string::npos)
{
    auto request = desk.request("POST", "/desk/cases/" + caseId + "/attachments");
    request.body.clear();
    request.headers["content-type"] = std::string("multipart/form-data; boundary=") + formBoundary;
    request.headers["content-length"] = std::to_string(body.size());
    request.pieces = std::make_shared<SentBody>(loop, body, piece, breaksAfter);
    return request;
}

/// Opens the page, sends the file; the answer as it is.
inline HttpResponse addScan(Town& town, Browser& desk, const std::string& filename,
                            const std::string& bytes, std::size_t piece = 192 * 1024)
{
    const std::string id = onlyCase(town);
    desk.get("/desk/cases/" + id + "/attachments");
    return desk.send(
        scanRequest(desk, id, town.loop, formBody(desk.formKey(), filename, bytes), piece));
}

/// A file that begins as a PDF does; the rest is any bytes.
inline std::string pdfOf(Town& town, std::size_t bytes)
{
    std::string text = "%PDF-1.7\n" + toText(randomBytes(town.random, bytes));
    text.resize(bytes);
    return text;
}

/// Its service asks for two papers, from the next start on.
inline void askForPapers(Town& town, bool free = false)
{
    town.otherService = [free](json::Object& service) {
        auto papers = json::makeArray();
        for (const char* name : {"Fahrzeugschein", "Meldebescheinigung"}) {
            auto paper = json::makeObject();
            paper->set("de", name);
            papers->add(paper);
        }
        service.set("papers", papers);
        if (free)
            service.getArray("fees")->getObject(0)->set("cents", 0);
    };
}

/// A case whose fee is to be paid at the desk, and a clerk who has the key to it.
inline void walkToDesk(Town& town, Browser& kiosk, Browser& desk)
{
    walkToPay(town, kiosk);
    kiosk.post("/visit/pay", {{"action", "desk"}});
    signInFirst(town, desk);
    desk.post("/desk/paper", {{"kept", "yes"}});
}

} // namespace amt::test

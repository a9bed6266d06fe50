// SPDX-License-Identifier: EUPL-1.2
//
// One question to the running node over its admin socket.
#pragma once

#include <string>

namespace amt::ctl {

struct Answer {
    int status = 0;
    std::string body;
};

/// `body` is JSON and sent with POST only. Throws Poco::Exception when nobody answers.
Answer ask(const std::string& socket, const std::string& method, const std::string& path,
           const std::string& body = "{}");

} // namespace amt::ctl

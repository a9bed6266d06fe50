// SPDX-License-Identifier: EUPL-1.2
//
// Templates of one surface in one language: parts and texts are put in once, when they are read.
#pragma once

#include "kiosk/page/texts.h"

#include <kainjow/mustache.hpp>

#include <functional>
#include <list>
#include <map>
#include <string>

namespace amt::page {

using Data = kainjow::mustache::data;

/// Mustache, with two additions that are resolved when a template is read:
/// `[[key]]` is the text of that key, its {name}s filled from the data and set apart with <bdi>;
/// `[[@key]]` the same for attributes, without <bdi>. `{{> part}}` is another template of the
/// folder,
/// `{{> icon/x}}` and `{{> picture/x}}` are drawings. What is inserted is always escaped: `{{{` and
/// `{{&` are refused.
class Templates {
public:
    /// Reads `folder`/`surface`/*.mustache. Throws ConfigurationInvalid.
    Templates(const std::string& folder, const std::string& surface, const std::string& language,
              const Texts& texts);
    /// Of a surface whose words stand in its templates: no `[[key]]`. `pages`: where these are;
    /// `drawings`: the folder above icon/. Throws ConfigurationInvalid.
    Templates(const std::string& pages, const std::string& drawings);

    std::string render(const std::string& name, const Data& data);

private:
    using Finish = std::function<std::string(const std::string& text)>;
    void read(const std::string& pages, const std::string& drawings, const Finish& finish);
    kainjow::mustache::mustache& parsed(const std::string& name);

    /// Finished texts. Parsed, one takes twenty times its size, and most are looked at seldom.
    std::map<std::string, std::string> _texts;
    struct Parsed {
        std::string name;
        kainjow::mustache::mustache mustache;
    };
    std::list<Parsed> _parsed; ///< the last ones used, newest first
};

/// For element text and quoted attributes; control characters become U+FFFD.
std::string escapeHtml(const std::string& text);

} // namespace amt::page

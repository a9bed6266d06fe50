// SPDX-License-Identifier: EUPL-1.2
//
// The renderer: reads texts, templates and assets once, then turns views into pages.
#include "kiosk/page/assets.h"
#include "kiosk/page/surfaces.h"

#include <filesystem>

namespace amt::page {

class Renderer::Impl {
public:
    explicit Impl(const std::string& folder)
        : texts(folder + "/text", errorsBeside(folder)), desk(folder, "clerk", "de", texts),
          display(folder, "display", "de", texts), assets(readAssets(folder + "/assets"))
    {
        for (const auto& language : texts.languages())
            kiosk.try_emplace(language, folder, "citizen", language, texts);
    }

    Templates& kioskIn(const std::string& language)
    {
        const auto found = kiosk.find(language);
        return found == kiosk.end() ? kiosk.at("de") : found->second;
    }

    Texts texts;
    std::map<std::string, Templates> kiosk; ///< by language
    Templates desk;
    Templates display;
    std::map<std::string, Asset> assets;

private:
    static std::string errorsBeside(const std::string& folder)
    {
        return (std::filesystem::absolute(folder) / ".." / "config" / "errors.tsv")
            .lexically_normal()
            .string();
    }
};

Renderer::Renderer(const std::string& folder) : _impl(std::make_unique<Impl>(folder)) {}

Renderer::~Renderer() = default;

std::string Renderer::kiosk(const Frame& frame, const KioskView& view) const
{
    const auto filled = fillKiosk(_impl->texts, frame, view);
    return _impl->kioskIn(frame.language).render(filled.name, filled.data);
}

std::string Renderer::desk(const DeskFrame& frame, const DeskView& view) const
{
    const auto filled = fillDesk(_impl->texts, frame, view);
    return _impl->desk.render(filled.name, filled.data);
}

std::string Renderer::display(const DisplayView& view) const
{
    const auto filled = fillDisplay(_impl->texts, view);
    return _impl->display.render(filled.name, filled.data);
}

BoardWords Renderer::boardWords(const DisplayPage& view) const
{
    return page::boardWords(_impl->texts, view);
}

std::string Renderer::text(const std::string& language, const std::string& key,
                           const std::vector<std::pair<std::string, std::string>>& parameters) const
{
    return _impl->texts.get(language, key, parameters);
}

std::string Renderer::day(const std::string& language, LocalDate day) const
{
    return _impl->texts.day(language, day);
}

bool Renderer::hasText(const std::string& key) const
{
    return _impl->texts.has("de", key);
}

std::vector<std::string> Renderer::languages() const
{
    return _impl->texts.languages();
}

const Renderer::Asset* Renderer::asset(const std::string& path) const
{
    const auto found = _impl->assets.find(path);
    return found == _impl->assets.end() ? nullptr : &found->second;
}

} // namespace amt::page

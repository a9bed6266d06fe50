// SPDX-License-Identifier: EUPL-1.2
//
// Drawing with Pango and Cairo in grey, then black or white for each dot.
#include "drivers/escpos/drawing.h"

#include "appliance/core/error.h"

#include <pango/pangocairo.h>

#include <algorithm>

#ifdef AMT_ADDRESS_SANITIZER
// fontconfig keeps a few hundred bytes for good, which the leak check of developers' builds takes
// for lost.
extern "C" const char* __lsan_default_suppressions() // NOLINT: its name is the sanitizer's
{
    return "leak:libfontconfig\n";
}
#endif

namespace amt::escpos {
namespace {

struct Unref {
    void operator()(void* object) const { g_object_unref(object); }
};
using Layout = std::unique_ptr<PangoLayout, Unref>;
using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;
using Context = std::unique_ptr<cairo_t, decltype(&cairo_destroy)>;

constexpr int normalDots = 25; ///< em; close to the 24 dots of font A
constexpr int gapDots = 16;    ///< between the two parts of a pair

// One text with the letters that draw on other glyph tables: composed, with combining marks,
// superscript-like.
constexpr const char* probe = "Aßẞ ʿḤ Ș ș ſ K͟h M̂ R̥ ȷ̌ ’ ′ – „“ Ω";

} // namespace

class Drawing::Impl {
public:
    explicit Impl(std::size_t width)
        : _width(static_cast<int>(width)), _fonts(pango_cairo_font_map_new())
    {
        pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(_fonts.get()), 72);
        _context.reset(pango_font_map_create_context(_fonts.get()));
        cairo_font_options_t* const options = cairo_font_options_create();
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_FULL);
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_ON);
        pango_cairo_context_set_font_options(_context.get(), options);
        cairo_font_options_destroy(options);
    }

    Layout layout(const std::string& text, Weight weight, Size size, int width) const
    {
        Layout layout(pango_layout_new(_context.get()));
        PangoFontDescription* const font = pango_font_description_new();
        pango_font_description_set_family(font, "Noto Sans");
        pango_font_description_set_weight(font, weight == Weight::Bold ? PANGO_WEIGHT_BOLD
                                                                       : PANGO_WEIGHT_NORMAL);
        pango_font_description_set_absolute_size(font, (size == Size::Large ? 2 : 1) * normalDots *
                                                           PANGO_SCALE);
        pango_layout_set_font_description(layout.get(), font);
        pango_font_description_free(font);
        pango_layout_set_text(layout.get(), text.data(), static_cast<int>(text.size()));
        pango_layout_set_auto_dir(layout.get(), FALSE);
        pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
        pango_layout_set_width(layout.get(), width * PANGO_SCALE);
        return layout;
    }

    struct Placed {
        PangoLayout* layout;
        int y;
    };

    /// Ink may reach beyond the lines (accents), so the picture is a little higher than they are.
    Bitmap draw(std::initializer_list<Placed> placed, int height) const
    {
        constexpr int margin = 3;
        const int rows = height + 2 * margin;
        const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_A8, _width, rows),
                              &cairo_surface_destroy);
        {
            const Context context(cairo_create(surface.get()), &cairo_destroy);
            for (const auto& [layout, y] : placed) {
                cairo_move_to(context.get(), 0, margin + y);
                pango_cairo_show_layout(context.get(), layout);
            }
        }
        cairo_surface_flush(surface.get());
        const unsigned char* const grey = cairo_image_surface_get_data(surface.get());
        const int stride = cairo_image_surface_get_stride(surface.get());
        Bitmap bitmap{.width = static_cast<std::size_t>(_width),
                      .height = static_cast<std::size_t>(rows),
                      .rows = {}};
        bitmap.rows.resize(bitmap.rowBytes() * bitmap.height);
        for (int y = 0; y < rows; ++y) {
            for (int x = 0; x < _width; ++x) {
                if (grey[y * stride + x] >= 0x70)
                    bitmap.rows[static_cast<std::size_t>(y) * bitmap.rowBytes() +
                                static_cast<std::size_t>(x) / 8] |=
                        static_cast<std::uint8_t>(0x80 >> (x % 8));
            }
        }
        return bitmap;
    }

    int width() const { return _width; }

private:
    int _width;
    std::unique_ptr<PangoFontMap, Unref> _fonts;
    std::unique_ptr<PangoContext, Unref> _context;
};

Drawing::Drawing(std::size_t width) : _impl(std::make_unique<Impl>(width))
{
    for (const auto weight : {Weight::Regular, Weight::Bold}) {
        for (const auto size : {Size::Normal, Size::Large})
            (void)text(probe, Align::Left, weight, size);
    }
}

Drawing::~Drawing() = default;

Bitmap Drawing::text(const std::string& text, Align align, Weight weight, Size size) const
{
    const auto layout = _impl->layout(text, weight, size, _impl->width());
    pango_layout_set_alignment(layout.get(), align == Align::Left     ? PANGO_ALIGN_LEFT
                                             : align == Align::Centre ? PANGO_ALIGN_CENTER
                                                                      : PANGO_ALIGN_RIGHT);
    int height = 0;
    pango_layout_get_pixel_size(layout.get(), nullptr, &height);
    return _impl->draw({{layout.get(), 0}}, height);
}

Bitmap Drawing::pair(const std::string& left, const std::string& right, Weight weight) const
{
    const auto rightLayout = _impl->layout(right, weight, Size::Normal, _impl->width());
    pango_layout_set_alignment(rightLayout.get(), PANGO_ALIGN_RIGHT);
    int rightHeight = 0;
    PangoRectangle rightExtents{};
    pango_layout_get_pixel_extents(rightLayout.get(), nullptr, &rightExtents);
    rightHeight = rightExtents.height;

    const int beside = _impl->width() - rightExtents.width - gapDots;
    const bool fits = beside >= _impl->width() / 4;
    const auto leftLayout =
        _impl->layout(left, weight, Size::Normal, fits ? beside : _impl->width());
    int leftHeight = 0;
    pango_layout_get_pixel_size(leftLayout.get(), nullptr, &leftHeight);

    const int rightY = fits ? std::max(0, leftHeight - rightHeight) : leftHeight;
    return _impl->draw({{leftLayout.get(), 0}, {rightLayout.get(), rightY}},
                       std::max(leftHeight, rightY + rightHeight));
}

int Drawing::unknownLetters(const std::string& text) const
{
    return pango_layout_get_unknown_glyphs_count(
        _impl->layout(text, Weight::Regular, Size::Normal, _impl->width()).get());
}

std::vector<Bitmap> bands(const Bitmap& bitmap, std::size_t rows)
{
    std::vector<Bitmap> parts;
    for (std::size_t first = 0; first < bitmap.height; first += rows) {
        const auto height = std::min(rows, bitmap.height - first);
        const auto begin =
            bitmap.rows.begin() + static_cast<std::ptrdiff_t>(first * bitmap.rowBytes());
        parts.push_back({.width = bitmap.width,
                         .height = height,
                         .rows = Bytes(begin, begin + static_cast<std::ptrdiff_t>(
                                                          height * bitmap.rowBytes()))});
    }
    return parts;
}

} // namespace amt::escpos

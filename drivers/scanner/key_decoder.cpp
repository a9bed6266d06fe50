// SPDX-License-Identifier: EUPL-1.2
//
// The two layouts, and codes from their keys.
#include "drivers/scanner/key_decoder.h"

#include <linux/input.h>

#include <span>
#include <utility>

namespace amt::scanner {
namespace {

/// What a key types alone, with Shift, with AltGr; 0: nothing that is printable ASCII.
struct KeyCap {
    std::uint16_t key;
    char plain, shifted, altGr;
};

// Keys by their place, so the German Z types at KEY_Y. Dead keys type nothing alone: 0.
constexpr KeyCap usKeys[] = {
    {KEY_1, '1', '!', 0},           {KEY_2, '2', '@', 0},          {KEY_3, '3', '#', 0},
    {KEY_4, '4', '$', 0},           {KEY_5, '5', '%', 0},          {KEY_6, '6', '^', 0},
    {KEY_7, '7', '&', 0},           {KEY_8, '8', '*', 0},          {KEY_9, '9', '(', 0},
    {KEY_0, '0', ')', 0},           {KEY_MINUS, '-', '_', 0},      {KEY_EQUAL, '=', '+', 0},
    {KEY_LEFTBRACE, '[', '{', 0},   {KEY_RIGHTBRACE, ']', '}', 0}, {KEY_SEMICOLON, ';', ':', 0},
    {KEY_APOSTROPHE, '\'', '"', 0}, {KEY_GRAVE, '`', '~', 0},      {KEY_BACKSLASH, '\\', '|', 0},
    {KEY_COMMA, ',', '<', 0},       {KEY_DOT, '.', '>', 0},        {KEY_SLASH, '/', '?', 0},
    {KEY_Y, 'y', 'Y', 0},           {KEY_Z, 'z', 'Z', 0},
};
constexpr KeyCap deKeys[] = {
    {KEY_1, '1', '!', 0},          {KEY_2, '2', '"', 0},       {KEY_3, '3', 0, 0},
    {KEY_4, '4', '$', 0},          {KEY_5, '5', '%', 0},       {KEY_6, '6', '&', 0},
    {KEY_7, '7', '/', '{'},        {KEY_8, '8', '(', '['},     {KEY_9, '9', ')', ']'},
    {KEY_0, '0', '=', '}'},        {KEY_MINUS, 0, '?', '\\'},  {KEY_RIGHTBRACE, '+', '*', '~'},
    {KEY_BACKSLASH, '#', '\'', 0}, {KEY_102ND, '<', '>', '|'}, {KEY_COMMA, ',', ';', 0},
    {KEY_DOT, '.', ':', 0},        {KEY_SLASH, '-', '_', 0},   {KEY_Q, 'q', 'Q', '@'},
    {KEY_Y, 'z', 'Z', 0},          {KEY_Z, 'y', 'Y', 0},
};
/// The same in both, unless a row above says otherwise.
constexpr KeyCap commonKeys[] = {
    {KEY_A, 'a', 'A', 0},     {KEY_B, 'b', 'B', 0}, {KEY_C, 'c', 'C', 0}, {KEY_D, 'd', 'D', 0},
    {KEY_E, 'e', 'E', 0},     {KEY_F, 'f', 'F', 0}, {KEY_G, 'g', 'G', 0}, {KEY_H, 'h', 'H', 0},
    {KEY_I, 'i', 'I', 0},     {KEY_J, 'j', 'J', 0}, {KEY_K, 'k', 'K', 0}, {KEY_L, 'l', 'L', 0},
    {KEY_M, 'm', 'M', 0},     {KEY_N, 'n', 'N', 0}, {KEY_O, 'o', 'O', 0}, {KEY_P, 'p', 'P', 0},
    {KEY_Q, 'q', 'Q', 0},     {KEY_R, 'r', 'R', 0}, {KEY_S, 's', 'S', 0}, {KEY_T, 't', 'T', 0},
    {KEY_U, 'u', 'U', 0},     {KEY_V, 'v', 'V', 0}, {KEY_W, 'w', 'W', 0}, {KEY_X, 'x', 'X', 0},
    {KEY_SPACE, ' ', ' ', 0},
};

const KeyCap* capOf(std::uint16_t key, KeyLayout layout)
{
    const auto own =
        layout == KeyLayout::Us ? std::span<const KeyCap>(usKeys) : std::span<const KeyCap>(deKeys);
    for (const auto keys : {own, std::span<const KeyCap>(commonKeys)}) {
        for (const auto& cap : keys) {
            if (cap.key == key)
                return &cap;
        }
    }
    return nullptr;
}

} // namespace

std::optional<ScannedLine> KeyDecoder::take(const KeyEvent& event)
{
    if (event.type == EV_SYN && event.code == SYN_DROPPED)
        _spoilt = true;
    if (event.type != EV_KEY || event.value < 0 || event.value > 1)
        return std::nullopt;
    const bool isDown = event.value == 1;
    switch (event.code) {
    case KEY_LEFTSHIFT:
        _leftShift = isDown;
        return std::nullopt;
    case KEY_RIGHTSHIFT:
        _rightShift = isDown;
        return std::nullopt;
    case KEY_RIGHTALT:
        _altGr = isDown;
        return std::nullopt;
    case KEY_ENTER:
    case KEY_KPENTER:
        return isDown ? end() : std::nullopt;
    default:
        if (isDown)
            type(event.code);
        return std::nullopt;
    }
}

void KeyDecoder::type(std::uint16_t key)
{
    const bool shift = _leftShift || _rightShift;
    const auto* const cap = capOf(key, _layout);
    char typed = 0;
    if (cap && !(shift && _altGr))
        typed = _altGr ? cap->altGr : shift ? cap->shifted : cap->plain;
    if (typed == 0 || _text.size() == scannedCodeMax)
        _spoilt = true;
    if (_spoilt)
        wipe(_text); // nobody gets it, and it does not grow
    else
        _text.push_back(typed);
}

std::optional<ScannedLine> KeyDecoder::pause()
{
    return end();
}

std::optional<ScannedLine> KeyDecoder::end()
{
    if (!isAmidst())
        return std::nullopt;
    auto text = std::exchange(_text, {});
    if (std::exchange(_spoilt, false))
        return CodeUnreadable{};
    return CodeScanned{Personal(std::move(text))};
}

} // namespace amt::scanner

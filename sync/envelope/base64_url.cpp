// SPDX-License-Identifier: EUPL-1.2
//
// Base64url: one loop for each instruction set over the bulk, and one plain loop for the rest.
#include "sync/envelope/base64_url.h"

#include "appliance/core/error.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace amt::envelope {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t noLetter = 0x80; ///< no six bits have it, so that faults add up by "or"

constexpr std::array<std::uint8_t, 256> values = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(noLetter);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return table;
}();

/// How far a loop came; what is left goes to the next slower one.
struct Progress {
    std::size_t read = 0, written = 0;
};

void encodePlain(const std::uint8_t* in, std::size_t size, char* out)
{
    for (; size >= 3; in += 3, out += 4, size -= 3) {
        const std::uint32_t group = static_cast<std::uint32_t>(in[0] << 16 | in[1] << 8 | in[2]);
        out[0] = alphabet[group >> 18];
        out[1] = alphabet[group >> 12 & 63];
        out[2] = alphabet[group >> 6 & 63];
        out[3] = alphabet[group & 63];
    }
    if (size == 0)
        return;
    const int group = in[0] << 8 | (size == 2 ? in[1] : 0);
    out[0] = alphabet[static_cast<std::size_t>(group >> 10)];
    out[1] = alphabet[static_cast<std::size_t>(group >> 4 & 63)];
    if (size == 2)
        out[2] = alphabet[static_cast<std::size_t>(group << 2 & 63)];
}

bool decodePlain(std::string_view text, std::uint8_t* out)
{
    const auto value = [&text](std::size_t at) -> std::uint32_t {
        return values[static_cast<unsigned char>(text[at])];
    };
    std::uint32_t faults = 0;
    std::size_t at = 0;
    for (; at + 4 <= text.size(); at += 4, out += 3) {
        const std::uint32_t a = value(at), b = value(at + 1), c = value(at + 2), d = value(at + 3);
        faults |= a | b | c | d;
        const std::uint32_t group = a << 18 | b << 12 | c << 6 | d;
        out[0] = static_cast<std::uint8_t>(group >> 16);
        out[1] = static_cast<std::uint8_t>(group >> 8);
        out[2] = static_cast<std::uint8_t>(group);
    }
    const std::size_t rest = text.size() - at;
    if (rest == 1)
        return false;
    if (rest > 1) {
        const std::uint32_t a = value(at), b = value(at + 1), c = rest == 3 ? value(at + 2) : 0;
        faults |= a | b | c;
        const std::uint32_t group = a << 18 | b << 12 | c << 6;
        out[0] = static_cast<std::uint8_t>(group >> 16);
        if (rest == 3)
            out[1] = static_cast<std::uint8_t>(group >> 8);
        if ((group & (rest == 3 ? 0xffU : 0xffffU)) != 0)
            return false; // bits after the end
    }
    return (faults & noLetter) == 0;
}

#if defined(__x86_64__)

// The arithmetic of the vectors is that of W. Muła and D. Lemire, "Faster Base64 Encoding and
// Decoding using AVX2 Instructions" (2018) and "Base64 encoding and decoding at almost the speed of
// a memory copy" (2020), with the URL alphabet and whole refusal.

/// Twelve bytes stand as b a c b | e d f e | ...; the result is sixteen times six bits.
__attribute__((target("ssse3"))) __m128i splitSix(__m128i groups)
{
    const __m128i high = _mm_mulhi_epu16(_mm_and_si128(groups, _mm_set1_epi32(0x0fc0fc00)),
                                         _mm_set1_epi32(0x04000040));
    const __m128i low = _mm_mullo_epi16(_mm_and_si128(groups, _mm_set1_epi32(0x003f03f0)),
                                        _mm_set1_epi32(0x01000010));
    return _mm_or_si128(high, low);
}

__attribute__((target("ssse3"))) Progress encodeSsse3(const std::uint8_t* in, std::size_t size,
                                                      char* out)
{
    const __m128i spread = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    const __m128i shifts =
        _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                      '0' - 52, '0' - 52, '0' - 52, '0' - 52, '-' - 62, '_' - 63, 'A', 0, 0);
    Progress done;
    for (; done.read + 16 <= size; done.read += 12, done.written += 16) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + done.read));
        const __m128i six = splitSix(_mm_shuffle_epi8(bytes, spread));
        // Which of the ranges: 0 a-z, 1 to 10 digits, 11 and 12 the two signs, 13 A-Z.
        const __m128i range =
            _mm_or_si128(_mm_subs_epu8(six, _mm_set1_epi8(51)),
                         _mm_and_si128(_mm_cmpgt_epi8(_mm_set1_epi8(26), six), _mm_set1_epi8(13)));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + done.written),
                         _mm_add_epi8(six, _mm_shuffle_epi8(shifts, range)));
    }
    return done;
}

__attribute__((target("avx2"))) Progress encodeAvx2(const std::uint8_t* in, std::size_t size,
                                                    char* out)
{
    const __m256i spread = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10));
    const __m256i shifts = _mm256_broadcastsi128_si256(
        _mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                      '0' - 52, '0' - 52, '0' - 52, '0' - 52, '-' - 62, '_' - 63, 'A', 0, 0));
    Progress done;
    for (; done.read + 28 <= size; done.read += 24, done.written += 32) {
        const auto* const from = reinterpret_cast<const __m128i*>(in + done.read);
        const auto* const second = reinterpret_cast<const __m128i*>(in + done.read + 12);
        const __m256i groups = _mm256_shuffle_epi8(
            _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(from)),
                                    _mm_loadu_si128(second), 1),
            spread);
        const __m256i six = _mm256_or_si256(
            _mm256_mulhi_epu16(_mm256_and_si256(groups, _mm256_set1_epi32(0x0fc0fc00)),
                               _mm256_set1_epi32(0x04000040)),
            _mm256_mullo_epi16(_mm256_and_si256(groups, _mm256_set1_epi32(0x003f03f0)),
                               _mm256_set1_epi32(0x01000010)));
        const __m256i range = _mm256_or_si256(
            _mm256_subs_epu8(six, _mm256_set1_epi8(51)),
            _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), six), _mm256_set1_epi8(13)));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + done.written),
                            _mm256_add_epi8(six, _mm256_shuffle_epi8(shifts, range)));
    }
    return done;
}

__attribute__((target("avx512f,avx512bw,avx512vbmi"))) Progress
encodeAvx512(const std::uint8_t* in, std::size_t size, char* out)
{
    alignas(64) static constexpr auto places = [] {
        std::array<std::uint8_t, 64> order{};
        constexpr std::uint8_t inGroup[] = {1, 0, 2, 1};
        for (std::size_t i = 0; i < order.size(); ++i)
            order[i] = static_cast<std::uint8_t>(i / 4 * 3 + inGroup[i % 4]);
        return order;
    }();
    const __m512i spread = _mm512_load_si512(places.data());
    const __m512i letters = _mm512_loadu_si512(alphabet.data());
    const __m512i shifts = _mm512_set1_epi64(0x3036242a1016040a);
    constexpr __mmask64 whole = ~__mmask64{0}; // GCC 12 warns about its own unmasked form
    Progress done;
    constexpr __mmask64 first48 = 0x0000ffffffffffff;
    for (; done.read + 48 <= size; done.read += 48, done.written += 64) {
        const __m512i bytes = _mm512_maskz_loadu_epi8(first48, in + done.read);
        const __m512i groups = _mm512_maskz_permutexvar_epi8(whole, spread, bytes);
        // vpermb looks at six bits only, so what else the shifts bring along does no harm
        const __m512i six = _mm512_maskz_multishift_epi64_epi8(whole, shifts, groups);
        _mm512_storeu_si512(out + done.written, _mm512_maskz_permutexvar_epi8(whole, six, letters));
    }
    return done;
}

/// Letters between `first` and `last`: 0xff in their places, else 0.
__attribute__((target("ssse3"))) __m128i between(__m128i letters, char first, char last)
{
    return _mm_and_si128(_mm_cmpgt_epi8(letters, _mm_set1_epi8(static_cast<char>(first - 1))),
                         _mm_cmpgt_epi8(_mm_set1_epi8(static_cast<char>(last + 1)), letters));
}

__attribute__((target("ssse3"))) Progress decodeSsse3(const char* in, std::size_t size,
                                                      std::uint8_t* out, bool& good)
{
    const __m128i pack = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
    __m128i all = _mm_set1_epi8(-1);
    Progress done;
    // A store is 16 bytes wide, of which 12 count: so much room must be left.
    for (; done.read + 22 <= size; done.read += 16, done.written += 12) {
        const __m128i letters = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + done.read));
        const __m128i upper = between(letters, 'A', 'Z');
        const __m128i lower = between(letters, 'a', 'z');
        const __m128i digit = between(letters, '0', '9');
        const __m128i minus = _mm_cmpeq_epi8(letters, _mm_set1_epi8('-'));
        const __m128i line = _mm_cmpeq_epi8(letters, _mm_set1_epi8('_'));
        all = _mm_and_si128(all, _mm_or_si128(_mm_or_si128(upper, lower),
                                              _mm_or_si128(digit, _mm_or_si128(minus, line))));
        const __m128i shift =
            _mm_or_si128(_mm_or_si128(_mm_and_si128(upper, _mm_set1_epi8(-'A')),
                                      _mm_and_si128(lower, _mm_set1_epi8(26 - 'a'))),
                         _mm_or_si128(_mm_and_si128(digit, _mm_set1_epi8(52 - '0')),
                                      _mm_or_si128(_mm_and_si128(minus, _mm_set1_epi8(62 - '-')),
                                                   _mm_and_si128(line, _mm_set1_epi8(63 - '_')))));
        const __m128i six = _mm_add_epi8(letters, shift);
        const __m128i twelve = _mm_maddubs_epi16(six, _mm_set1_epi32(0x01400140));
        const __m128i group = _mm_madd_epi16(twelve, _mm_set1_epi32(0x00011000));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + done.written),
                         _mm_shuffle_epi8(group, pack));
    }
    good = _mm_movemask_epi8(all) == 0xffff;
    return done;
}

__attribute__((target("avx2"))) __m256i between(__m256i letters, char first, char last)
{
    return _mm256_and_si256(
        _mm256_cmpgt_epi8(letters, _mm256_set1_epi8(static_cast<char>(first - 1))),
        _mm256_cmpgt_epi8(_mm256_set1_epi8(static_cast<char>(last + 1)), letters));
}

__attribute__((target("avx2"))) Progress decodeAvx2(const char* in, std::size_t size,
                                                    std::uint8_t* out, bool& good)
{
    const __m256i pack = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
    const __m256i join = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
    __m256i all = _mm256_set1_epi8(-1);
    Progress done;
    for (; done.read + 43 <= size; done.read += 32, done.written += 24) { // stores 32, 24 count
        const __m256i letters =
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in + done.read));
        const __m256i upper = between(letters, 'A', 'Z');
        const __m256i lower = between(letters, 'a', 'z');
        const __m256i digit = between(letters, '0', '9');
        const __m256i minus = _mm256_cmpeq_epi8(letters, _mm256_set1_epi8('-'));
        const __m256i line = _mm256_cmpeq_epi8(letters, _mm256_set1_epi8('_'));
        all = _mm256_and_si256(
            all, _mm256_or_si256(_mm256_or_si256(upper, lower),
                                 _mm256_or_si256(digit, _mm256_or_si256(minus, line))));
        const __m256i shift = _mm256_or_si256(
            _mm256_or_si256(_mm256_and_si256(upper, _mm256_set1_epi8(-'A')),
                            _mm256_and_si256(lower, _mm256_set1_epi8(26 - 'a'))),
            _mm256_or_si256(_mm256_and_si256(digit, _mm256_set1_epi8(52 - '0')),
                            _mm256_or_si256(_mm256_and_si256(minus, _mm256_set1_epi8(62 - '-')),
                                            _mm256_and_si256(line, _mm256_set1_epi8(63 - '_')))));
        const __m256i six = _mm256_add_epi8(letters, shift);
        const __m256i twelve = _mm256_maddubs_epi16(six, _mm256_set1_epi32(0x01400140));
        const __m256i group = _mm256_madd_epi16(twelve, _mm256_set1_epi32(0x00011000));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + done.written),
                            _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(group, pack), join));
    }
    good = _mm256_movemask_epi8(all) == -1;
    return done;
}

__attribute__((target("avx512f,avx512bw,avx512vbmi"))) Progress
decodeAvx512(const char* in, std::size_t size, std::uint8_t* out, bool& good)
{
    alignas(64) static constexpr auto places = [] {
        std::array<std::uint8_t, 64> order{};
        for (std::size_t i = 0; i < 48; ++i)
            order[i] = static_cast<std::uint8_t>(i / 3 * 4 + 2 - i % 3);
        return order;
    }();
    const __m512i pack = _mm512_load_si512(places.data());
    const __m512i low = _mm512_loadu_si512(values.data());
    const __m512i high = _mm512_loadu_si512(values.data() + 64);
    constexpr __mmask64 first48 = 0x0000ffffffffffff;
    constexpr __mmask64 whole = ~__mmask64{0}; // GCC 12 warns about its own unmasked form
    __m512i faults = _mm512_setzero_si512();
    Progress done;
    for (; done.read + 64 <= size; done.read += 64, done.written += 48) {
        const __m512i letters = _mm512_loadu_si512(in + done.read);
        const __m512i six = _mm512_permutex2var_epi8(low, letters, high); // by the lower seven bits
        faults = _mm512_or_si512(faults, _mm512_or_si512(six, letters));
        const __m512i twelve = _mm512_maddubs_epi16(six, _mm512_set1_epi32(0x01400140));
        const __m512i group = _mm512_madd_epi16(twelve, _mm512_set1_epi32(0x00011000));
        _mm512_mask_storeu_epi8(out + done.written, first48,
                                _mm512_maskz_permutexvar_epi8(whole, pack, group));
    }
    good = _mm512_movepi8_mask(faults) == 0;
    return done;
}

#endif

Progress encodeBulk(ByteView bytes, char* out, Vectors vectors)
{
#if defined(__x86_64__)
    switch (vectors) {
    case Vectors::Plain:
        return {};
    case Vectors::Ssse3:
        return encodeSsse3(bytes.data(), bytes.size(), out);
    case Vectors::Avx2:
        return encodeAvx2(bytes.data(), bytes.size(), out);
    case Vectors::Avx512:
        return encodeAvx512(bytes.data(), bytes.size(), out);
    }
#else
    static_cast<void>(bytes), static_cast<void>(out), static_cast<void>(vectors);
#endif
    return {};
}

Progress decodeBulk(std::string_view text, std::uint8_t* out, bool& good, Vectors vectors)
{
#if defined(__x86_64__)
    switch (vectors) {
    case Vectors::Plain:
        return {};
    case Vectors::Ssse3:
        return decodeSsse3(text.data(), text.size(), out, good);
    case Vectors::Avx2:
        return decodeAvx2(text.data(), text.size(), out, good);
    case Vectors::Avx512:
        return decodeAvx512(text.data(), text.size(), out, good);
    }
#else
    static_cast<void>(text), static_cast<void>(out), static_cast<void>(good),
        static_cast<void>(vectors);
#endif
    return {};
}

} // namespace

bool has(Vectors vectors)
{
#if defined(__x86_64__)
    switch (vectors) {
    case Vectors::Plain:
        return true;
    case Vectors::Ssse3:
        return __builtin_cpu_supports("ssse3") != 0;
    case Vectors::Avx2:
        return __builtin_cpu_supports("avx2") != 0;
    case Vectors::Avx512:
        return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
               __builtin_cpu_supports("avx512vbmi") != 0;
    }
#endif
    return vectors == Vectors::Plain;
}

Vectors fastest()
{
    static const Vectors best = [] {
        for (const Vectors vectors : {Vectors::Avx512, Vectors::Avx2, Vectors::Ssse3})
            if (has(vectors))
                return vectors;
        return Vectors::Plain;
    }();
    return best;
}

void encodeBase64Url(ByteView bytes, std::span<char> text, Vectors vectors)
{
    AMT_ASSERT(text.size() == lettersFor(bytes.size()));
    const Progress done = encodeBulk(bytes, text.data(), vectors);
    encodePlain(bytes.data() + done.read, bytes.size() - done.read, text.data() + done.written);
}

bool decodeBase64Url(std::string_view text, std::span<std::uint8_t> bytes, Vectors vectors)
{
    AMT_ASSERT(bytes.size() == bytesFor(text.size()));
    bool good = true;
    const Progress done = decodeBulk(text, bytes.data(), good, vectors);
    return decodePlain(text.substr(done.read), bytes.data() + done.written) && good;
}

} // namespace amt::envelope

// SPDX-License-Identifier: EUPL-1.2
//
// JWE compact: RSA-OAEP-256 and A256GCM (RFC 7516, 7518), whole and as a stream, header checked
// before any key is used, and padding.
#include "sync/envelope/aes_gcm.h"
#include "sync/envelope/base64_url.h"

#include <algorithm>
#include <array>

namespace amt::envelope {
namespace {

constexpr auto malformed = ErrorCode::EnvelopeMalformed;
constexpr std::size_t headerBytesMax = 1024;
constexpr std::size_t headerLettersMax = 2 * headerBytesMax;
constexpr const char* notWhatWasSealed = "content is not what was sealed";
constexpr std::size_t contentTypeBytesMax = 100;
constexpr std::size_t compactBytesMax = lettersFor(contentBytesMax) + 8192;
/// What one step encrypts, and how many letters one step decodes: both stay in the processor's
/// nearest memory.
constexpr std::size_t blockBytes = 6 * 1024;
constexpr std::size_t blockLetters = lettersFor(blockBytes);
static_assert(blockBytes % 3 == 0 && blockBytes % 96 == 0); // whole groups, whole strides of GCM

bool isPlainText(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char letter) { return letter >= 0x20 && letter <= 0x7e; });
}

struct Header {
    std::string kid, contentType;
};

/// Exactly alg, enc, kid, cty, and only what we speak.
Header readHeader(std::string_view segment)
{
    require(!segment.empty() && segment.size() <= headerLettersMax, malformed,
            "header of unusable length");
    Header read;
    refusedAs(malformed, [&] {
        const auto header = json::parseObject(toText(fromBase64Url(segment)), headerBytesMax);
        json::onlyKeys(*header, {"alg", "enc", "kid", "cty"});
        require(json::text(*header, "alg") == "RSA-OAEP-256", malformed, "alg is not RSA-OAEP-256");
        require(json::text(*header, "enc") == "A256GCM", malformed, "enc is not A256GCM");
        read = {json::text(*header, "kid"), json::text(*header, "cty")};
    });
    require(!read.kid.empty() && read.kid.size() <= 64 && isPlainText(read.kid), malformed,
            "kid is unusable");
    require(!read.contentType.empty() && read.contentType.size() <= contentTypeBytesMax &&
                isPlainText(read.contentType),
            malformed, "cty is unusable");
    return read;
}

/// Segments decoded as far as needed; the views are into the compact text.
struct Parts {
    std::string_view header; ///< as sent: it is the authenticated data
    std::string_view encryptedKey, iv, cipherText, tag;
    Header said;
};

Parts readParts(std::string_view compact)
{
    require(compact.size() <= compactBytesMax, malformed, "JWE over its limit");
    const auto all = segments(compact, 5, malformed);
    return {all[0], all[1], all[2], all[3], all[4], readHeader(all[0])};
}

Bytes decoded(std::string_view segment, std::size_t size, const char* detail)
{
    Bytes bytes(bytesFor(segment.size()));
    require(bytes.size() == size && decodeBase64Url(segment, bytes), malformed, detail);
    return bytes;
}

void appendBase64Url(std::string& text, ByteView bytes)
{
    const std::size_t before = text.size(), letters = lettersFor(bytes.size());
    text.resize(before + letters);
    encodeBase64Url(bytes, std::span(text).subspan(before));
}

std::string writtenHeader(const std::string& kid, const std::string& contentType)
{
    const auto quoted = [](const std::string& plain) { // of plain text only these two need it
        std::string text = "\"";
        for (const char letter : plain) {
            if (letter == '"' || letter == '\\')
                text += '\\';
            text += letter;
        }
        return text + '"';
    };
    return R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":)" + quoted(kid) + R"(,"cty":)" +
           quoted(contentType) + "}";
}

Bytes wrapKey(const RsaKey& recipient, ByteView contentKey)
{
    const OwnedPkeyContext context(EVP_PKEY_CTX_dup(recipient.impl()->wrapping()));
    Bytes wrapped(recipient.impl()->modulusBytes());
    std::size_t size = wrapped.size();
    mustWork(context != nullptr &&
             EVP_PKEY_encrypt(context.get(), wrapped.data(), &size, contentKey.data(),
                              contentKey.size()) == 1 &&
             size == wrapped.size());
    return wrapped;
}

Secret unwrapKey(const RsaKey& recipient, ByteView wrapped)
{
    const auto context = oaepContext(recipient.impl()->pkey(), EVP_PKEY_decrypt_init);
    Bytes contentKey(recipient.impl()->modulusBytes());
    std::size_t size = contentKey.size();
    const bool worked = EVP_PKEY_decrypt(context.get(), contentKey.data(), &size, wrapped.data(),
                                         wrapped.size()) == 1;
    const bool fits = worked && size == gcmKeyBytes;
    Secret kept(fits ? Bytes(contentKey.begin(), contentKey.begin() + gcmKeyBytes) : Bytes());
    wipe(contentKey);
    // The same words as for a broken tag: a sender learns nothing about which half of it failed.
    require(fits, malformed, notWhatWasSealed);
    return kept;
}

} // namespace

class Sealer::Impl {
public:
    Impl(const RsaKey& recipient, const std::string& kid, const std::string& contentType,
         const Secret& contentKey, ByteView iv)
        : _head(protectedHeader(kid, contentType)),
          _stream(GcmStream::Direction::Encrypt, contentKey.reveal(), iv, view(_head))
    {
        _head += '.';
        appendBase64Url(_head, wrapKey(recipient, contentKey.reveal()));
        _head += '.';
        appendBase64Url(_head, iv);
        _head += '.';
    }

    void add(ByteView plain, std::string& compact)
    {
        AMT_ASSERT(!_finished);
        require(plain.size() <= contentBytesMax - _size, ErrorCode::InputTooLarge,
                "too much for one envelope");
        _size += plain.size();
        compact += std::exchange(_head, {});
        while (!plain.empty()) {
            const ByteView step = plain.first(std::min(plain.size(), blockBytes));
            _stream.update(step, _block.data() + _waiting);
            const std::size_t filled = _waiting + step.size();
            const std::size_t whole = filled - filled % 3;
            appendBase64Url(compact, ByteView(_block).first(whole));
            std::copy(_block.begin() + static_cast<std::ptrdiff_t>(whole),
                      _block.begin() + static_cast<std::ptrdiff_t>(filled), _block.begin());
            _waiting = filled - whole;
            plain = plain.subspan(step.size());
        }
    }

    std::string finish(std::string& compact)
    {
        AMT_ASSERT(!_finished);
        _finished = true;
        compact += _head;
        appendBase64Url(compact, ByteView(_block).first(_waiting));
        std::array<std::uint8_t, gcmTagBytes> tag;
        _stream.writeTag(tag);
        std::string text;
        appendBase64Url(text, tag);
        compact += '.';
        compact += text;
        return text;
    }

private:
    static std::string protectedHeader(const std::string& kid, const std::string& contentType)
    {
        AMT_ASSERT(!kid.empty() && isPlainText(kid) && !contentType.empty() &&
                   isPlainText(contentType));
        std::string text;
        text.reserve(headerBytesMax);
        appendBase64Url(text, view(writtenHeader(kid, contentType)));
        return text;
    }

    std::string _head; ///< until it was given out
    GcmStream _stream;
    alignas(64) std::array<std::uint8_t, blockBytes + 2> _block;
    std::size_t _waiting = 0; ///< bytes of cipher text that make no whole group yet
    std::size_t _size = 0;
    bool _finished = false;
};

Sealer::Sealer(const RsaKey& recipient, const std::string& kid, const std::string& contentType,
               RandomSource& random)
{
    const Secret contentKey(randomBytes(random, gcmKeyBytes));
    const Bytes iv = randomBytes(random, gcmIvBytes);
    _impl = std::make_unique<Impl>(recipient, kid, contentType, contentKey, iv);
}

Sealer::~Sealer() = default;
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;

void Sealer::add(ByteView plain, std::string& compact)
{
    _impl->add(plain, compact);
}

std::string Sealer::finish(std::string& compact)
{
    return _impl->finish(compact);
}

Sealed seal(ByteView plain, const RsaKey& recipient, const std::string& kid,
            const std::string& contentType, RandomSource& random)
{
    Sealer sealer(recipient, kid, contentType, random);
    Sealed sealed;
    sealed.compact.reserve(lettersFor(plain.size()) + headerBytesMax +
                           lettersFor(recipient.impl()->modulusBytes()));
    sealer.add(plain, sealed.compact);
    sealed.tag = sealer.finish(sealed.compact);
    return sealed;
}

class Opener::Impl {
public:
    Impl(const RsaKey& recipient, std::string kid) : _recipient(recipient), _kid(std::move(kid)) {}

    void add(std::string_view compact, Bytes& unverified)
    {
        AMT_ASSERT(!_over);
        _over = true; // unless all of this goes well
        require(compact.size() <= compactBytesMax - _size, malformed, "JWE over its limit");
        _size += compact.size();
        while (true) {
            const auto dot = compact.find('.');
            const auto piece = compact.substr(0, dot);
            if (_segment == cipherTextSegment)
                decrypt(piece, unverified);
            else
                keep(piece);
            if (dot == std::string_view::npos)
                break;
            endSegment(unverified);
            compact = compact.substr(dot + 1);
        }
        _over = false;
    }

    std::string finish()
    {
        AMT_ASSERT(!_over);
        _over = true;
        require(_segment == tagSegment, malformed, "wrong number of segments");
        require(_stream->tagFits(decoded(_kept, gcmTagBytes, "tag is not 16 bytes")), malformed,
                notWhatWasSealed);
        return _said.contentType;
    }

private:
    static constexpr int cipherTextSegment = 3, tagSegment = 4;

    /// The small segments, up to the length that they may have.
    void keep(std::string_view piece)
    {
        constexpr std::size_t keyLettersMax = lettersFor(modulusBitsMax / 8);
        const std::size_t lettersMax = _segment == 0 ? headerLettersMax : keyLettersMax;
        require(_kept.size() + piece.size() <= lettersMax, malformed, "segment of odd length");
        _kept += piece;
    }

    void endSegment(Bytes& unverified)
    {
        switch (_segment++) {
        case 0:
            _said = readHeader(_kept);
            require(_said.kid == _kid, ErrorCode::EnvelopeNotOurs, "sealed for another key");
            require(_recipient.hasPrivate(), ErrorCode::KeyUnusable, "no private key here");
            _header = std::exchange(_kept, {});
            return;
        case 1:
            _wrapped = decoded(std::exchange(_kept, {}), _recipient.impl()->modulusBytes(),
                               "encrypted key of odd length");
            return;
        case 2: {
            const Bytes iv = decoded(std::exchange(_kept, {}), gcmIvBytes, "IV is not 12 bytes");
            const Secret contentKey = unwrapKey(_recipient, _wrapped);
            _stream.emplace(GcmStream::Direction::Decrypt, contentKey.reveal(), iv, view(_header));
            return;
        }
        case cipherTextSegment:
            decryptWhole(std::exchange(_kept, {}), unverified);
            return;
        default:
            fail(malformed, "wrong number of segments");
        }
    }

    /// Whole groups of four letters at once; what is left waits in _kept.
    void decrypt(std::string_view piece, Bytes& unverified)
    {
        if (!_kept.empty()) {
            const std::size_t missing = std::min(4 - _kept.size(), piece.size());
            _kept += piece.substr(0, missing);
            piece = piece.substr(missing);
            if (_kept.size() < 4)
                return;
            decryptWhole(std::exchange(_kept, {}), unverified);
        }
        const std::size_t rest = piece.size() % 4;
        _kept = piece.substr(piece.size() - rest);
        piece = piece.substr(0, piece.size() - rest);
        while (!piece.empty()) {
            const auto step = piece.substr(0, blockLetters);
            decryptWhole(step, unverified);
            piece = piece.substr(step.size());
        }
    }

    void decryptWhole(std::string_view letters, Bytes& unverified)
    {
        const std::size_t before = unverified.size();
        unverified.resize(before + bytesFor(letters.size()));
        const auto bytes = std::span(unverified).subspan(before);
        require(decodeBase64Url(letters, bytes), malformed, "cipher text is not base64url");
        _stream->update(bytes, bytes.data());
    }

    RsaKey _recipient;
    std::string _kid;
    int _segment = 0;
    std::string _kept; ///< of a segment that is not whole, or letters that are no whole group
    std::string _header;
    Header _said;
    Bytes _wrapped;
    std::optional<GcmStream> _stream;
    std::size_t _size = 0;
    bool _over = false;
};

Opener::Opener(const RsaKey& recipient, std::string kid)
    : _impl(std::make_unique<Impl>(recipient, std::move(kid)))
{}

Opener::~Opener() = default;
Opener::Opener(Opener&&) noexcept = default;
Opener& Opener::operator=(Opener&&) noexcept = default;

void Opener::add(std::string_view compact, Bytes& unverified)
{
    _impl->add(compact, unverified);
}

std::string Opener::finish()
{
    return _impl->finish();
}

Opened open(const std::string& compact, const RsaKey& recipient, const std::string& kid)
{
    Parts parts = readParts(compact);
    require(parts.said.kid == kid, ErrorCode::EnvelopeNotOurs, "sealed for another key");
    require(recipient.hasPrivate(), ErrorCode::KeyUnusable, "no private key here");
    const Bytes wrapped = decoded(parts.encryptedKey, recipient.impl()->modulusBytes(),
                                  "encrypted key of odd length");
    const Bytes iv = decoded(parts.iv, gcmIvBytes, "IV is not 12 bytes");
    const Bytes tag = decoded(parts.tag, gcmTagBytes, "tag is not 16 bytes");
    Opened opened{decoded(parts.cipherText, bytesFor(parts.cipherText.size()),
                          "cipher text is not base64url"),
                  std::move(parts.said.contentType)};
    const Secret contentKey = unwrapKey(recipient, wrapped);
    GcmStream stream(GcmStream::Direction::Decrypt, contentKey.reveal(), iv, view(parts.header));
    stream.update(opened.plain, opened.plain.data());
    if (!stream.tagFits(tag)) {
        wipe(opened.plain); // unauthenticated plain text is nobody's business
        fail(malformed, notWhatWasSealed);
    }
    return opened;
}

std::string sealedFor(const std::string& compact)
{
    return readParts(compact).said.kid;
}

std::string tagOf(const std::string& compact)
{
    const Parts parts = readParts(compact);
    decoded(parts.tag, gcmTagBytes, "tag is not 16 bytes");
    return std::string(parts.tag);
}

std::string padded(std::string json)
{
    std::size_t step = 4096;
    while (step < json.size())
        step += step / 4;
    json.resize(step, ' ');
    return json;
}

} // namespace amt::envelope

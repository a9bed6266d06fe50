// SPDX-License-Identifier: EUPL-1.2
//
// Seal and open (JWE), sign and verify (JWS, Security Event Tokens), keys and their checks (JWK,
// chains). FORMAT.md.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/random.h"
#include "appliance/core/secret.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace amt::envelope {

/// An RSA key of at least 4096 bits, public or private; immutable and cheap to copy (OpenSSL counts
/// its users).
class RsaKey {
public:
    /// Takes seconds.
    static RsaKey generate();
    static RsaKey fromPrivateDer(const Secret& pkcs8); ///< throws KeyUnusable
    static RsaKey fromPublicDer(ByteView spki);        ///< throws KeyUnusable
    static RsaKey fromModulus(ByteView n,
                              ByteView e); ///< throws KeyUnusable (short, even, e != 65537)

    bool hasPrivate() const;
    Secret privateDer() const; ///< PKCS#8
    Bytes publicDer() const;   ///< SubjectPublicKeyInfo
    Bytes modulus() const;     ///< big endian, without leading zeros
    Bytes exponent() const;
    /// SHA-256 of publicDer(), lower-case hex.
    std::string fingerprint() const;

    class Impl;                                                ///< of the module's own files
    std::shared_ptr<const Impl> impl() const { return _impl; } ///< shared: immutable key material

private:
    std::shared_ptr<const Impl> _impl; // shared by copies of one immutable key
};

enum class KeyUse { Encrypt, Verify };

/// A JWK as FIT-Connect wants it (facts/portal.md 1.4): RSA >= 4096, e AQAB; encryption: alg
/// RSA-OAEP-256, key_ops [wrapKey]; signature: alg PS512, key_ops [verify]; kid of 8 to 64
/// characters.
struct PublicJwk {
    std::string kid;
    KeyUse use = KeyUse::Encrypt;
    RsaKey key;
    std::vector<Bytes> chain; ///< x5c, DER, leaf first; may be empty
};
/// Throws KeyUnusable whatever rule is broken.
PublicJwk parseJwk(const json::Object& object, KeyUse use);
json::ObjectPtr writeJwk(const PublicJwk& jwk);
/// {"keys":[...]}: only the keys of this use are taken, others are ignored. Throws JsonMalformed,
/// KeyUnusable.
std::vector<PublicJwk> parseJwkSet(const std::string& text, KeyUse use);

/// x5c to a pinned root at `now`: n and e equal to the leaf's, SHA-512 with RSASSA-PSS, key usage
/// (keyEncipherment, or digitalSignature and nonRepudiation), validity of each. Throws KeyUnusable.
void checkChain(const PublicJwk& jwk, const std::vector<Bytes>& roots, UtcTime now);

/// A certificate authority for tests, set-up and `./amt run`; the real chain comes from the V-PKI.
struct Certificate {
    Bytes der;
};
Certificate makeRootCertificate(const RsaKey& key, const std::string& commonName, UtcTime from,
                                UtcTime until);
Certificate makeLeafCertificate(const RsaKey& leaf, KeyUse use, const std::string& commonName,
                                const RsaKey& issuer, const Certificate& issuerCertificate,
                                UtcTime from, UtcTime until);

// --- JWE compact: alg RSA-OAEP-256, enc A256GCM, no zip (RFC 7516, 7518; facts/portal.md 1.6)

struct Sealed {
    std::string compact;
    std::string tag; ///< the fifth segment, base64url: what receipts name
};
/// `contentType` is the header's cty. Content key and IV come from `random`. Throws InputTooLarge
/// over contentBytesMax.
Sealed seal(ByteView plain, const RsaKey& recipient, const std::string& kid,
            const std::string& contentType, RandomSource& random);

struct Opened {
    Bytes plain; ///< the caller wipes it
    std::string contentType;
};
/// The protected header is checked before any key is used: exactly alg, enc, kid, cty. Throws
/// EnvelopeMalformed for all that is broken or has another alg, enc, zip, crit; EnvelopeNotOurs
/// when kid is not `kid`.
Opened open(const std::string& compact, const RsaKey& recipient, const std::string& kid);

/// The most that one part may hold: a case's attachments together have 60 MB
/// (facts/portal.md 1.11).
constexpr std::size_t contentBytesMax = 64 * 1024 * 1024;

/// Seals as a stream: plain text in pieces of any length goes in, pieces of the compact text come
/// out, and nothing is kept, however long it is. What came out, joined, is what seal() gives.
class Sealer {
public:
    Sealer(const RsaKey& recipient, const std::string& kid, const std::string& contentType,
           RandomSource& random);
    ~Sealer();
    Sealer(Sealer&&) noexcept;
    Sealer& operator=(Sealer&&) noexcept;

    /// Appends to `compact` what follows: before the first piece header, encrypted key and IV.
    /// Throws InputTooLarge over contentBytesMax.
    void add(ByteView plain, std::string& compact);
    /// Appends the end; returns the tag. Nothing may be added any more.
    std::string finish(std::string& compact);

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

/// Opens as a stream, under the rules of open(). What comes out before finish() has returned is not
/// verified: it may have been forged, so nobody acts on it, shows it or keeps it where it stays.
class Opener {
public:
    Opener(const RsaKey& recipient, std::string kid);
    ~Opener();
    Opener(Opener&&) noexcept;
    Opener& operator=(Opener&&) noexcept;

    /// The next piece of the compact text, of any length. Appends to `unverified`; the caller
    /// wipes. Throws as open(); the opener is of no use then.
    void add(std::string_view compact, Bytes& unverified);
    /// Only when this has returned, all that came out is what was sealed. Returns the content's
    /// type. Throws EnvelopeMalformed.
    std::string finish();

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

/// kid of a JWE, header checked as in open().
std::string sealedFor(const std::string& compact);
/// Authentication tag of a JWE (fifth segment). Throws EnvelopeMalformed.
std::string tagOf(const std::string& compact);

/// Blanks after JSON so that the length tells nothing: 4 KiB, then steps of 1.25 (sync.md 1).
std::string padded(std::string json);

// --- symmetric: drafts under the visit's key, the desk key under a password's key

/// A256GCM with random IV: iv || ciphertext || tag. `context` is authenticated, not stored. key: 32
/// bytes.
Bytes sealWith(const Secret& key, ByteView plain, std::string_view context, RandomSource& random);
/// Throws EnvelopeMalformed when anything was changed, or the key or context is another.
Bytes openWith(const Secret& key, ByteView sealed, std::string_view context);
/// HKDF-SHA-256 (RFC 5869) to 32 bytes.
Secret deriveKey(const Secret& input, std::string_view salt, std::string_view purpose);

struct RunningDigest;

/// SHA-256 of what comes in pieces.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void add(ByteView bytes);
    /// Once, at the end.
    Bytes finish();

private:
    std::unique_ptr<RunningDigest> _digest;
};

/// SHA-512 of what comes in pieces.
class Sha512 {
public:
    Sha512();
    ~Sha512();
    Sha512(Sha512&&) noexcept;
    Sha512& operator=(Sha512&&) noexcept;

    void add(ByteView bytes);
    /// Once, at the end.
    Bytes finish();

private:
    std::unique_ptr<RunningDigest> _digest;
};

Bytes sha256(ByteView bytes);
Bytes sha512(ByteView bytes);
Bytes hmacSha256(const Secret& key, ByteView bytes);

// --- JWS and Security Event Tokens (RFC 8417; facts/portal.md 1.8)

/// JWS compact with PS512 and the protected header {typ, alg, kid}.
std::string sign(const std::string& payload, const RsaKey& key, const std::string& kid,
                 const std::string& type);

struct JwsHeader {
    std::string kid;
    std::string type;
};
/// Reads the header of a compact JWS without believing it. alg must be exactly PS512; no crit, jwk,
/// jku, x5u. Throws SignatureInvalid.
JwsHeader readJwsHeader(const std::string& compact);
/// Payload, verified with PS512 (salt of 64 bytes exactly). Throws SignatureInvalid.
std::string verify(const std::string& compact, const RsaKey& key);

/// Tags of the parts of one submission.
struct AuthenticationTags {
    std::string metadata;
    std::string data;
    std::map<std::string, std::string> attachments; ///< by attachment id
    bool operator==(const AuthenticationTags&) const = default;
};

struct Problem {
    std::string type, title, detail, instance;
};

enum class EventKind { Create, Submit, Notify, Accept, Reject, Delete };

struct SecurityEvent {
    std::string id;           ///< jti
    std::string issuer;       ///< iss: URL of the service, or the destination's UUID
    UtcTime issuedAt;         ///< iat, whole seconds
    std::string submissionId; ///< of sub "submission:<uuid>"; empty when it is about a reply
    std::string caseId;       ///< of txn "case:<uuid>"
    EventKind kind = EventKind::Create;
    std::optional<AuthenticationTags> tags; ///< submit and accept carry them
    std::vector<Problem> problems;          ///< reject carries them
    std::string replyId = {};               ///< of sub "reply:<uuid>"; else empty

    bool isAboutReply() const { return !replyId.empty(); }
};

/// Header typ secevent+jwt. Payload $schema .../set-payload/1.2.2/...
std::string signEvent(const SecurityEvent& event, const RsaKey& key, const std::string& kid);

/// Keys of one issuer; a key that is not here is unknown.
struct IssuerKeys {
    std::string issuer;
    std::vector<PublicJwk> keys;
};

/// Everything about a token that needs no memory: alg and typ before any key, kid of the named
/// issuer, signature, claims, exactly one known event, and that this issuer may say this event:
/// accept only by `destination`, reject by either, the others by `service`; of replies all by
/// `service`, which writes down what the receiver told it. Throws
/// SignatureInvalid, EventRefused, or EventEarly: good but for an iat more than 5 minutes ahead (a
/// day at most), for a clock is wrong, ours or theirs. The caller compares ids and tags with its
/// own, and remembers the jti.
SecurityEvent verifyEvent(const std::string& compact, const IssuerKeys& service,
                          const IssuerKeys& destination, UtcTime now);

} // namespace amt::envelope

// SPDX-License-Identifier: EUPL-1.2
//
// Sockets that do not block, and OpenSSL upon them.
#include "sync/gateway/channel.h"

#include "appliance/core/bytes.h"
#include "appliance/core/error.h"

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace amt::gateway {
namespace {

[[noreturn]] void broken(const std::string& what)
{
    ERR_clear_error();
    throw Error(ErrorCode::SystemFailed, "line: " + what);
}

bool wouldBlock()
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

} // namespace

TlsContext makeTlsContext(const std::filesystem::path& certificateFile,
                          const std::filesystem::path& privateKeyFile,
                          const std::filesystem::path& clientAuthorityFile)
{
    TlsContext context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
        SSL_CTX_use_certificate_chain_file(context.get(), certificateFile.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context.get(), privateKeyFile.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context.get()) != 1) {
        ERR_clear_error();
        throw Error(ErrorCode::ConfigurationInvalid, "certificate or key of the server");
    }
    if (!clientAuthorityFile.empty()) {
        // the names of authorities that a client may choose among are this one's
        STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(clientAuthorityFile.c_str());
        if (!names || SSL_CTX_load_verify_locations(context.get(), clientAuthorityFile.c_str(),
                                                    nullptr) != 1) {
            sk_X509_NAME_pop_free(names, X509_NAME_free);
            ERR_clear_error();
            throw Error(ErrorCode::ConfigurationInvalid, "authority of the nodes");
        }
        SSL_CTX_set_client_CA_list(context.get(), names); // takes them over
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    }
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context.get(), 0);
    return context;
}

Channel::Channel(int descriptor, SSL_CTX* context)
    : _descriptor(descriptor), _tls(nullptr, &SSL_free)
{
    if (!context)
        return;
    _tls.reset(SSL_new(context));
    if (!_tls || SSL_set_fd(_tls.get(), descriptor) != 1) {
        ::close(descriptor);
        broken("no memory for TLS");
    }
    SSL_set_accept_state(_tls.get());
}

Channel::~Channel()
{
    if (_descriptor >= 0)
        ::close(_descriptor);
}

Channel::Channel(Channel&& other) noexcept
    : _descriptor(std::exchange(other._descriptor, -1)), _tls(std::move(other._tls))
{}

std::string Channel::shownCertificate() const
{
    X509* certificate = _tls ? SSL_get0_peer_certificate(_tls.get()) : nullptr;
    if (!certificate)
        return {};
    Bytes digest(EVP_MAX_MD_SIZE);
    unsigned int size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1)
        broken("the digest of a certificate");
    digest.resize(size);
    return toHex(digest);
}

std::optional<std::size_t> Channel::receive(std::span<char> into)
{
    if (!_tls) {
        const auto got = ::recv(_descriptor, into.data(), into.size(), 0);
        if (got >= 0)
            return static_cast<std::size_t>(got);
        if (wouldBlock())
            return std::nullopt;
        broken(std::strerror(errno));
    }
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(_tls.get(), into.data(), into.size(), &got);
    if (result == 1)
        return got;
    switch (SSL_get_error(_tls.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: // of a handshake that is longer than the socket's buffer: never ours
        return std::nullopt;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        broken("TLS");
    }
}

void Channel::send(std::string_view bytes, Milliseconds noProgress)
{
    while (!bytes.empty()) {
        std::size_t sent = 0;
        if (!_tls) {
            const auto result = ::send(_descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (result < 0 && !wouldBlock())
                broken(std::strerror(errno));
            sent = static_cast<std::size_t>(std::max<ssize_t>(result, 0));
        } else {
            ERR_clear_error();
            const int result = SSL_write_ex(_tls.get(), bytes.data(), bytes.size(), &sent);
            const int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(_tls.get(), result);
            if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_WRITE)
                broken("TLS");
        }
        bytes.remove_prefix(sent);
        if (sent == 0)
            waitForRoom(noProgress);
    }
}

void Channel::waitForRoom(Milliseconds atMost) const
{
    pollfd one{.fd = _descriptor, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&one, 1, static_cast<int>(atMost.count()));
    if (ready == 0)
        broken("nobody takes the answer");
    if (ready < 0 && errno != EINTR)
        broken(std::strerror(errno));
}

void Channel::end()
{
    if (_tls && isOpen()) {
        SSL_shutdown(_tls.get());
        ERR_clear_error();
    }
    ::shutdown(_descriptor, SHUT_WR);
}

bool Channel::discard()
{
    std::array<char, 16 * 1024> nothing;
    for (int i = 0; i < 64; ++i) { // a fast one keeps nobody waiting
        const auto got = ::recv(_descriptor, nothing.data(), nothing.size(), MSG_DONTWAIT);
        if (got <= 0)
            return got < 0 && wouldBlock();
    }
    return true;
}

} // namespace amt::gateway

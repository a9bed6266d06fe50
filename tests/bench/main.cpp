// SPDX-License-Identifier: EUPL-1.2
//
// amt-bench: figures inside one process, each beside its peer or limit in the same run. Rows as
// JSON lines; bench.mjs prints them.
#include "appliance/core/log.h"
#include "appliance/core/real_event_loop.h"
#include "appliance/node/node.h"
#include "appliance/office/case/case_book.h"
#include "appliance/office/catalogue/catalogue.h"
#include "appliance/office/people/people.h"
#include "appliance/store/store.h"
#include "drivers/eid/eid.h"
#include "sync/envelope/envelope.h"
#include "sync/outbox/destinations.h"
#include "sync/outbox/outbox.h"
#include "tests/bench/bench.h"
#include "tests/sim/card/card.h"
#include "tests/sim/card/counting_channel.h"
#include "tests/support/test_keys.h"

#include <Poco/TemporaryFile.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>

namespace {

using namespace amt;
using namespace amt::bench;

void seal()
{
    SystemRandom random;
    const auto privateKey = test::readRsaKey(AMT_SOURCE_DIR, 2);
    const auto key = envelope::RsaKey::fromPublicDer(privateKey.publicDer());

    const Bytes spki = key.publicDer();
    const unsigned char* at = spki.data();
    using OwnedPeer = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
    const OwnedPeer peer(::d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())),
                         &::EVP_PKEY_free);
    const Secret pkcs8 = privateKey.privateDer();
    const unsigned char* privateAt = pkcs8.reveal().data();
    unsigned char wrapped[512];
    const double wrap = rate([&] {
        const std::unique_ptr<EVP_PKEY_CTX, decltype(&::EVP_PKEY_CTX_free)> context(
            ::EVP_PKEY_CTX_new(peer.get(), nullptr), &::EVP_PKEY_CTX_free);
        unsigned char content[32] = {1};
        std::size_t size = sizeof wrapped;
        ::EVP_PKEY_encrypt_init(context.get());
        ::EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING);
        ::EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), ::EVP_sha256());
        ::EVP_PKEY_encrypt(context.get(), wrapped, &size, content, sizeof content);
    });
    const auto gcm = [&](std::size_t bytes) {
        const Bytes plain(bytes, 'x');
        Bytes cipher(bytes + 16);
        return rate([&] {
            const std::unique_ptr<EVP_CIPHER_CTX, decltype(&::EVP_CIPHER_CTX_free)> context(
                ::EVP_CIPHER_CTX_new(), &::EVP_CIPHER_CTX_free);
            const unsigned char secret[32] = {2};
            const unsigned char iv[12] = {3};
            int size = 0;
            ::EVP_EncryptInit_ex2(context.get(), ::EVP_aes_256_gcm(), secret, iv, nullptr);
            ::EVP_EncryptUpdate(context.get(), cipher.data(), &size, plain.data(),
                                static_cast<int>(plain.size()));
            ::EVP_EncryptFinal_ex(context.get(), cipher.data() + size, &size);
        });
    };
    const OwnedPeer secret(
        ::d2i_AutoPrivateKey(nullptr, &privateAt, static_cast<long>(pkcs8.size())),
        &::EVP_PKEY_free);
    const double unwrap = rate([&] {
        const std::unique_ptr<EVP_PKEY_CTX, decltype(&::EVP_PKEY_CTX_free)> context(
            ::EVP_PKEY_CTX_new(secret.get(), nullptr), &::EVP_PKEY_CTX_free);
        unsigned char content[512];
        std::size_t size = sizeof content;
        ::EVP_PKEY_decrypt_init(context.get());
        ::EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING);
        ::EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), ::EVP_sha256());
        ::EVP_PKEY_decrypt(context.get(), content, &size, wrapped, sizeof wrapped);
    });
    const auto sealing = [&](std::size_t bytes) {
        const Bytes plain(bytes, 'x');
        return rate(
            [&] { envelope::seal(plain, key, "encryption-1", "application/json", random); });
    };
    row("seal 16 KiB", sealing(16 * 1024), "1/s of CPU", "RSA-4096 OAEP-256 alone (OpenSSL)", wrap,
        0.9, true);
    const double limit = 1 / (1 / wrap + 1 / gcm(1024 * 1024));
    row("seal 1 MiB", sealing(1024 * 1024), "1/s of CPU",
        "OAEP-256 and AES-256-GCM alone (OpenSSL)", limit, 0.85, true);

    const std::string compact =
        envelope::seal(Bytes(1024 * 1024, 'x'), key, "encryption-1", "application/pdf", random)
            .compact;
    row("open 1 MiB", rate([&] { envelope::open(compact, privateKey, "encryption-1"); }),
        "1/s of CPU", "OAEP-256 and AES-256-GCM alone (OpenSSL)",
        1 / (1 / unwrap + 1 / gcm(1024 * 1024)), std::nullopt, true);
    constexpr std::size_t large = 60'000'000;
    const Bytes step(256 * 1024, 'x');
    const double streamed = rate([&] {
        envelope::Sealer sealer(key, "encryption-1", "application/pdf", random);
        std::string piece;
        for (std::size_t done = 0; done < large; done += step.size(), piece.clear())
            sealer.add(ByteView(step).first(std::min(step.size(), large - done)), piece);
        sealer.finish(piece);
    });
    row("seal 60 MB in steps of 256 KiB", streamed * large / 1e6, "MB/s of CPU",
        "AES-256-GCM alone, 256 KiB (OpenSSL)",
        gcm(step.size()) * static_cast<double>(step.size()) / 1e6, std::nullopt, true);
}

void commit()
{
    const std::string folder = Poco::TemporaryFile::tempName();
    std::filesystem::create_directory(folder);
    SystemRandom random;
    const RealEventLoop clock;
    {
        store::Database database(at(folder + "/rows.db"));
        database.execute("CREATE TABLE part(n INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT");
        const Bytes block = randomBytes(random, RawFile::blockBytes);
        const RawFile raw(folder + "/raw", block);

        store::Database books(at(folder + "/node.db"));
        node::migrate(books);
        outbox::Journal journal(books);
        outbox::Destinations destinations(books, journal);
        outbox::Outbox box(books, journal, destinations);
        office::Till till(books, journal, random);
        office::CaseBook cases(books, journal, box, till, random);
        const auto municipality =
            office::loadMunicipality(std::string(AMT_SOURCE_DIR) + "/config/municipality");
        const office::Service& service = municipality.services.at(0);
        const outbox::DeskSeal desk{test::readRsaKey(AMT_SOURCE_DIR, 0), "desk-1"};
        office::Answers answers;
        for (const auto& [field, value] :
             std::map<std::string, std::string>{{"givenNames", "ERIKA"},
                                                {"familyNames", "MUSTERMANN"},
                                                {"dateOfBirth", "1984-08-12"},
                                                {"street", "Heidestraße 17"},
                                                {"postalCode", "51147"},
                                                {"city", "Köln"},
                                                {"plate", "MS-AB 123"},
                                                {"zone", "B"},
                                                {"digitalNotice", "no"}})
            answers[field] = {value, office::Origin::Typed};

        // One of each in turn, so that the noise of a shared disk hits all alike.
        auto insert = database.prepare("INSERT INTO part(content) VALUES (?)");
        std::vector<double> rawTimes, rowTimes, caseTimes;
        const auto timed = [](std::vector<double>& times, auto&& work) {
            const double begin = seconds(CLOCK_MONOTONIC);
            work();
            times.push_back(seconds(CLOCK_MONOTONIC) - begin);
        };
        for (int i = 0; i < 400; ++i) {
            timed(rawTimes, [&] { raw.write(i, block); });
            timed(rowTimes, [&] { database.transact([&] { insert.bind(block).run(); }); });
            timed(caseTimes, [&] {
                cases.submit(
                    service,
                    {randomUuid(random), randomUuid(random), localDate(clock.utcNow()), answers},
                    desk, clock.utcNow());
            });
        }
        const double limit = median(rawTimes) * 1e6;
        row("capture commit, 4 KiB row", median(rowTimes) * 1e6, "us p50",
            "raw 4 KiB write and fdatasync", limit, 1.3, false);
        row("case submitted (sealed to the desk, fee, journal)", median(caseTimes) * 1e6, "us p50",
            "raw 4 KiB write and fdatasync", limit, std::nullopt, false);
        row("durable cases", 1 / median(caseTimes), "1/s", "raw write and fdatasync",
            1 / median(rawTimes), std::nullopt, true);
    }
    std::filesystem::remove_all(folder);
}

void card()
{
    SystemRandom random;
    const RealEventLoop clock;
    const sim::CardPki pki = sim::makeCardPki(random, clock.utcNow());
    sim::SimulatedCard erika(random, pki, sim::cardProfile("erika"), localDate(clock.utcNow()));
    IdentityRequest request;
    request.pin = Secret(std::string_view("123456"));
    for (const int group : {1, 3, 4, 5, 6, 7, 8, 9, 10, 13, 17, 18})
        request.groups.insert(static_cast<DataGroup>(group));
    request.certificates = pki.certificates();
    request.now = clock.utcNow();

    std::size_t commands = 0, out = 0, in = 0;
    std::vector<double> whole;
    double chip = 0;
    /// The card's own time, to be taken off the whole.
    class Timed : public CardChannel {
    public:
        Timed(CardChannel& real, double& spent) : _real(real), _spent(spent) {}
        Bytes transmit(ByteView command) override
        {
            const double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);
            Bytes answer = _real.transmit(command);
            _spent += seconds(CLOCK_PROCESS_CPUTIME_ID) - begin;
            return answer;
        }
        std::size_t commandBytesMax() const override { return _real.commandBytesMax(); }

    private:
        CardChannel& _real;
        double& _spent;
    };
    for (int i = 0; i < 50; ++i) {
        erika.reset();
        sim::SimulatedCardChannel channel(erika);
        chip = 0;
        Timed timed(channel, chip);
        sim::CountingChannel counting(timed);
        const double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);
        auto first = eid::beginRead(counting, random, request, {});
        auto* needed = std::get_if<eid::SignatureNeeded>(&first);
        if (!needed)
            throw Error(ErrorCode::CardRefused, "the simulated card refused");
        const auto outcome = needed->session.finish(sim::signAsTerminal(pki, needed->toBeSigned));
        if (!std::holds_alternative<IdentityRead>(outcome))
            throw Error(ErrorCode::CardRefused, "the simulated card refused");
        whole.push_back(seconds(CLOCK_PROCESS_CPUTIME_ID) - begin - chip);
        commands = counting.commands;
        out = counting.bytesOut;
        in = counting.bytesIn;
    }
    row("card read, 12 groups: commands", static_cast<double>(commands), "APDUs",
        "npa-tool: 43 (facts), lean limit 29", 29, 1.0, false);
    row("card read: bytes to the card", static_cast<double>(out), "bytes", "npa-tool: 1770 (facts)",
        1770, std::nullopt, false);
    row("card read: bytes from the card", static_cast<double>(in), "bytes",
        "npa-tool: 2957 (facts)", 2957, std::nullopt, false);
    for (int group = 1; group <= 22; ++group) {
        if (group != 16) // reserved
            request.groups.insert(static_cast<DataGroup>(group));
    }
    erika.reset();
    sim::SimulatedCardChannel channel(erika);
    sim::CountingChannel all(channel);
    auto first = eid::beginRead(all, random, request, {});
    auto* needed = std::get_if<eid::SignatureNeeded>(&first);
    if (!needed || !std::holds_alternative<IdentityRead>(
                       needed->session.finish(sim::signAsTerminal(pki, needed->toBeSigned))))
        throw Error(ErrorCode::CardRefused, "the simulated card refused");
    row("card read, all 21 groups: commands", static_cast<double>(all.commands), "APDUs",
        "npa-tool: 55 (facts), lean limit 38", 38, 1.0, false);
    row("card read: terminal's own time", median(whole) * 1e3, "ms of CPU", "", std::nullopt, 15.0,
        false);
}

} // namespace

int main(int argc, char** argv)
{
    log::setEnabled(false);
    const std::map<std::string, void (*)()> all = {{"seal", seal},
                                                   {"commit", commit},
                                                   {"card", card},
                                                   {"calendar", calendar},
                                                   {"queue", queue}};
    try {
        for (const auto& [name, run] : all) {
            if (argc < 2 || name == argv[1])
                run();
        }
    } catch (const Poco::Exception& failure) {
        std::fprintf(stderr, "amt-bench: %s\n", failure.displayText().c_str());
        return 1;
    }
    return 0;
}

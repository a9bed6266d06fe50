// SPDX-License-Identifier: EUPL-1.2
//
// Spoken calls, heard by libsndfile: length, loudness, that different numbers sound differently.
#include "drivers/speech/speech.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <sndfile.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

using namespace amt;
namespace data = boost::unit_test::data;

namespace {

struct Heard {
    int rate = 0, channels = 0, format = 0;
    std::vector<short> samples;
    double seconds() const { return static_cast<double>(samples.size()) / rate; }
    /// Root of the mean square, of 32767.
    double loudness() const
    {
        double sum = 0;
        for (const short sample : samples)
            sum += static_cast<double>(sample) * sample;
        return samples.empty() ? 0 : std::sqrt(sum / static_cast<double>(samples.size()));
    }
};

Heard hear(const Bytes& sound)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), std::fclose);
    BOOST_REQUIRE(file);
    BOOST_REQUIRE(std::fwrite(sound.data(), 1, sound.size(), file.get()) == sound.size());
    std::rewind(file.get());
    SF_INFO info{};
    SNDFILE* decoded = sf_open_fd(fileno(file.get()), SFM_READ, &info, SF_FALSE);
    BOOST_REQUIRE(decoded);
    Heard heard{info.samplerate, info.channels, info.format, {}};
    heard.samples.resize(static_cast<std::size_t>(info.frames));
    BOOST_TEST(sf_read_short(decoded, heard.samples.data(), info.frames) == info.frames);
    sf_close(decoded);
    return heard;
}

SpeechOutcome spoken(Speaker& speaker, const std::string& language, const std::string& text)
{
    std::optional<SpeechOutcome> outcome;
    speaker.speak({language, text}, [&](SpeechOutcome came) { outcome = std::move(came); });
    BOOST_REQUIRE(outcome.has_value());
    return *std::move(outcome);
}

Speaker& speaker()
{
    static const auto made = speech::makeSpeaker();
    return *made;
}

struct Said {
    const char* language;
    const char* text;
    friend std::ostream& operator<<(std::ostream& out, const Said& said)
    {
        return out << said.language << ": " << said.text;
    }
};
const Said calls[] = {
    {"de", "Nummer B 47, bitte zu Schalter 3"},
    {"en", "Number B 47, please go to counter 3"},
    {"de", "Nummer Z 999, bitte zu Zimmer 104 im zweiten Obergeschoß"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(drivers_speech)

BOOST_DATA_TEST_CASE(a_call_is_a_sound_that_fits_one_message, data::make(calls), said)
{
    const auto outcome = spoken(speaker(), said.language, said.text);
    const auto* speech = std::get_if<Speech>(&outcome);
    BOOST_REQUIRE(speech);
    BOOST_TEST(speech->sound.size() < soundMax);
    const Heard heard = hear(speech->sound);
    BOOST_TEST(heard.format == (SF_FORMAT_OGG | SF_FORMAT_VORBIS));
    BOOST_TEST(heard.channels == 1);
    BOOST_TEST(heard.seconds() > 1.5);
    BOOST_TEST(heard.seconds() < 8.0);
    BOOST_TEST(heard.loudness() > 500);
}

BOOST_AUTO_TEST_CASE(another_number_or_language_sounds_different_and_the_same_one_alike)
{
    const auto seconds = [](const char* language, const char* text) {
        return hear(std::get<Speech>(spoken(speaker(), language, text)).sound).seconds();
    };
    constexpr double alike = 0.01; // eSpeak's voices breathe a little by chance
    const auto german = seconds("de", "Nummer B 47");
    BOOST_TEST(std::abs(german - seconds("de", "Nummer B 47")) < alike);
    BOOST_TEST(std::abs(german - seconds("de", "Nummer B 247")) > 10 * alike);
    BOOST_TEST(std::abs(german - seconds("en", "Nummer B 47")) > 10 * alike);
    BOOST_TEST(std::abs(german - seconds("de", "Nummer B 47")) < alike); // no voice stays
}

BOOST_AUTO_TEST_CASE(a_language_without_a_voice_is_said)
{
    BOOST_TEST(std::holds_alternative<NoVoice>(spoken(speaker(), "tlh", "nuqneH")));
    BOOST_TEST(std::holds_alternative<NoVoice>(spoken(speaker(), "", "Nummer B 47")));
}

BOOST_AUTO_TEST_CASE(a_speech_that_no_message_could_carry_fails)
{
    std::string much;
    while (much.size() < 1500)
        much += "siebenhundertsiebenundsiebzig ";
    const auto outcome = spoken(speaker(), "de", much);
    BOOST_TEST((std::get<DeviceFailed>(outcome).code == ErrorCode::InputTooLarge));
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: EUPL-1.2
//
// Samples out of eSpeak NG's callback, into a sound file that stands in memory.
#include "appliance/core/error.h"
#include "drivers/speech/speech.h"

#include <espeak-ng/speak_lib.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

namespace amt::speech {
namespace {

/// A name over a loudspeaker in a hall: slower than eSpeak's 175 words a minute.
constexpr int wordsPerMinute = 140;
constexpr double soundQuality = 0.4; ///< of Vorbis, 0 to 1
constexpr std::size_t secondsMax = 30;

/// Language and eSpeak's voice of it.
constexpr std::pair<const char*, const char*> voices[] = {{"de", "de"}, {"en", "en"}};

using Samples = std::vector<short>;

/// eSpeak calls back without a hint at whom.
Samples* heard = nullptr;
int hear(short* samples, int count, espeak_EVENT*)
{
    constexpr std::size_t most = secondsMax * 22050;
    if (samples && count > 0 && heard->size() < most)
        heard->insert(heard->end(), samples, samples + count);
    return 0;
}

/// A file in memory, for libsndfile.
struct Memory {
    Bytes bytes;
    std::size_t at = 0;
};
sf_count_t lengthOf(void* user)
{
    return static_cast<sf_count_t>(static_cast<Memory*>(user)->bytes.size());
}
sf_count_t seek(sf_count_t offset, int whence, void* user)
{
    auto& memory = *static_cast<Memory*>(user);
    const auto size = static_cast<sf_count_t>(memory.bytes.size());
    const auto from = whence == SEEK_SET   ? 0
                      : whence == SEEK_CUR ? static_cast<sf_count_t>(memory.at)
                                           : size;
    memory.at = static_cast<std::size_t>(std::clamp<sf_count_t>(from + offset, 0, size));
    return static_cast<sf_count_t>(memory.at);
}
sf_count_t readOn(void* into, sf_count_t count, void* user)
{
    auto& memory = *static_cast<Memory*>(user);
    const auto taken = std::min(static_cast<std::size_t>(count), memory.bytes.size() - memory.at);
    std::copy_n(memory.bytes.begin() + static_cast<std::ptrdiff_t>(memory.at), taken,
                static_cast<std::uint8_t*>(into));
    memory.at += taken;
    return static_cast<sf_count_t>(taken);
}
sf_count_t writeOn(const void* from, sf_count_t count, void* user)
{
    auto& memory = *static_cast<Memory*>(user);
    const auto size = static_cast<std::size_t>(count);
    memory.bytes.resize(std::max(memory.bytes.size(), memory.at + size));
    std::copy_n(static_cast<const std::uint8_t*>(from), size,
                memory.bytes.begin() + static_cast<std::ptrdiff_t>(memory.at));
    memory.at += size;
    return count;
}
sf_count_t tell(void* user)
{
    return static_cast<sf_count_t>(static_cast<Memory*>(user)->at);
}

/// Empty: libsndfile refused.
Bytes oggVorbis(const Samples& samples, int rate)
{
    Memory memory;
    SF_VIRTUAL_IO file{lengthOf, seek, readOn, writeOn, tell};
    SF_INFO info{};
    info.samplerate = rate;
    info.channels = 1;
    info.format = SF_FORMAT_OGG | SF_FORMAT_VORBIS;
    SNDFILE* sound = sf_open_virtual(&file, SFM_WRITE, &info, &memory);
    if (!sound)
        return {};
    double quality = soundQuality;
    sf_command(sound, SFC_SET_VBR_ENCODING_QUALITY, &quality, sizeof quality);
    const auto written = sf_write_short(sound, samples.data(), std::ssize(samples));
    if (sf_close(sound) != 0 || written != std::ssize(samples))
        return {};
    return std::move(memory.bytes);
}

class EspeakSpeaker : public Speaker {
public:
    EspeakSpeaker()
    {
        _rate = espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, nullptr, espeakINITIALIZE_DONT_EXIT);
        if (_rate <= 0)
            throw Error(ErrorCode::ConfigurationInvalid, "the data of eSpeak NG are missing");
        espeak_SetSynthCallback(hear);
        for (const auto& [language, voice] : voices) { // each reads its dictionary once
            if (espeak_SetVoiceByName(voice) != EE_OK)
                throw Error(ErrorCode::ConfigurationInvalid,
                            std::string("eSpeak NG has no voice for ") + language);
        }
        espeak_SetParameter(espeakRATE, wordsPerMinute, 0);
    }
    ~EspeakSpeaker() override { espeak_Terminate(); }
    EspeakSpeaker(const EspeakSpeaker&) = delete;
    EspeakSpeaker& operator=(const EspeakSpeaker&) = delete;

    void speak(Utterance utterance, std::function<void(SpeechOutcome)> done) override
    {
        const auto voice = std::ranges::find(voices, utterance.language,
                                             [](const auto& entry) { return entry.first; });
        if (voice == std::end(voices))
            return done(NoVoice{});
        Samples samples;
        heard = &samples;
        const bool spoke =
            espeak_SetVoiceByName(voice->second) == EE_OK &&
            espeak_SetParameter(espeakRATE, wordsPerMinute, 0) == EE_OK &&
            espeak_Synth(utterance.text.c_str(), utterance.text.size() + 1, 0, POS_CHARACTER, 0,
                         espeakCHARS_UTF8, nullptr, nullptr) == EE_OK &&
            espeak_Synchronize() == EE_OK;
        heard = nullptr;
        Bytes sound = spoke && !samples.empty() ? oggVorbis(samples, _rate) : Bytes();
        if (sound.empty() || sound.size() > soundMax)
            return done(
                DeviceFailed{sound.empty() ? ErrorCode::SystemFailed : ErrorCode::InputTooLarge});
        done(Speech{std::move(sound)});
    }

private:
    int _rate = 0;
};

} // namespace

std::unique_ptr<Speaker> makeSpeaker()
{
    return std::make_unique<EspeakSpeaker>();
}

} // namespace amt::speech

// SPDX-License-Identifier: EUPL-1.2
//
// German numbers, times and states.
#include "sync/gateway/operator_words.h"

#include "appliance/core/error.h"
#include "appliance/core/local_date.h"

#include <algorithm>
#include <map>

namespace amt::gateway {
namespace {

struct Counted {
    std::int64_t count;
    const char *one, *several, *dative;
};

/// The largest unit of which there are two at least, so that nothing is rounded by half.
Counted counted(Milliseconds duration)
{
    using namespace std::chrono;
    if (duration >= days(2))
        return {floor<days>(duration).count(), "Tag", "Tage", "Tagen"};
    if (duration >= hours(2))
        return {floor<hours>(duration).count(), "Stunde", "Stunden", "Stunden"};
    return {std::max<std::int64_t>(floor<minutes>(duration).count(), 1), "Minute", "Minuten",
            "Minuten"};
}

std::string found(const std::map<std::string, const char*>& words, const std::string& word)
{
    const auto at = words.find(word);
    return at == words.end() ? word : at->second;
}

std::string shortId(const std::string& id)
{
    constexpr std::size_t characters = 8;
    return id.substr(0, characters);
}

} // namespace

std::string agoInGerman(UtcTime then, UtcTime now)
{
    if (now - then < std::chrono::minutes(1))
        return "gerade eben";
    const auto [count, one, several, dative] = counted(now - then);
    const std::string feminine = count == 1 ? "vor einer " : "vor " + std::to_string(count) + " ";
    return feminine +
           (count == 1 ? one : dative); // one is a minute: of hours and days there are two
}

std::string durationInGerman(Milliseconds duration)
{
    const auto [count, one, several, dative] = counted(duration);
    return std::to_string(count) + " " + (count == 1 ? one : several);
}

std::string daysLeftInGerman(UtcTime ends, UtcTime now)
{
    const int left = daysLeft(ends, now);
    const auto days = [](int count, const char* one, const char* several) {
        return std::to_string(count) + " " + (count == 1 ? one : several);
    };
    if (left < 0)
        return "seit " + days(-left, "Tag", "Tagen") + " abgelaufen";
    return left == 0 ? "endet heute" : "noch " + days(left, "Tag", "Tage");
}

std::string momentInGerman(UtcTime time)
{
    return germanDate(localDate(time)) + ", " + localTime(time) + " Uhr";
}

std::string inGerman(Trouble trouble)
{
    switch (trouble) {
    case Trouble::NeverHeard:
        return "noch nie gemeldet";
    case Trouble::Late:
        return "meldet sich nicht";
    case Trouble::QueueOld:
        return "Fälle warten am Knoten";
    case Trouble::Held:
        return "Fälle zurückgehalten";
    case Trouble::Unfetched:
        return "Zielstelle holt nicht ab";
    case Trouble::NoCertificate:
        return "kein Zertifikat";
    case Trouble::CertificateEnds:
        return "Zertifikat läuft ab";
    case Trouble::DestinationKeyEnds:
        return "Zielschlüssel läuft ab";
    }
    AMT_ASSERT(false && "a trouble without words");
}

std::string countInGerman(std::size_t count, const std::string& one, const std::string& several)
{
    return std::to_string(count) + " " + (count == 1 ? one : several);
}

std::string actInGerman(const std::string& act)
{
    static const std::map<std::string, const char*> words = {
        {"enter-client", "eingetragen"},
        {"revoke-client", "gesperrt"},
        {"enter-callback", "Rückrufadresse eingetragen"},
        {"make-device-code", "Einmalcode für einen Transportschlüssel ausgestellt"},
        {"approve-device", "Transportschlüssel freigegeben"},
        {"revoke-device", "Transportschlüssel abgelehnt oder gesperrt"},
    };
    return found(words, act);
}

std::string keyStateInGerman(const std::string& state)
{
    static const std::map<std::string, const char*> words = {
        {"asked", "wartet auf Freigabe"}, {"issued", "gültig"}, {"revoked", "gesperrt"}};
    return found(words, state);
}

std::string inGerman(const NodeHistory::Event& event)
{
    static const std::map<std::string, const char*> states = {
        {"announced", "Fall angekündigt, noch nicht vollständig"},
        {"submitted", "Fall angenommen, wartet auf die Zielstelle"},
        {"accepted", "Fall von der Zielstelle angenommen"},
        {"rejected", "Fall zurückgewiesen"},
        {"deleted", "Unvollständigen Fall gelöscht"},
    };
    if (event.kind == "submission")
        return found(states, event.what);
    if (event.kind == "life")
        return "Letzte Meldung aus Leben " + shortId(event.what);
    if (event.kind == "life-closed")
        return "Leben " + shortId(event.what) + " beendet: der Knoten wurde wiederhergestellt";
    std::string text = actInGerman(event.what) + ", durch " + event.by;
    return event.why.empty() ? text : text + ": " + event.why;
}

} // namespace amt::gateway

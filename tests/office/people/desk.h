// SPDX-License-Identifier: EUPL-1.2
//
// A desk with clerks on a database of its own, for tests: passwords are stretched cheaply, the
// clock stands until a test moves it.
#pragma once

#include "appliance/office/people/people.h"
#include "tests/office/town.h"

#include <optional>
#include <string>

namespace amt::test {

inline const std::string password = "Ein Satz mit Wörtern";
inline const std::string otherPassword = "Noch ein ganz anderer Satz";

struct Desk {
    ScratchDatabase database;
    SameRandom random;
    std::optional<outbox::Journal> journal;
    std::optional<office::People> people;
    UtcTime now = enrolledAt;
    Secret code;

    office::Roles secondFactorFor; ///< from the next start on

    Desk()
    {
        log::setEnabled(false);
        wire();
        code = people->setUp(rsaKey(4), now);
    }
    void wire()
    {
        journal.emplace(*database);
        office::PeopleSettings settings;
        settings.cost = {.memoryKib = 64, .passes = 1, .lanes = 1};
        settings.secondFactorFor = secondFactorFor;
        people.emplace(*database, *journal, random, settings);
    }
    void restart()
    {
        people.reset();
        journal.reset();
        database.reopen();
        wire();
    }
    office::Stretched fresh(const std::string& text)
    {
        return office::stretch(people->orderForNew(Secret(std::string_view(text))));
    }
    office::FirstClerkIn firstClerk()
    {
        return std::get<office::FirstClerkIn>(
            people->firstClerk(code.revealText(), "Petra Kern", fresh(password), now));
    }
    office::Stretched typed(const std::string& name, const std::string& text)
    {
        return office::stretch(people->orderFor(name, Secret(std::string_view(text))));
    }
    auto tryPassword(const std::string& name, const std::string& text)
    {
        return people->signIn(name, typed(name, text), now);
    }
    office::SignedIn signIn(const std::string& name, const std::string& text)
    {
        return std::get<office::SignedIn>(tryPassword(name, text));
    }
    bool isRefused(const std::string& name, const std::string& text)
    {
        const bool refused = std::holds_alternative<office::SignInRefused>(tryPassword(name, text));
        now += std::chrono::minutes(20); // beyond every delay
        return refused;
    }
};

} // namespace amt::test

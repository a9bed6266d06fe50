// SPDX-License-Identifier: EUPL-1.2
//
// One life of the world: morning, citizens, repair, rest, judgement.
#include "tests/sim/world/world.h"

#include "appliance/core/error.h"
#include "tests/sim/world/town.h"

#include <algorithm>
#include <cstdio>

namespace amt::sim {

void World::tell(const std::string& line)
{
    const auto at = std::chrono::duration_cast<std::chrono::seconds>(_loop.sinceBoot()).count();
    _result.story.push_back(std::to_string(at) + " s: " + line);
    if (_settings.tellStory)
        std::printf("%s\n", _result.story.back().c_str());
}

bool World::step()
{
    const auto next = _loop.nextOwner();
    if (!next)
        return false;
    if (_doom && isMoment(*next) && --_doom->moments == 0) {
        strike(*std::exchange(_doom, std::nullopt));
        return true;
    }
    try {
        return _loop.runNext();
    } catch (const ProcessEnded& ended) {
        died(ended.which);
    } catch (const Error& failure) { // the door of a loop task
        tell(std::string("a task failed: ") + failure.name() + ", " + failure.message());
        if (failure.errorCode() != ErrorCode::StoreFull)
            broken("no task of the loop fails but for a full disk");
    }
    return true;
}

void World::runFor(Milliseconds time)
{
    bool over = false;
    inTheNameOfTheWorld(time, [&over] { over = true; });
    while (!over && step()) {
    }
}

std::int64_t World::count(const char* sql)
{
    store::Statement rows = _town->database.prepare(sql);
    return rows.step() ? rows.integer(0) : 0;
}

bool World::isQuiet()
{
    return _town && _gateway && count("SELECT count(*) FROM draft") == 0 &&
           count("SELECT count(*) FROM cases WHERE state = 'Recorded'") == 0 &&
           count("SELECT count(*) FROM payment WHERE state IN ('Ordered', 'Authorising')") == 0 &&
           count("SELECT count(*) FROM print_job WHERE state = 'printing'") == 0;
}

bool World::isAtRest()
{
    return isQuiet() && count("SELECT count(*) FROM cases WHERE state <> 'Sealed'") == 0 &&
           count("SELECT count(*) FROM payment WHERE state = 'Unresolved'") == 0 &&
           count("SELECT count(*) FROM envelope WHERE state NOT IN ('ACCEPTED', 'PURGED', "
                 "'REJECTED')") == 0;
}

WorldResult World::live()
{
    setUp();
    _portalFaults = {static_cast<unsigned>(randomBelow(_random, 6)),
                     static_cast<unsigned>(randomBelow(_random, 11)),
                     static_cast<unsigned>(randomBelow(_random, 6)),
                     static_cast<unsigned>(randomBelow(_random, 4)), Milliseconds(300)};
    // Terminals differ in how they are made; clocks differ by themselves.
    _terminalModel.reversesUnacknowledged = _random.chance(50);
    _terminalModel.goesOnWithoutLine = _random.chance(50);
    _terminalModel.cardTime = Milliseconds(300 + randomBelow(_random, 6000));
    _terminalModel.hostTime = Milliseconds(300 + randomBelow(_random, 4000));
    _terminal.setBehaviour(_terminalModel);
    setClocks();

    const auto citizens = 2 + randomBelow(_random, 3);
    for (std::uint64_t i = 0; i < citizens; ++i) {
        citizenComes();
        clerkComparesCard();
    }
    mend();
    // Visits end, the terminal comes to itself, what can be resolved is.
    const auto waitFor = [this](bool (World::*reached)(), std::chrono::minutes atMost) {
        runFor(std::chrono::minutes(1));
        for (auto waited = std::chrono::minutes(1); waited < atMost && !(this->*reached)();
             ++waited)
            runFor(std::chrono::minutes(1));
    };
    waitFor(&World::isQuiet, std::chrono::minutes(15));
    // What a wrong clock has signed waits for its time.
    const auto ahead = std::chrono::ceil<std::chrono::minutes>(
        std::max(Milliseconds(0), _aheadMost - _houseClock));
    for (int i = 0; i < 4 && !isAtRest(); ++i) {
        clerkTidiesUp();
        waitFor(&World::isAtRest,
                std::chrono::minutes(20) + (i < 3 ? std::chrono::minutes(0) : ahead));
    }
    runFor(std::chrono::minutes(4)); // what is late on the lines arrives, too
    judge();
    return std::move(_result);
}

namespace {

Papers makePapers(const std::string& source)
{
    SimRandom random(20261122);
    const FeedOpenSsl feed(random); // the same in every process
    return Papers(source);
}

} // namespace

WorldResult liveWorld(const WorldSettings& settings)
{
    static Papers papers = makePapers(settings.source);
    seedSqlite(static_cast<unsigned>(settings.seed));
    World world(settings, papers);
    return world.live();
}

} // namespace amt::sim

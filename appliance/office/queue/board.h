// SPDX-License-Identifier: EUPL-1.2
//
// What the displays and the desks show of the queue: always the full state, with the number of the
// newest event. Pure reads; no name of a citizen.
#pragma once

#include "appliance/office/queue/queue.h"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace amt::office {

struct BoardCall {
    TicketNumber number;
    std::string desk;     ///< id, as on its sign
    std::string deskName; ///< "Schalter 3"; the id when the plan has no such desk any more
    UtcTime calledAt;
    int calls = 0;                           ///< a recall has more than one: the gong sounds again
    TicketState state = TicketState::Called; ///< or Serving

    bool operator==(const BoardCall&) const = default;
};
/// The call board (D1).
struct Board {
    /// A page that has a newer one keeps it; after a reconnect it takes what it is given, because a
    /// copy that was put back stands earlier.
    std::int64_t sequence = 0;
    std::vector<BoardCall> calls; ///< newest first
    int waiting = 0;
    std::map<std::string, int> waitingByGroup; ///< every group of the plan, and those that wait
    int openDesks = 0;
};
struct BoardWish {
    int calls = 4;
    /// A call stays so long, and longer while nobody came yet.
    std::chrono::minutes stays{10};
};
Board boardAt(const Queue& queue, UtcTime now, const BoardWish& wish = {});

/// The sign of one desk (D2).
struct DeskSign {
    std::int64_t sequence = 0;
    std::string desk, deskName;
    bool open = false;
    SignWord word = SignWord::None;
    std::optional<BoardCall> now; ///< called or served there
};
/// Throws NotFound: neither planned nor open.
DeskSign signOf(const Queue& queue, const std::string& desk);

/// How many of its group are called before this ticket, as it stands now; 0 once it was called.
int peopleBefore(const Queue& queue, const Ticket& ticket, UtcTime now);

struct WaitingEntry {
    Ticket ticket;
    std::chrono::seconds waited{0}; ///< since it was drawn; an appointment's since its start, not
                                    ///< negative
    bool due = true;                ///< false: an appointment whose time has not come
    bool callable = true;           ///< callNext at this desk may take it
};
/// My desk (C2) and, without a desk, the overview (C3).
struct DeskView {
    std::int64_t sequence = 0;
    std::optional<OpenDesk> desk = {};
    std::optional<Ticket> current = {};     ///< called or served at the desk
    std::vector<WaitingEntry> waiting = {}; ///< in the order of calling
    std::vector<Ticket> drawn = {};         ///< not printed nor noted yet
    std::vector<Ticket> called = {};        ///< at any desk, called or served, newest first
    std::vector<Ticket> parked = {}, forPickUp = {}, missed = {}; ///< the longest first
    std::vector<Ticket> over = {}; ///< finished or withdrawn or ended, newest first
    std::vector<OpenDesk> emergencies = {};
};
/// An empty `desk`: the overview, where every entry is callable by somebody or not.
DeskView deskViewAt(const Queue& queue, const std::string& desk, UtcTime now);

} // namespace amt::office

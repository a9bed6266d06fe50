// SPDX-License-Identifier: EUPL-1.2
//
// Live pages: each event of the node is the whole state of the visit; when this page tells another one, it is loaded anew.

const { live, liveAfter, liveShows } = document.body.dataset;

/** What a page shows of the state (kiosk/page/citizen.cpp). @param {Record<string, unknown>} state */
function shownOf(state) {
    if (typeof state.reading === 'string')
        return state.reading;
    if (typeof state.printing === 'string')
        return state.printing;
    if (typeof state.online === 'string')
        return state.online;
    if (typeof state.news === 'string')
        return state.news;
    return state.terminalStatus === undefined ? '' : `${state.terminalStatus} ${state.terminalText}`;
}

if (live) {
    const patience = Number(liveAfter) * 1000; // 0: somebody types here
    let loading = false;
    const load = () => {
        if (!loading) {
            loading = true;
            location.replace(location.pathname);
        }
    };
    const events = new EventSource(live);
    events.addEventListener('message', (event) => {
        const state = JSON.parse(event.data);
        if (state.at !== location.pathname || shownOf(state) !== liveShows)
            load();
    });
    if (patience > 0) {
        events.addEventListener('error', () => {
            events.close();
            setTimeout(load, patience);
        });
        // Whatever happens to the stream, the page never stays as it is for long.
        setTimeout(load, patience * 5);
    }
    window.addEventListener('pagehide', () => events.close());
}

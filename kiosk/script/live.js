// SPDX-License-Identifier: EUPL-1.2
//
// Live pages: each event of the node says that something changed; the page is then loaded anew.

const { live, liveAfter } = document.body.dataset;
if (live) {
    const patience = Math.max(1, Number(liveAfter)) * 1000;
    let loading = false;
    const load = () => {
        if (!loading) {
            loading = true;
            location.replace(location.href);
        }
    };
    const events = new EventSource(live);
    // The first event of a stream tells the state that this page already shows.
    let known = '';
    events.addEventListener('message', (event) => {
        if (known === '')
            known = event.data;
        else if (known !== event.data)
            load();
    });
    events.addEventListener('error', () => {
        events.close();
        setTimeout(load, patience);
    });
    // Whatever happens to the stream, the page never stays as it is for long.
    setTimeout(load, patience * 5);
    window.addEventListener('pagehide', () => events.close());
}

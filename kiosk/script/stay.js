// SPDX-License-Identifier: EUPL-1.2
//
// "I am still here", said to the node without leaving the page: the same form that a press would send.

const address = '/visit/still-there';

/** Whether the visit goes on. @returns {Promise<boolean>} */
export async function stayLonger() {
    const page = await fetch(address, { credentials: 'same-origin', redirect: 'follow' });
    const key = /name="key" value="([^"]+)"/.exec(await page.text());
    if (!page.ok || !key || !page.url.endsWith(address))
        return false;
    const answer = await fetch(address, {
        method: 'POST', credentials: 'same-origin', redirect: 'follow', body: new URLSearchParams({ key: key[1] }),
    });
    return answer.ok;
}

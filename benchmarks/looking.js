/* What a benchmark sees of the sandbox's page, by the page's own clock. */

window.looking = {
  /** Resolves to when the first row was there, in ms from the beginning of the navigation. */
  firstRow: new Promise((done) => {
    new MutationObserver((_, observer) => {
      if (looking.rows().length === 0) return;
      observer.disconnect();
      done(performance.now());
    }).observe(document, { childList: true, subtree: true });
  }),

  /**
   * Wait for the row of a phone.
   * @returns {Promise<number[]>} when it was there, and when it was drawn, in ms since 1970
   */
  arrival(digits) {
    const now = () => performance.timeOrigin + performance.now();
    const isThere = () => looking.rows().slice(0, 5).some((row) => row.includes(digits));
    return new Promise((done) => {
      const observer = new MutationObserver(() => {
        if (!isThere()) return;
        observer.disconnect();
        const there = now();
        looking.frames(2).then(() => done([there, now()]));
      });
      const rows = document.getElementById("rows");
      observer.observe(rows, { childList: true, subtree: true, characterData: true });
    });
  },

  /**
   * Scroll the list by a screen in each frame, down and up again.
   * @returns {Promise<number[]>} how long each frame took, in ms
   */
  async scroll(seconds) {
    const list = document.getElementById("scroller");
    const times = [];
    let step = list.clientHeight;
    let last = await looking.frames(1);
    for (const end = last + 1000 * seconds; last < end; ) {
      const before = list.scrollTop;
      list.scrollTop += step;
      if (list.scrollTop === before) step = -step;
      const at = await looking.frames(1);
      times.push(at - last);
      last = at;
    }
    return times;
  },

  /**
   * Type a phone into the search, one digit after the other, and find it alone at the end.
   * @returns {Promise<number[]>} how long it was, in ms, until what is found was drawn: the page
   *   looks for it in the next frame, and the frame after that begins when that one is drawn
   */
  async type(text) {
    const field = document.getElementById("search");
    const times = [];
    for (let size = 1; size <= text.length; size++) {
      const began = performance.now();
      field.value = text.slice(0, size);
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
      await looking.frames(2);
      times.push(performance.now() - began);
    }
    const found = looking.rows();
    if (found.length !== 1 || !found[0].includes(text)) throw new Error(`found ${found}`);
    return times;
  },

  /** The digits in each row that is shown. */
  rows() {
    const rows = [...document.querySelectorAll("#rows tr")];
    return rows.map((row) => row.textContent.replace(/\D/g, "")).filter((digits) => digits);
  },

  /** Wait for so many frames, and return when the last one began. */
  async frames(count) {
    let at;
    while (count-- > 0) at = await new Promise(requestAnimationFrame);
    return at;
  },
};

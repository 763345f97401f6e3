/**
 * Gives each context a letter that all tabs agree on: the lowest that no living one has. The list
 * is shared through localStorage; each tab claims its own place in it, and keeps it on reload.
 */
const KEY = 'stillhere-demo.letters';
const MINE = 'stillhere-demo.letter';
const COLORS = 6;
/** A context that has not named itself by then runs no demo page, and is named by us. */
const PATIENCE_MS = 2000;

function read() {
  try {
    const ids = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(ids) ? ids : [];
  } catch {
    return [];
  }
}

/** A to Z, then A2, B2 and so on. */
function letter(place) {
  const round = Math.floor(place / 26);
  return String.fromCharCode(65 + (place % 26)) + (round > 0 ? round + 1 : '');
}

export class Letters {
  #seen = new Map();

  /** A function from id to `{ letter, color }`. Claims nothing before the peers are known. */
  name(contexts, known) {
    const ids = read();
    const living = new Set(contexts.map(({ id }) => id));
    let changed = false;
    for (const { id, own } of contexts) {
      if (!this.#seen.has(id)) this.#seen.set(id, Date.now());
      const due = own ? known : Date.now() - this.#seen.get(id) > PATIENCE_MS;
      if (due && !ids.includes(id)) {
        ids[this.#place(ids, living, own)] = id;
        changed = true;
      }
      if (own && ids.includes(id)) sessionStorage.setItem(MINE, String(ids.indexOf(id)));
    }
    if (changed) localStorage.setItem(KEY, JSON.stringify(ids));
    return (id) => {
      const place = ids.indexOf(id);
      return place < 0
        ? { letter: '', color: 4, place: 99 }
        : { letter: letter(place), color: place % COLORS, place };
    };
  }

  #place(ids, living, own) {
    const before = own ? Number(sessionStorage.getItem(MINE) ?? 'none') : Number.NaN;
    if (Number.isInteger(before) && before < 26 && !living.has(ids[before])) return before;
    const free = ids.findIndex((id) => !living.has(id));
    return free < 0 ? ids.length : free;
  }
}

/** What an embedding host and a frame say to each other (docs/contract.md, section 2). */

/** Longest text that is read, in characters; longest name of a source. */
const LONGEST = 1024;
export const LONGEST_SOURCE = 64;
/** More than anybody presses in a second, by far. */
const MOST_INPUTS = 1_000_000;

/** Activity in the host's page. What it says is shown to people; it counts as one. */
export interface Heartbeat {
  readonly source?: string;
  readonly keystrokes?: number;
  readonly clicks?: number;
}

/** How a host says that it is there: with nothing done, and perhaps with a port to talk through. */
export const HELLO = 'hello';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const only = (value: object, known: string[]) =>
  Object.keys(value).every((name) => known.includes(name));

const isCount = (value: unknown) =>
  value === undefined ||
  (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_INPUTS);

function isHeartbeat(data: unknown): data is Heartbeat | undefined {
  if (data === undefined) {
    return true;
  }
  return (
    isObject(data) &&
    only(data, ['source', 'keystrokes', 'clicks']) &&
    (data.source === undefined ||
      (typeof data.source === 'string' && data.source.length <= LONGEST_SOURCE)) &&
    isCount(data.keystrokes) &&
    isCount(data.clicks)
  );
}

/** The object that a text says; `undefined` if it does not speak of heartbeats, `null` if it is none. */
function parsed(text: string): unknown {
  // Others send texts as well, and long ones: those are not looked through.
  const ours = text.slice(0, LONGEST).includes('"heartbeat"');
  if (!ours && !text.startsWith('{"type":"hello"')) {
    return undefined;
  }
  try {
    return text.length > LONGEST ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Reads a message: a heartbeat, a hello, `null` for one that is malformed, `undefined` for one that
 * is not for us. A field that nobody knows makes it malformed: a message that claims when something
 * was done must not be taken for one of now.
 */
export function read(given: unknown): Heartbeat | typeof HELLO | null | undefined {
  const message = typeof given === 'string' ? parsed(given) : given;
  if (message === null && typeof given === 'string') {
    return null;
  }
  if (!isObject(message)) {
    return undefined;
  }
  if (message.type === 'hello') {
    return only(message, ['type']) ? HELLO : null;
  }
  if (message.type !== 'heartbeat') {
    return undefined;
  }
  return only(message, ['type', 'data']) && isHeartbeat(message.data) ? (message.data ?? {}) : null;
}

import type { WarningTexts } from 'stillhere/warning';
import rules from './dialog.css';
import { hearPresses } from './presses.ts';
import type { Dialog, Means, State } from './stage.ts';
import { ask } from './tab.ts';
import { clockIn, timeIn, wordsIn } from './words.ts';

const SECOND_MS = 1000;
/** Seconds left at which a screen reader says so, unless it has within so many seconds. */
const STEPS = [1200, 600, 300, 120, 60, 30, 20, 10, 5];
const QUIET = 4;
/** A region that has just been made is not listened to yet. */
const REGION_MS = 100;

/** The parts, in the order in which they stand. */
const PARTS = [
  'time',
  'title',
  'text',
  'offline',
  'status',
  'stay',
  'sign-out',
  'sign-in',
] as const;
type Parts = Record<(typeof PARTS)[number], HTMLElement>;

/** The dialog with nothing in it yet. */
function build(host: HTMLElement): [HTMLDialogElement, Parts] {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  const root = host.attachShadow({ mode: 'open' });
  root.adoptedStyleSheets = [sheet];
  const dialog = root.appendChild(document.createElement('dialog'));
  const parts = {} as Parts;
  PARTS.forEach((name, at) => {
    const tag = at > 4 ? 'button' : at === 1 ? 'h2' : 'p';
    const part = dialog.appendChild(document.createElement(tag));
    part.id = part.part = name;
    parts[name] = part;
  });
  // Read on demand, and never by itself.
  parts.time.role = 'timer';
  parts.status.role = 'status';
  parts.title.tabIndex = -1;
  dialog.part = 'dialog';
  dialog.role = 'alertdialog';
  dialog.setAttribute('aria-labelledby', 'title');
  dialog.setAttribute('aria-describedby', 'text offline');
  dialog.setAttribute('closedby', 'none');
  return [dialog, parts];
}

/** Writes a text where it is new. */
function put(part: HTMLElement, text: string): void {
  part.hidden = !text;
  if (part.textContent !== text) {
    part.textContent = text;
  }
}

/** The dialog, in the language that the element asks for. */
export async function open(host: HTMLElement, means: Means, names: string[]): Promise<Dialog> {
  const { agent, element, stay, signIn, close, title } = means;
  const [language, given] = await wordsIn(element);
  const [dialog, parts] = build(host);
  const hooked = new AbortController();
  let texts: WarningTexts;
  let wanted: State | undefined;
  let state: State | undefined;
  let retract: (() => void) | undefined;
  let notified: Promise<() => void> | undefined;
  let timer: ReturnType<typeof setTimeout>;
  let saying: ReturnType<typeof setTimeout>;
  /** Seconds that were left when the time was last said, and last shown. */
  let said = 0;
  let shown = 0;

  const answer = (event: Event) => wanted === 'warning' && stay(event);
  /** Nothing is to be shown: the dialog goes as soon as nobody is busy with it. */
  const settle = () => wanted || busy.press || busy.elsewhere || close();
  const busy = hearPresses(
    dialog,
    hooked,
    (event) => event.composedPath().includes(parts['sign-out']) || answer(event),
    settle,
  );
  parts.stay.onclick = answer;
  parts['sign-out'].onclick = () => agent.end();
  parts['sign-in'].onclick = signIn;
  // Escape is an answer; what closes the dialog is the phase.
  dialog.oncancel = (event) => {
    event.preventDefault();
    answer(event);
  };
  dialog.lang = language;
  dialog.dir = element.dir || (language === 'ar' ? 'rtl' : 'ltr');
  /** Tells a screen reader, without taking the focus. */
  const say = (words: string) => {
    clearTimeout(saying);
    saying = setTimeout(put, REGION_MS, parts.status, words);
  };
  /** Lies on top of whatever the app has opened meanwhile: below it, nobody could answer. */
  const raise = (isNew: boolean) => {
    const { left, top, width, height } = dialog.getBoundingClientRect();
    const seen = document.elementFromPoint(left + width / 2, top + height / 2);
    const isBelow = !document.hidden && width && seen !== host;
    if (!dialog.open || isBelow) {
      dialog.close();
      dialog.showModal();
    }
    if (isNew || isBelow) {
      // Who goes on typing answers the question. Nobody leaves or signs out like that.
      parts[state === 'warning' ? 'stay' : 'title'].focus();
    }
  };
  const count = (seconds: number) => {
    const body = texts.left.replace('{time}', timeIn(language, seconds));
    put(parts.time, clockIn(language, seconds));
    // More than before: somebody answered, and is still in the dialog.
    if (seconds > shown || STEPS.some((step) => seconds <= step && step <= said - QUIET)) {
      said = seconds;
      say(body);
    }
    shown = seconds;
    if (element.hasAttribute('notify') && !agent.contexts().some(({ visible }) => visible)) {
      notified ??= import('./notify.ts').then(({ notify }) =>
        notify(texts.warning, { body, lang: language }, answer),
      );
    }
  };
  /** When a second is over: in every tab at the same moment. */
  const tick = () => {
    clearTimeout(timer);
    const left = agent.status.remainingMs ?? 0;
    if (state === 'warning') {
      count(Math.ceil(left / SECOND_MS));
    }
    timer = setTimeout(tick, left % SECOND_MS || SECOND_MS);
    raise(false);
  };
  document.addEventListener('visibilitychange', tick, hooked);
  return {
    draw(next, isOffline) {
      wanted = next;
      if (!next) {
        // The press that answered is still being told to its listeners: ours are among the last.
        document.hidden ? settle() : setTimeout(settle);
        return;
      }
      const { endedBecause } = agent.status;
      const isNew = next !== state;
      const asks = next === 'warning';
      texts = Object.fromEntries(names.map((name, at) => [name, given[at]])) as never;
      Object.assign(texts, element.texts);
      const headline = texts[next];
      const body = asks ? texts.text : endedBecause ? texts[endedBecause] : '';
      put(parts.title, headline);
      put(parts.text, body);
      const trouble = asks && isOffline ? texts.offline : '';
      if (trouble !== parts.offline.textContent) {
        trouble && say(trouble);
        put(parts.offline, trouble);
      }
      put(parts.stay, asks ? texts.stay : '');
      put(parts['sign-out'], endedBecause ? '' : texts.signOut);
      put(parts['sign-in'], endedBecause ? texts.signIn : '');
      if (isNew) {
        put(parts.time, '');
        retract?.();
        retract = asks ? ask(headline) : undefined;
        shown = 0;
        // The dialog's own name is only read when it opens.
        state && say(`${headline} ${body}`);
        state = next;
        host.setAttribute('state', next);
        endedBecause && title(headline);
        raise(true);
      }
      tick();
    },
    stop() {
      clearTimeout(timer);
      clearTimeout(saying);
      hooked.abort();
      retract?.();
      notified?.then((takeBack) => takeBack());
    },
  };
}

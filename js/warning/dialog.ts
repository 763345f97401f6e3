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

/** Whether the app has opened something on top of it since: there nobody could answer. */
function isBelow(dialog: HTMLDialogElement, host: HTMLElement): boolean {
  const { left, top, width, height } = dialog.getBoundingClientRect();
  const seen = document.elementFromPoint(left + width / 2, top + height / 2);
  return !document.hidden && width > 0 && seen !== host;
}

/** What is seen and heard of the time that is left. */
function makeClock({ agent, element }: Means, { time, status }: Parts, language: string) {
  let notified: Promise<() => void> | undefined;
  let saying: ReturnType<typeof setTimeout>;
  /** Seconds that were left when the time was last said, and last shown. */
  let said = 0;
  let shown = 0;
  /** Tells a screen reader, without taking the focus. */
  const say = (words: string) => {
    clearTimeout(saying);
    saying = setTimeout(put, REGION_MS, status, words);
  };
  return {
    say,
    show(seconds: number, { left, warning }: WarningTexts, answer: (event: Event) => void) {
      const body = left.replace('{time}', timeIn(language, seconds));
      put(time, clockIn(language, seconds));
      // More than before: somebody answered, and is still in the dialog.
      if (seconds > shown || STEPS.some((step) => seconds <= step && step <= said - QUIET)) {
        said = seconds;
        say(body);
      }
      shown = seconds;
      if (element.hasAttribute('notify') && !agent.contexts().some(({ visible }) => visible)) {
        notified ??= import('./notify.ts').then(({ notify }) =>
          notify(warning, { body, lang: language }, answer),
        );
      }
    },
    /** Another state: there is no time to show, and the next is news. */
    clear() {
      put(time, '');
      shown = 0;
    },
    stop() {
      clearTimeout(saying);
      notified?.then((takeBack) => takeBack());
    },
  };
}

/** The dialog, in the language that the element asks for. */
export async function open(host: HTMLElement, means: Means, names: string[]): Promise<Dialog> {
  const { agent, element } = means;
  const [language, given] = await wordsIn(element);
  const [dialog, parts] = build(host);
  const clock = makeClock(means, parts, language);
  const hooked = new AbortController();
  let wanted: State | undefined;
  let state: State | undefined;
  let texts: WarningTexts;
  let retract: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout>;

  const answer = (event: Event) => wanted === 'warning' && means.stay(event);
  /** Nothing is to be shown: the dialog goes as soon as nobody is busy with it. */
  const settle = () => wanted || busy.press || busy.elsewhere || means.close();
  const busy = hearPresses(
    dialog,
    hooked,
    (event) => event.composedPath().includes(parts['sign-out']) || answer(event),
    settle,
  );
  parts.stay.onclick = answer;
  parts['sign-out'].onclick = () => agent.end();
  parts['sign-in'].onclick = means.signIn;
  // Escape is an answer; what closes the dialog is the phase.
  dialog.oncancel = (event) => {
    event.preventDefault();
    answer(event);
  };
  dialog.lang = language;
  dialog.dir = element.dir || (language === 'ar' ? 'rtl' : 'ltr');
  const raise = (isNew: boolean) => {
    const isHidden = isBelow(dialog, host);
    if (!dialog.open || isHidden) {
      dialog.close();
      dialog.showModal();
    }
    if (isNew || isHidden) {
      // Who goes on typing answers the question. Nobody leaves or signs out like that.
      parts[state === 'warning' ? 'stay' : 'title'].focus();
    }
  };
  /** When a second is over: in every tab at the same moment. */
  const tick = () => {
    const left = agent.status.remainingMs;
    clearTimeout(timer);
    if (state === 'warning' && left !== null) {
      clock.show(Math.ceil(left / SECOND_MS), texts, answer);
    }
    timer = setTimeout(tick, Number(left) % SECOND_MS || SECOND_MS);
    raise(false);
  };
  /** Writes title and text of a state, and the buttons that it has. */
  const write = (next: State, isOffline: boolean) => {
    const { endedBecause } = agent.status;
    const asks = next === 'warning';
    const trouble = asks && isOffline ? texts.offline : '';
    if (trouble && trouble !== parts.offline.textContent) {
      clock.say(trouble);
    }
    put(parts.title, texts[next]);
    put(parts.text, asks ? texts.text : endedBecause ? texts[endedBecause] : '');
    put(parts.offline, trouble);
    put(parts.stay, asks ? texts.stay : '');
    put(parts['sign-out'], endedBecause ? '' : texts.signOut);
    put(parts['sign-in'], endedBecause ? texts.signIn : '');
  };
  /** Another state than before. */
  const enter = (next: State) => {
    clock.clear();
    retract?.();
    retract = next === 'warning' ? ask(texts.warning) : undefined;
    if (state) {
      // The dialog's own name is only read when it opens.
      clock.say(`${texts[next]} ${parts.text.textContent}`);
    }
    if (next === 'ended') {
      means.title(texts.ended);
    }
    state = next;
    host.setAttribute('state', next);
    raise(true);
  };
  document.addEventListener('visibilitychange', tick, hooked);
  return {
    draw(next, isOffline) {
      wanted = next;
      if (next) {
        texts = Object.fromEntries(names.map((name, at) => [name, given[at]])) as never;
        Object.assign(texts, element.texts);
        write(next, isOffline);
        if (next !== state) {
          enter(next);
        }
        tick();
      } else if (document.hidden) {
        settle();
      } else {
        // The press that answered is still being told to its listeners: ours are among the last.
        setTimeout(settle);
      }
    },
    stop() {
      clearTimeout(timer);
      clock.stop();
      hooked.abort();
      retract?.();
    },
  };
}

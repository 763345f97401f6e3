/** What is shown: the parts of the panel, and the report that is copied. */
import type { AgentOptions } from 'stillhere';
import { Calls } from './calls.ts';
import { arrange, h, part, say } from './dom.ts';
import { keepAlives, REFUSED, type Refusals } from './facts.ts';
import { LogView } from './log-view.ts';
import type { Network } from './network.ts';
import parts from './parts.css';
import type { Recorder } from './recorder.ts';
import { Ring } from './ring.ts';
import { Rules } from './rules-view.ts';
import type { Snapshot } from './snapshot.ts';
import { Strip } from './strip.ts';
import style from './style.css';
import { Tabs } from './tabs.ts';
import { why, wouldHave } from './why.ts';
import { countdown, plural, short } from './words.ts';

let sheet: CSSStyleSheet | undefined;

/** The styles of every panel, made when the first is. */
export function styles(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(style + parts);
  }
  return sheet;
}

/** What the buttons do. */
export interface Actions {
  report(): string;
  close(): void;
  toggleWatcher(): void;
}

/** Ends of a dry run that are listed. */
const SHOWN = 5;

/** Says each line in an item of its own. */
function list(node: HTMLUListElement, lines: readonly string[]): void {
  if (node.children.length !== lines.length) {
    arrange(
      node,
      lines.map(() => h('li')),
    );
  }
  lines.forEach((line, at) => {
    say(node.children[at] as Element, line);
  });
}

export class Panel {
  readonly #recorder: Recorder;
  readonly #report: () => string;
  readonly #title = h('h2', { id: 'title', tabindex: -1 }, 'Stillhere inspector');
  readonly #copy = h('button', { type: 'button' }, 'Copy report');
  readonly #said = h('p', { class: 'fine said', role: 'status' });
  readonly #text = h('textarea', { readonly: true, rows: 8, 'aria-label': 'Report', hidden: true });
  readonly #ring = new Ring();
  readonly #dry = h('ul', { class: 'dry', hidden: true });
  readonly #holds = h('ul', { class: 'lines' });
  readonly #holdsPart = part('Holds', this.#holds);
  readonly #tabs = new Tabs();
  readonly #strip: Strip;
  readonly #calls: Calls;
  readonly #log: LogView;
  readonly #rules = new Rules();
  readonly #tabsTitle = h('h3');
  readonly #stripTitle = h('h3');
  readonly #refused = h('ul', { class: 'lines refused' });
  readonly #sent = h('p', { class: 'fine' });
  readonly node: HTMLElement;

  constructor(recorder: Recorder, network: Network, { report, close, toggleWatcher }: Actions) {
    this.#recorder = recorder;
    this.#report = report;
    this.#strip = new Strip(recorder.history);
    this.#log = new LogView(recorder.log);
    this.#calls = new Calls(network, toggleWatcher);
    this.#copy.addEventListener('click', () => this.#copyReport());
    const shut = h('button', { type: 'button', class: 'close' }, 'Close');
    shut.addEventListener('click', close);
    const head = h('div', { class: 'head' }, this.#title, this.#copy, shut);
    this.node = h(
      'section',
      { class: 'root', lang: 'en', 'aria-labelledby': 'title' },
      h('div', { class: 'top' }, head, this.#said, this.#text),
      this.#ring.node,
      this.#dry,
      this.#holdsPart,
      part(this.#tabsTitle, this.#tabs.node),
      part(this.#stripTitle, this.#strip.node, this.#sent),
      h('slot'),
      part('Refused in this tab', this.#refused),
      part('Network calls of this tab', this.#calls.node),
      part('What happened', this.#log.node),
      part('Rules', this.#rules.node),
    );
  }

  focus(): void {
    this.#title.focus();
  }

  show(now: Snapshot, wishes: Partial<AgentOptions>): void {
    const { at, status, contexts } = now;
    this.node.dataset.phase = status.phase;
    this.#ring.show(now, why(now, this.#recorder));
    this.#tabs.show(now);
    this.#strip.show(now);
    this.#calls.show();
    this.#log.show(at);
    this.#rules.show(now, wishes);
    this.#showDry(now);
    this.#showRefused(status.refused);
    const holds = status.phase === 'ended' ? [] : status.holds;
    this.#holdsPart.hidden = holds.length === 0;
    list(
      this.#holds,
      holds.map(
        ({ id, reason, expiresInMs }) =>
          `${reason}: lapses in ${countdown(expiresInMs)} unless it is renewed (${id})`,
      ),
    );
    const idle =
      status.phase === 'ended'
        ? ''
        : `, idle for ${short(Math.floor(status.idleMs / 1000) * 1000)}`;
    say(this.#tabsTitle, `${plural(contexts.length, 'tab')}, one deadline${idle}`);
    const { inputs, sends } = this.#recorder.history.totals();
    const sent = plural(sends, 'keep-alive');
    say(this.#stripTitle, `Last minute: ${plural(inputs, 'input')}, ${sent}`);
    say(this.#sent, `This tab: ${keepAlives(status)}.`);
  }

  #showDry({ at, status }: Snapshot): void {
    const ends = wouldHave(this.#recorder, at).reverse();
    this.#dry.hidden = status.policy.mode !== 'observe' && ends.length === 0;
    const lines = [
      'Dry run: everything as in earnest, and nothing ends.',
      ...(ends.length > 0 ? ends.slice(0, SHOWN) : ['Nobody would have been logged out so far.']),
      ...(ends.length > SHOWN ? [`${ends.length} times in all: see the report.`] : []),
    ];
    list(this.#dry, lines);
  }

  #showRefused(refused: Refusals): void {
    const lines = (Object.keys(REFUSED) as (keyof Refusals)[])
      .filter((kind) => refused[kind] > 0)
      .map((kind) => `${REFUSED[kind]}: ${refused[kind].toLocaleString('en')}`);
    list(this.#refused, lines.length > 0 ? lines : ['Nothing was refused.']);
  }

  async #copyReport(): Promise<void> {
    const text = this.#report();
    let copied = true;
    try {
      await navigator.clipboard.writeText(text);
      this.#text.hidden = true;
    } catch {
      // An insecure page has no clipboard, and a frame may not be allowed to write to it.
      this.#text.hidden = false;
      this.#text.value = text;
      this.#text.select();
      copied = document.execCommand('copy');
    }
    const instead =
      'The browser does not let it be copied: it is selected below, copy it with the keyboard.';
    say(this.#said, copied ? 'The report is copied.' : instead);
  }
}

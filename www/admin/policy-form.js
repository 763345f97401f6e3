/** The form of one policy: values of a layer, and at each field what is wrong with it. */
import { h, say } from '../app/dom.js';
import {
  ApiRulesField,
  ChoiceField,
  CountsField,
  DailyField,
  NumberField,
  Wrong,
} from './policy-fields.js';
import { keysOf, LABELS, ON_LOCK } from './policy-words.js';
import { advice } from './trouble.js';
import { exact } from './words.js';

const MINUTE = 60_000;
const BELOW = 'As in the layer below';

const minutes = (key, hint) =>
  new NumberField(key, { label: LABELS[key], unit: 'minutes', factor: MINUTE, hint });
const seconds = (key, hint) =>
  new NumberField(key, { label: LABELS[key], unit: 'seconds', factor: 1000, hint });

/** @param {'organization' | 'groups' | 'users'} kind */
function fieldsOf(kind) {
  const mode = new ChoiceField('mode', {
    label: LABELS.mode,
    hint: 'Only reporting logs nobody out. The log of ends then says who would have been.',
    choices: [
      [undefined, BELOW],
      ['enforce', 'End the session (enforce)'],
      ['observe', 'Only report (observe)'],
    ],
  });
  const locked = new ChoiceField('on_lock', {
    label: LABELS.on_lock,
    hint: 'Known where the desktop app runs. Whoever goes on working takes it back; an open call keeps the session.',
    choices: [[undefined, BELOW], ...Object.entries(ON_LOCK)],
  });
  const linked = new ChoiceField('link_tokens', {
    label: LABELS.link_tokens,
    hint: 'Whether activity with one token of a sign-in counts for its others.',
    choices: [
      [undefined, BELOW],
      [true, 'Share activity and holds'],
      [false, 'Each for itself'],
    ],
  });
  const hipaa = new ChoiceField('hipaa', {
    label: LABELS.hipaa,
    hint: 'No idle timeout is longer than 15 minutes, whatever groups and users have.',
    choices: [
      [undefined, 'Off'],
      [true, 'At most 15 minutes'],
    ],
  });
  const priority = new NumberField('priority', {
    label: LABELS.priority,
    unit: '1 to 5',
    step: 1,
    hint: "Needed. Of a user's groups the one with the lowest number counts.",
  });
  return [
    minutes('idle_timeout_ms', '5 to 480. Time without activity after which a session ends.'),
    seconds('warn_before_ms', 'At least 20. How long before the end people are asked.'),
    mode,
    ...{ organization: [hipaa], groups: [priority], users: [] }[kind],
    seconds('keepalive_ms', 'At most one keep-alive is sent in this time.'),
    minutes('max_hold_ms', 'Up to 1440; 0 allows none. A hold that nobody releases lapses then.'),
    linked,
    locked,
    new CountsField(),
    new DailyField(),
    new ApiRulesField(),
  ];
}

/** `idle_timeout_ms must be between 300000 and 28800000.` in the units of the form. */
function plainly(key, detail) {
  const range = /must be between (\d+) and (\d+)\.$/.exec(detail);
  if (!range) return detail.replace(/^[\w.[\]]+ (must|is|belongs)/, (_, verb) => `It ${verb}`);
  const [from, to] = [Number(range[1]), Number(range[2])];
  const inMs = key.endsWith('_ms');
  return `It must be between ${inMs ? exact(from) : from} and ${inMs ? exact(to) : to}.`;
}

export class PolicyForm {
  #fields;
  #kept = {};
  #error = h('p', { class: 'error', role: 'alert' });
  #also = h('p', { class: 'fine' });
  #save = h('button', { type: 'submit', class: 'primary' }, 'Save');
  #remove = h('button', { type: 'button', class: 'grave' }, 'Remove this policy');
  node;

  /**
   * @param {'organization' | 'groups' | 'users'} kind
   * @param {{ save(layer: object): void, remove(): void }} acts
   */
  constructor(kind, { save, remove }) {
    this.#fields = fieldsOf(kind);
    this.node = h(
      'form',
      { class: 'policy-form', novalidate: true, autocomplete: 'off' },
      h('div', { class: 'fields' }, ...this.#fields.map(({ node }) => node)),
      this.#also,
      this.#error,
      h('div', { class: 'actions' }, this.#save, this.#remove),
    );
    this.node.addEventListener('submit', (event) => {
      event.preventDefault();
      const layer = this.read();
      if (layer) save(layer);
    });
    this.#remove.addEventListener('click', remove);
  }

  /** @param {object} layer @param {boolean} removable */
  show(layer, removable) {
    this.#complain();
    for (const field of this.#fields) field.set(layer);
    const own = new Set(this.#fields.flatMap(({ keys }) => keys));
    this.#kept = Object.fromEntries(Object.entries(layer).filter(([key]) => !own.has(key)));
    const also = keysOf(this.#kept).map((key) => LABELS[key]);
    const kept = `Also set, and kept as it is: ${also.join(', ')}.`;
    say(this.#also, also.length > 0 ? kept : '');
    this.#remove.hidden = !removable;
  }

  /** The layer as it is typed, or nothing where it cannot be read. */
  read() {
    this.#complain();
    const layer = { ...this.#kept };
    for (const field of this.#fields) {
      try {
        Object.assign(layer, field.get());
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        field.complain(error.message);
        field.focus();
        return undefined;
      }
    }
    return layer;
  }

  /** Shows a refusal at the field that it names, or under all of them. */
  refuse(error) {
    const named = (field) => field.keys.some((key) => error.message.includes(key));
    const field = error.status === 422 && this.#fields.find(named);
    if (field) {
      field.complain(plainly(field.keys[0], error.message));
      field.focus();
    } else {
      say(this.#error, advice(error).join('. '));
    }
  }

  #complain() {
    say(this.#error, '');
    for (const field of this.#fields) field.complain();
  }
}

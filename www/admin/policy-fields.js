/** The fields of a policy's form: each reads its part of a layer and writes it back. */
import { h, say } from '../app/dom.js';
import { COUNTED, LABELS } from './policy-words.js';

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

/** What counts where no policy says anything. */
const USUAL = { keystrokes: true, clicks: true, heartbeats: true };

/** What is wrong with a field before anybody is asked. */
export class Wrong extends Error {}

/** A label, what it takes, and a place for what is wrong with it. */
class Field {
  #error;
  #controls = [];
  node;
  /** The keys of the layer that are this field's. */
  keys;

  constructor(key, tag, { label, hint, wide }, ...content) {
    this.keys = [key];
    this.#error = h('p', { class: 'error', id: `${key}-error`, role: 'alert' });
    const about = h('p', { class: 'fine', id: `${key}-hint` }, hint);
    this.node = h(
      tag,
      { class: wide ? 'field field-wide' : 'field', 'data-field': key },
      tag === 'fieldset' ? h('legend', {}, label) : h('label', { for: key }, label),
      ...content,
      this.#error,
      about,
    );
    this.#controls = [...this.node.querySelectorAll('input, select, textarea')];
    for (const each of this.#controls) {
      each.setAttribute('aria-describedby', `${key}-error ${key}-hint`);
    }
  }

  /** Says what is wrong, and takes it back without a text. */
  complain(text = '') {
    say(this.#error, text);
    for (const each of this.#controls) {
      if (text) each.setAttribute('aria-invalid', 'true');
      else each.removeAttribute('aria-invalid');
    }
  }

  focus() {
    this.#controls[0].focus();
  }
}

/** A number in a unit that people think in. Empty is left to the layer below. */
export class NumberField extends Field {
  #input;
  #factor;
  /** What was shown, and the value that it stands for: a third of a minute has no end. */
  #shown = '';
  #value;

  constructor(key, { label, unit, factor = 1, hint, step = 'any' }) {
    const input = h('input', { id: key, type: 'number', min: 0, step, inputmode: 'decimal' });
    const box = h('div', { class: 'with-unit' }, input, h('span', { class: 'fine' }, unit));
    super(key, 'div', { label, hint }, box);
    this.#input = input;
    this.#factor = factor;
  }

  set(layer) {
    this.#value = layer[this.keys[0]];
    const shown = this.#value === undefined ? '' : (this.#value / this.#factor).toFixed(3);
    this.#shown = shown.replace(/\.?0+$/, '');
    this.#input.value = this.#shown;
  }

  get() {
    // What is no number reads as empty, and empty means something else.
    if (this.#input.validity.badInput) throw new Wrong('Type a number, or leave it empty.');
    if (this.#input.value === '') return {};
    if (this.#input.value === this.#shown) return { [this.keys[0]]: this.#value };
    return { [this.keys[0]]: Math.round(Number(this.#input.value) * this.#factor) };
  }
}

/** One of several values. The first leaves it to the layer below. */
export class ChoiceField extends Field {
  #select;
  #values;

  /** @param {[unknown, string][]} choices */
  constructor(key, { label, hint, choices }) {
    const options = choices.map(([, text], at) => h('option', { value: at }, text));
    const select = h('select', { id: key }, ...options);
    super(key, 'div', { label, hint }, select);
    this.#select = select;
    this.#values = choices.map(([value]) => value);
  }

  set(layer) {
    this.#select.selectedIndex = Math.max(0, this.#values.indexOf(layer[this.keys[0]]));
  }

  get() {
    const value = this.#values[this.#select.selectedIndex];
    return value === undefined ? {} : { [this.keys[0]]: value };
  }
}

/** A time of the day, its time zone and its days. Without a time there is none. */
export class DailyField extends Field {
  #time;
  #zone;
  #days;

  constructor() {
    const key = 'logout_daily';
    const time = h('input', { id: key, type: 'time' });
    const zone = h('input', {
      id: 'time-zone',
      list: 'zones',
      autocomplete: 'off',
      spellcheck: 'false',
    });
    const zones = Intl.supportedValuesOf('timeZone').map((name) => h('option', { value: name }));
    const days = DAYS.map((day) => h('input', { type: 'checkbox', value: day }));
    const named = (label, input) =>
      h('div', { class: 'field' }, h('label', { for: input.id }, label), input);
    super(
      key,
      'fieldset',
      {
        label: 'Daily logout',
        hint: 'Sessions end at that time however active their users are. Without a time there is none; without a day it is every day.',
        wide: true,
      },
      h('div', { class: 'pair' }, named('Time', time), named('Time zone', zone)),
      h('datalist', { id: 'zones' }, ...zones),
      h(
        'div',
        { class: 'choices' },
        ...days.map((day) =>
          h('label', { class: 'choice' }, day, day.value[0].toUpperCase() + day.value.slice(1, 3)),
        ),
      ),
    );
    this.#time = time;
    this.#zone = zone;
    this.#days = days;
  }

  set({ logout_daily: daily }) {
    this.#time.value = daily?.time ?? '';
    this.#zone.value = daily?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const day of this.#days) day.checked = daily?.days?.includes(day.value) ?? false;
  }

  get() {
    if (this.#time.validity.badInput) throw new Wrong('Type hours and minutes, or leave it empty.');
    if (this.#time.value === '') return {};
    const days = this.#days.filter((day) => day.checked).map((day) => day.value);
    const daily = { time: this.#time.value, time_zone: this.#zone.value.trim() };
    return { logout_daily: days.length > 0 ? { ...daily, days } : daily };
  }
}

/** Which input is activity. A policy says so of all kinds or of none. */
export class CountsField extends Field {
  #own;
  #kinds;

  constructor() {
    const key = 'counts';
    const own = h('input', { id: key, type: 'checkbox' });
    const kinds = Object.keys(COUNTED).map((kind) => h('input', { type: 'checkbox', value: kind }));
    const choice = (input) => h('label', { class: 'choice' }, input, COUNTED[input.value]);
    super(
      key,
      'fieldset',
      {
        label: LABELS.counts,
        hint: 'Input in other programs is known where the desktop app runs. Leave it off unless using the computer for anything at all should keep people signed in.',
        wide: true,
      },
      h('label', { class: 'choice' }, own, 'This policy says what counts'),
      h('div', { class: 'choices' }, ...kinds.map(choice)),
    );
    this.#own = own;
    this.#kinds = kinds;
    own.addEventListener('change', () => this.#enable());
  }

  #enable() {
    for (const kind of this.#kinds) kind.disabled = !this.#own.checked;
  }

  set({ counts }) {
    this.#own.checked = Boolean(counts);
    // As it is where no policy says anything.
    for (const kind of this.#kinds) kind.checked = (counts ?? USUAL)[kind.value] ?? false;
    this.#enable();
  }

  get() {
    if (!this.#own.checked) return {};
    return { counts: Object.fromEntries(this.#kinds.map((kind) => [kind.value, kind.checked])) };
  }
}

const lines = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** Which API calls are activity. Having rules that name none is not the same as having none. */
export class ApiRulesField extends Field {
  #own;
  #include;
  #exclude;

  constructor() {
    const key = 'api_rules';
    const own = h('input', { id: key, type: 'checkbox' });
    const area = (id) => h('textarea', { id, rows: 3, spellcheck: 'false', class: 'code' });
    const include = area('api-include');
    const exclude = area('api-exclude');
    const named = (label, input) =>
      h('div', { class: 'field' }, h('label', { for: input.id }, label), input);
    super(
      key,
      'fieldset',
      {
        label: 'API calls that count as activity',
        hint: 'One pattern a line, such as /api/orders/* or POST /api/notes/**. Where no policy has rules, no call counts.',
        wide: true,
      },
      h('label', { class: 'choice' }, own, 'This policy has rules of its own'),
      h('div', { class: 'pair' }, named('Count these', include), named('But never these', exclude)),
    );
    this.#own = own;
    this.#include = include;
    this.#exclude = exclude;
    own.addEventListener('change', () => this.#enable());
  }

  #enable() {
    this.#include.disabled = !this.#own.checked;
    this.#exclude.disabled = !this.#own.checked;
  }

  set({ api_rules: rules }) {
    this.#own.checked = Boolean(rules);
    this.#include.value = (rules?.include ?? []).join('\n');
    this.#exclude.value = (rules?.exclude ?? []).join('\n');
    this.#enable();
  }

  get() {
    if (!this.#own.checked) return {};
    return {
      api_rules: { include: lines(this.#include.value), exclude: lines(this.#exclude.value) },
    };
  }
}

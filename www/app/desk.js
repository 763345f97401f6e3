/** The app that the agent watches: one customer, a note to write, a call to take. */
import { h, say } from './dom.js';
import { countdown, timeOfDay } from './words.js';

// Nobody real: example names, numbers and addresses only.
const PERSON = {
  name: 'Ada Sample',
  mark: 'AS',
  number: 'Patient 000-0042',
  details: [
    ['Born', '1 January 1970'],
    ['Phone', '555 0142'],
    ['E-mail', 'ada@example.com'],
    ['Next visit', 'Friday, 9:40'],
  ],
  notes: [
    ['Yesterday', 'Appointment', 'Moved from Thursday to Friday. Prefers mornings.'],
    ['Last week', 'Billing', 'Asked for a copy of the invoice. Sent by post.'],
  ],
};
const TOPICS = ['Appointment', 'Prescription', 'Billing', 'Test result', 'Something else'];

export class Desk {
  #root;
  #agent;
  #hold;
  #call = h('button', { class: 'call', type: 'button', 'aria-pressed': 'false' }, 'On a call');
  #saved = h('p', { class: 'fine', role: 'status' });
  #notes = h('ul', { class: 'notes' });
  #form;

  constructor(root, agent) {
    this.#root = root;
    this.#agent = agent;
    this.#form = this.#noteForm();
    for (const [when, topic, text] of PERSON.notes) this.#notes.append(noteRow(when, topic, text));
    root.replaceChildren(this.#personCard(), this.#noteCard(), this.#notesCard());
    this.#call.addEventListener('click', () => this.#toggleCall());
    agent.addEventListener('phase', () => this.#showCall());
  }

  /** Takes everything off the page; whether something was typed and not saved. */
  clear() {
    const { caller, text } = this.#form.elements;
    const unsaved = Boolean(caller.value || text.value);
    this.#form.reset();
    this.#root.replaceChildren();
    return unsaved;
  }

  #personCard() {
    const details = PERSON.details.map(([name, value]) =>
      h('div', {}, h('dt', {}, name), h('dd', {}, value)),
    );
    return h(
      'section',
      { class: 'card', 'aria-labelledby': 'person-name' },
      h(
        'div',
        { class: 'person' },
        h('span', { class: 'person-mark', 'aria-hidden': 'true' }, PERSON.mark),
        h(
          'div',
          { class: 'person-name' },
          h('h2', { id: 'person-name' }, PERSON.name),
          h('p', { class: 'fine' }, PERSON.number),
        ),
        this.#call,
      ),
      h('dl', { class: 'details' }, ...details),
    );
  }

  #noteForm() {
    const options = TOPICS.map((topic) => h('option', {}, topic));
    const field = (label, input, wide) =>
      h(
        'div',
        { class: wide ? 'field field-wide' : 'field' },
        h('label', { for: input.id }, label),
        input,
      );
    const form = h(
      'form',
      // What is typed here waits for the same person's next sign-in (stillhere/resume).
      { class: 'note-form', autocomplete: 'off', 'data-stillhere': 'keep' },
      field('Who is calling?', h('input', { id: 'caller', name: 'caller', maxlength: 80 })),
      field('About', h('select', { id: 'topic', name: 'topic' }, ...options)),
      field('Note', h('textarea', { id: 'note', name: 'text', rows: 5, maxlength: 2000 }), true),
      h(
        'div',
        { class: 'note-end field-wide' },
        h('button', { class: 'primary', type: 'submit' }, 'Save note'),
        this.#saved,
      ),
    );
    form.addEventListener('submit', (event) => this.#save(event));
    return form;
  }

  #noteCard() {
    const title = h('h2', { id: 'note-title' }, 'New note');
    return h('section', { class: 'card', 'aria-labelledby': 'note-title' }, title, this.#form);
  }

  #notesCard() {
    const title = h('h2', { id: 'notes-title' }, 'Earlier');
    return h('section', { class: 'card', 'aria-labelledby': 'notes-title' }, title, this.#notes);
  }

  #save(event) {
    event.preventDefault();
    const { caller, topic, text } = this.#form.elements;
    const words = [caller.value.trim(), text.value.trim()].filter(Boolean).join(': ');
    if (!words) {
      say(this.#saved, 'Type something first.');
      text.focus();
      return;
    }
    const now = timeOfDay(Date.now());
    this.#notes.prepend(noteRow(`Today, ${now}`, topic.value, words));
    // What only the app knows to be work can be told to the agent.
    this.#agent.note('note saved');
    this.#form.reset();
    say(this.#saved, `Saved at ${now}.`);
    caller.focus();
  }

  #toggleCall() {
    if (this.#hold) {
      this.#hold.release();
      this.#hold = undefined;
    } else {
      this.#hold = this.#agent.hold('call');
    }
    this.#showCall();
  }

  /** A hold is a lease: a call that nobody ends is over when its time is. */
  #showCall() {
    const { phase, holds } = this.#agent.status;
    if (phase !== 'held' && holds.length === 0) this.#hold = undefined;
    const lapses = Math.max(0, ...holds.map((hold) => hold.expiresInMs));
    this.#call.setAttribute('aria-pressed', String(Boolean(this.#hold)));
    this.#call.title = this.#hold ? `Keeps everybody signed in for ${countdown(lapses)}` : '';
  }
}

function noteRow(when, topic, text) {
  return h('li', {}, h('span', {}, `${when} · ${topic}`), text);
}

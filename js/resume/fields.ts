/** The fields that an app marked: which they are, what they are called, what is in them. */

/** What a field holds: text, whether it is checked, or the options that are chosen. */
export type Value = string | boolean | readonly string[];

/** Types of `<input>` that hold no text of a person's. What is or was a password: `noteSecret`. */
const NEVER_TYPES = /^(hidden|file|submit|button|image|reset)$/;
/** Autofill field names (HTML, 4.10.18.7) that say as much. */
const NEVER_FILLED = /\b((current|new)-password|one-time-code|cc-\S+)/i;

/** Whether an app says that of a field, or of anything around it, its form included. */
function says(word: string, field: HTMLElement): boolean {
  const selector = `[data-stillhere~=${word}]`;
  return !!(field.closest(selector) || (field as HTMLInputElement).form?.closest(selector));
}

/** What kind of field it is; nothing for what is none, or holds what is never kept. */
export function kindOf(field: HTMLElement): string | undefined {
  const { type, isContentEditable, parentElement } = field as HTMLInputElement;
  if (!type) {
    // Of nested ones, the outermost.
    return isContentEditable && !parentElement?.isContentEditable ? 'edit' : undefined;
  }
  if (type.startsWith('select')) {
    return 'select';
  }
  return NEVER_TYPES.test(type) ? undefined : /^(checkbox|radio)$/.test(type) ? 'check' : 'text';
}

/** The first of those attributes. A form's `name` property may be a field that is called so. */
const named = (element: Element | null | undefined, ...names: string[]) =>
  names.map((name) => element?.getAttribute(name)).find(Boolean) ?? '';

/** What a field is called in its form, whatever kind it is at the moment. */
function nameOf(field: Element): string {
  const form = named((field as HTMLInputElement).form, 'id', 'name');
  return `${form}/${named(field, 'name', 'id', 'aria-label')}`;
}

/** Those that were a password once: "show password" makes another of them, or another field. */
const secrets = new Set<string>();
const secretFields = new WeakSet<Element>();

/** Remembers a field that holds a password now, or held one a moment ago. */
export function noteSecret(field: Element, type: string | null = (field as HTMLInputElement).type) {
  if (type?.toLowerCase() === 'password') {
    secretFields.add(field);
    secrets.add(nameOf(field));
  }
}

/** All fields that may be kept, each by a key that it has again after the page was loaded anew. */
export function marked(): Map<string, HTMLElement> {
  const found = new Map<string, HTMLElement>();
  const many: Record<string, number> = {};
  const all = document.querySelectorAll<HTMLElement>('input,textarea,select,[contenteditable]');
  for (const field of all) {
    noteSecret(field);
  }
  for (const field of all) {
    const name = nameOf(field);
    const kind = kindOf(field);
    const secret =
      NEVER_FILLED.test(named(field, 'autocomplete')) ||
      secretFields.has(field) ||
      (secrets.has(name) && !name.endsWith('/'));
    if (kind && !secret && says('keep', field) && !says('never', field)) {
      const key = `${kind}:${name}${kind === 'check' ? `=${named(field, 'value')}` : ''}`;
      // Where several are called the same, their order tells them apart.
      many[key] = (many[key] ?? 0) + 1;
      found.set(`${key}#${many[key]}`, field);
    }
  }
  return found;
}

/** What is in it. */
export function read(field: HTMLElement): Value {
  const { value, checked, selectedOptions } = field as HTMLInputElement & HTMLSelectElement;
  const kind = kindOf(field);
  if (kind === 'select') {
    return [...selectedOptions].map((option) => option.value);
  }
  return kind === 'check' ? checked : kind === 'edit' ? written(field) : value;
}

/** The text with its lines, as it is seen, which `textContent` would run together. */
function written(field: HTMLElement): string {
  // biome-ignore lint/performance/useDomNodeTextContent: it is the lines that are wanted
  return field.innerText;
}

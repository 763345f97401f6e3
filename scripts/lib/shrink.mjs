/** Takes out of the module and its glue what no page needs; docs/decisions/size.md says why. */
import binaryen from 'binaryen';
import { Stop } from './run.mjs';

/** @type {(each: number, body: number) => void} its types leave it out */
const setBody = /** @type {any} */ (binaryen).Function.setBody;

/**
 * Functions that never return: the entry points of panics, wasm-bindgen's complaints about misuse.
 */
const endless = [
  /\bcore(\[\w+\])?::(panicking|cell::lazy::panic)/,
  /\bstd(\[\w+\])?::(panicking::(panic_with_hook|panic_handler::\{)|alloc::rust_oom)/,
  /\balloc(\[\w+\])?::(alloc::handle_alloc_error|raw_vec::handle_error|vec::.*::assert_failed)/,
  /\bwasm_bindgen::throw_str/,
];

/**
 * What only they call, directly or through a table: std's hook, its messages and all of their
 * formatting. And the task code of js-sys, which nothing here calls.
 */
const behind = [
  /\bcore(\[\w+\])?::(fmt|panic|str::count)::/,
  /\bcore(\[\w+\])?::any::Any>::type_id/,
  /\bstd(\[\w+\])?::(panicking|alloc|sys::backtrace)/,
  /\bjs_sys::futures::/,
];

/**
 * The names to take out. What a living function calls stays: it may count characters too, and the
 * linker may have made one function of two that are alike, under either name.
 * @param {string} text the module as text
 */
function deadNames(text) {
  /** @param {RegExp[]} patterns @param {string} name */
  const any = (patterns, name) => patterns.some((pattern) => pattern.test(name));
  const functions = text
    .split(/^ \(func \$/m)
    .slice(1)
    .map((body) => {
      const called = [...body.matchAll(/\(call \$("[^"]*"|[^\s)]+)/g)].map(([, name]) =>
        bare(name),
      );
      return { name: bare(/^("[^"]*"|\S+)/.exec(body)?.[1]), called };
    });
  const names = functions.map(({ name }) => name);
  const dead = new Set(names.filter((name) => any(endless, name) || any(behind, name)));
  for (let before = -1; before !== dead.size; ) {
    before = dead.size;
    const living = functions.filter(({ name }) => !dead.has(name));
    for (const name of living.flatMap(({ called }) => called)) {
      if (!any(endless, name)) dead.delete(name);
    }
  }
  return dead;
}

/** @param {string} [name] a name in the text format */
const bare = (name = '') => name.replace(/^"|"$/g, '');

/** What panics say, and where: with their functions gone nobody reads it. */
const unread = [
  /(\/rustc\/\w{40}|crates|stillhere|src)\/[\w./-]+?\.rs/,
  /(00)?0102030405\d{180,}|0123456789abcdef|0x0123456789ABCDEF/,
  /RefCell already (mutably )?borrowed|LazyCell instance has previously been poisoned/,
  /called `\w+::unwrap(_throw)?\(\)` on an? `\w+` value/,
  /copy_from_slice: source slice length \(|does not match destination slice length \(/,
  /internal error: entered unreachable code/,
  /: The JS binding should only ever produce a valid value or the specific 'invalid' value/,
  /closure invoked recursively or after being dropped|FnOnce called more than once/,
  /Tried to shrink to a larger capacity|capacity overflow|mid > len|min > max\. min = |, max = /,
  /attempt to join into collection with len > usize::MAX|null pointer passed to rust/,
  /attempted to take ownership of Rust value while it was borrowed/,
  /recursive use of an object detected which would lead to unsafe aliasing in rust/,
];

/**
 * Lets a panic be a trap and nothing else: the page gets a RuntimeError, as it did before.
 * @param {Uint8Array} bytes a module with its names
 * @returns {Uint8Array}
 */
export function withoutPanics(bytes) {
  const module = binaryen.readBinary(bytes);
  const dead = deadNames(module.emitText());
  for (let at = 0; at < module.getNumFunctions(); at += 1) {
    const each = module.getFunctionByIndex(at);
    const { name, base } = binaryen.getFunctionInfo(each);
    if (!base && dead.has(name)) {
      setBody(each, module.unreachable());
    }
  }
  const text = Buffer.from(module.emitBinary()).toString('latin1');
  module.dispose();
  const any = new RegExp(unread.map(({ source }) => source).join('|'), 'g');
  const blank = text.replace(any, (message) => '\0'.repeat(message.length));
  return Buffer.from(blank, 'latin1');
}

/**
 * Gives the glue the short names that wasm-opt gave the module, and leaves out of it what the
 * module no longer imports.
 * @param {string} glue
 * @param {{ imports: [string, string, string][], exports: [string, string][] }} names
 */
export function renamed(glue, { imports, exports }) {
  const short = new Map(imports.map(([, name, to]) => [name, to]));
  const known = new Map(exports);
  const [from = ''] = imports[0] ?? [];
  let found = 0;
  const text = glue
    .replace(/^ {8}(\w+): (function[\s\S]*?^ {8}\}.*\n)/gm, (_, name, body) => {
      const to = short.get(name);
      if (to) found += 1;
      return to ? `        ${to}: ${body}` : '';
    })
    .replace(`"${from}": `, 'a: ')
    // Every browser that has what the agent needs has this too, and nobody disposes of it.
    .replace(/\(typeof FinalizationRegistry === 'undefined'\)\s*\? .*\s*: /g, '')
    .replace(/^if \(Symbol\.dispose\).*$/m, '')
    .replace(/^ {4}(__destroy_into_raw|free)\(\) \{\n[\s\S]*?^ {4}\}\n/gm, '')
    // No text crosses, so none is decoded.
    .replace(/^(let cachedTextDecoder) = .*\ncachedTextDecoder\.decode\(\);$/m, '$1;')
    .replace(/\bwasm\.(\w+)/g, (whole, name) =>
      known.has(name) ? `wasm.${known.get(name)}` : whole,
    );
  if (found !== short.size)
    throw new Stop('The glue of wasm-bindgen looks different: see shrink.mjs.');
  // The loader in js/ does the rest of what `init` would.
  return `${text}\nexport { __wbg_get_imports, __wbg_finalize_init };\n`;
}

/** Takes out of the module what no page needs; docs/decisions/size.md says why. */
import binaryen from 'binaryen';

/** @type {(each: number, body: number) => void} its types leave it out */
const setBody = /** @type {any} */ (binaryen).Function.setBody;

/**
 * Functions that never return, by what their mangled names contain: where panics begin. What only
 * they call goes with them.
 */
const endless =
  /4core(9panicking|4cell\d+panic)|5alloc5alloc18handle_alloc_error|7raw_vec12handle_error|13assert_failed/;

/** What panics say, and where: with their functions gone nobody reads it. */
const unread = [
  /(\/rustc\/\w{40}|crates|stillhere|src)\/[\w./-]+?\.rs/,
  /(00)?0102030405\d{180,}|0123456789abcdef|0x0123456789ABCDEF/,
  /RefCell already (mutably )?borrowed|attempt to divide by zero/,
  /memory allocation of | bytes failed|capacity overflow|min > max\. min = |, max = /,
  /insertion index \(is |\) should be <= len \(is /,
];

/**
 * Lets a panic be a trap and nothing else: the page gets a RuntimeError, as it does without this.
 * @param {Uint8Array} bytes a module with its names
 * @returns {Uint8Array}
 */
export function withoutPanics(bytes) {
  const module = binaryen.readBinary(bytes);
  for (let at = 0; at < module.getNumFunctions(); at += 1) {
    const each = module.getFunctionByIndex(at);
    const { name, base } = binaryen.getFunctionInfo(each);
    if (!base && endless.test(name)) setBody(each, module.unreachable());
  }
  // The linker's own.
  for (const name of ['__data_end', '__heap_base']) module.removeExport(name);
  const text = Buffer.from(module.emitBinary()).toString('latin1');
  module.dispose();
  const any = new RegExp(unread.map(({ source }) => source).join('|'), 'g');
  const blank = text.replace(any, (message) => '\0'.repeat(message.length));
  return Buffer.from(blank, 'latin1');
}

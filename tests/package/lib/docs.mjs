/** Reads the code blocks of the documentation, so that what stands there is what runs. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../../scripts/lib/project.mjs';

/**
 * @typedef {object} Block
 * @property {string} language
 * @property {string} code
 * @property {string} from the file that it is part of, if the page names one above it
 */

/** The fenced blocks of a page, in their order. @param {string} page @returns {Block[]} */
export function blocks(page) {
  const text = readFileSync(path.join(root, 'docs', page), 'utf8');
  const fence = /(?:^<!-- (\S+) -->\n)?^```(\w*)\n([\s\S]*?)^```$/gm;
  return [...text.matchAll(fence)].map(([, from = '', language = '', code = '']) => ({
    language,
    code,
    from,
  }));
}

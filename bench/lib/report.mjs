/** What a part of the bench leaves behind: tables to read, all raw rounds, and plots. */
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { wordsOf } from './options.mjs';

/** Shown where a peer has no such piece: no number is made up for it. */
export const NONE = '–';

/**
 * @typedef {import('./stats.mjs').Summary} Summary
 * @typedef {object} Table
 * @property {string} title
 * @property {string[]} columns
 * @property {string[][]} rows
 * @property {string[]} [notes] sentences below it
 */

/**
 * A number with as many digits as it is good for: three, and no more than the unit needs.
 * @param {number} value
 */
export function figure(value) {
  if (!Number.isFinite(value)) return NONE;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(size >= 10 ? 1 : size >= 0.1 ? 2 : 3);
}

/** The median with the smallest and the largest round. @param {Summary} summary */
export function spread({ median, low, high, rounds }) {
  if (rounds === 1 || low === high) return figure(median);
  return `${figure(median)} (${figure(low)} to ${figure(high)})`;
}

/** @param {Table} table @returns {string} as Markdown */
export function markdown({ title, columns, rows, notes = [] }) {
  const wrong = rows.find((row) => row.length !== columns.length);
  if (wrong) throw new RangeError(`A row of ${title} has ${wrong.length} cells: ${wrong[0]}.`);
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`;
  const lines = [line(columns), line(columns.map((_, at) => (at ? '--:' : '---')))];
  const below = notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : [];
  return [`### ${title}`, '', ...lines, ...rows.map(line), ...below, ''].join('\n');
}

/** The machine, without anything that names it or its user. */
export function machine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
  };
}

export class Report {
  /** @type {Table[]} */
  tables = [];
  /** @type {Record<string, unknown>} */
  raw = {};
  /** @type {{ name: string, svg: string, title: string }[]} */
  plots = [];

  /**
   * @param {object} about
   * @param {string} about.part its name on the command line
   * @param {string} about.title
   * @param {string} about.method one paragraph: what was done
   * @param {import('./options.mjs').Options} about.options
   * @param {Record<string, string>} about.versions of peers and browsers
   */
  constructor(about) {
    this.about = about;
    this.date = new Date().toISOString().slice(0, 10);
  }

  /** Prints the table at once, so that a long run shows what it has. @param {Table} table */
  table(table) {
    this.tables.push(table);
    console.log(markdown(table));
  }

  /** @param {string} name of the file @param {string} title @param {string} svg */
  plot(name, title, svg) {
    this.plots.push({ name, title, svg });
  }

  get command() {
    return ['npm run bench --', this.about.part, ...wordsOf(this.about.options)].join(' ');
  }

  /** @returns {string} */
  text() {
    const { title, method, options, versions } = this.about;
    const { cpu, cores, memoryGiB, system, node } = machine();
    const of = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    const head = [
      `## ${title}`,
      '',
      method,
      '',
      `\`${this.command}\`, ${this.date}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}; ${of.join(', ')}.`,
      '',
    ];
    if (options.quick) {
      head.push(
        '**A quick run**: few and short rounds. It shows that the bench works; cite no figure.',
      );
      head.push('');
    }
    const pictures = this.plots.map(
      (one) => `![${one.title}](${this.about.part}-${one.name}.svg)\n`,
    );
    return [...head, ...this.tables.map(markdown), ...pictures].join('\n');
  }

  /** Writes PART.md, PART.json and PART-NAME.svg. */
  write() {
    const { part, title, method, options, versions } = this.about;
    const { out, quick } = options;
    mkdirSync(out, { recursive: true });
    const place = (/** @type {string} */ end) => path.join(out, `${part}${end}`);
    const { command, date, tables, raw } = this;
    const all = { part, title, method, quick, command, date, machine: machine(), versions };
    writeFileSync(place('.json'), `${JSON.stringify({ ...all, tables, raw }, undefined, 1)}\n`);
    writeFileSync(place('.md'), this.text());
    for (const { name, svg } of this.plots) writeFileSync(place(`-${name}.svg`), svg);
  }
}

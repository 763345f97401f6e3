/** Bars with their spread, drawn by Observable Plot into an SVG that reads on light and on dark. */
import { importPeer } from './peers.mjs';

/** Colours that stand out from white as from black; the text takes the reader's own. */
const STYLE = `svg { color: #1f2328; background: none } @media (prefers-color-scheme: dark) { svg { color: #e6edf3 } }`;
const OURS = '#0969da';
const THEIRS = '#8c959f';

/**
 * @param {object} chart
 * @param {string} chart.label of the axis, with its unit
 * @param {{ name: string, ours?: boolean, median: number, low: number, high: number }[]} chart.rows
 * @param {boolean} [chart.log] for values of several magnitudes, all above 0
 * @returns {Promise<string>}
 */
export async function bars({ label, rows, log = false }) {
  const [Plot, { parseHTML }] = await Promise.all([
    importPeer('@observablehq/plot'),
    importPeer('linkedom'),
  ]);
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const from = log ? Math.min(...rows.map(({ low }) => low)) / 2 : 0;
  const y = 'name';
  const svg = Plot.plot({
    document,
    marginLeft: 230,
    marginRight: 70,
    width: 860,
    height: 60 + rows.length * 26,
    x: { label, type: log ? 'log' : 'linear', grid: true, tickFormat: log ? '~s' : undefined },
    y: { label: null, domain: rows.map(({ name }) => name) },
    marks: [
      Plot.barX(rows, {
        x1: () => from,
        x2: 'median',
        y,
        fill: (/** @type {{ ours?: boolean }} */ row) => (row.ours ? OURS : THEIRS),
      }),
      Plot.ruleY(rows, { x1: 'low', x2: 'high', y, stroke: 'currentColor' }),
      Plot.text(rows, {
        x: 'high',
        y,
        text: (/** @type {{ median: number }} */ row) => short(row.median),
        textAnchor: 'start',
        dx: 6,
      }),
    ],
  });
  const style = document.createElementNS('http://www.w3.org/2000/svg', 'style');
  style.textContent = STYLE;
  svg.append(style);
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `${svg.outerHTML}\n`;
}

/** @param {number} value */
const short = (value) =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));

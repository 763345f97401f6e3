/**
 * The site is docs/ as it stands, copied to pages/ by scripts/site.mjs, with the API reference beside it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { sourceLinks } from './source-links.mjs';

const root = fileURLToPath(new URL('../pages/', import.meta.url));

/** The first heading of a page. @param {string} page */
function title(page) {
  const text = readFileSync(path.join(root, `${page}.md`), 'utf8');
  return /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? page;
}

/** Every page of a folder, by its own heading. @param {string} folder */
function pages(folder) {
  return readdirSync(path.join(root, folder), { recursive: true })
    .map((file) => `${folder}/${file}`)
    .filter((file) => file.endsWith('.md') && !file.endsWith('index.md'))
    .map((file) => file.slice(0, -'.md'.length))
    .sort()
    .map((page) => ({ text: title(page), link: `/${page}` }));
}

/** Pages of docs/ that nobody has put into the sidebar yet. */
const left = new Set(readdirSync(root).filter((file) => file.endsWith('.md')));

/** @param {string} text @param {[string, string][]} items each page and what it is called here */
const group = (text, items) => ({
  text,
  items: items.map(([page, text]) => {
    if (!left.delete(`${page}.md`)) throw new Error(`docs/${page}.md is in the sidebar only.`);
    return { text, link: `/${page}` };
  }),
});

const groups = [
  group('Start', [
    ['index', 'What it is'],
    ['quick-start', 'Quick start'],
    ['frameworks', 'Frameworks'],
    ['presets', 'Servers that you have'],
    ['desktop', 'The desktop app'],
  ]),
  group('For the person at the keyboard', [
    ['warning', 'The warning'],
    ['resume', 'Nothing is lost'],
    ['inspector', 'Why am I logged out?'],
    ['embedding', 'Embedding'],
  ]),
  group('For the administrator', [
    ['standards', 'Which timeout?'],
    ['policy', 'Policies'],
    ['admin', 'The page for it'],
    ['operations', 'Running the authority'],
    ['scale', 'What many users cost'],
    ['proxies', 'In front of other apps'],
    ['notices', 'Telling others'],
    ['genesys', 'Genesys Cloud'],
  ]),
  group('What to know', [
    ['security', 'Security model'],
    ['privacy', 'Privacy'],
    ['pitfalls', 'The mistakes of others'],
    ['architecture', 'Architecture'],
    ['authority', 'The authority'],
    ['testing', 'Testing'],
    ['measured', 'Measured'],
    ['bench', 'The bench'],
    ['contract', 'Contract'],
    ['publishing', 'Publishing'],
  ]),
];
if (left.size > 0) throw new Error(`Not in the sidebar: ${[...left].join(', ')}.`);

export default defineConfig({
  title: 'Stillhere',
  description: 'Logs out absent people, never present ones',
  srcDir: 'pages',
  outDir: '../target/site',
  cacheDir: '../target/site-cache',
  // Where it will stand is not known: every link works from any folder.
  base: process.env.SITE_BASE ?? '/',
  cleanUrls: false,
  lastUpdated: false,
  markdown: {
    config: sourceLinks,
    // The usual ones have words below the contrast of WCAG 2.2, 1.4.3.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  // What runs is linked once it runs (npm start).
  ignoreDeadLinks: [/^https?:\/\/(crm\.)?localhost/],
  themeConfig: {
    logo: '/icon.svg',
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'Which timeout?', link: '/standards' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: [
      ...groups,
      { text: 'API', items: pages('api') },
      { text: 'Decisions', items: pages('decisions') },
    ],
  },
});

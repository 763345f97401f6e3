/**
 * `npm run site`: the documentation as a site in target/site: docs/, the API reference from js/*.d.ts,
 * and the Rust crates' own. Fails on a link that leads nowhere.
 */
import { copyFileSync, cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root, target } from './lib/project.mjs';
import { must, program } from './lib/run.mjs';
import { step } from './lib/steps.mjs';

const site = path.join(root, 'site');
const pages = path.join(site, 'pages');
const modules = path.join(site, 'node_modules');
const out = path.join(root, 'target', 'site');

/** @param {string} tool its file in site/node_modules @param {string[]} args */
const tool = (tool, args) =>
  must(process.execPath, [path.join(modules, tool), ...args], { cwd: site });

async function install() {
  const inputs = ['site/package.json', 'site/package-lock.json'];
  const stamp = path.join(modules, '.package-lock.json');
  await step('npm: the site', { inputs, outputs: [stamp] }, async () => {
    await must('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: site });
  });
}

/** The crates as their users and readers see them; a warning of rustdoc is a failure. */
async function rustdoc() {
  const flags = '-D warnings';
  const libraries = ['stillhere', 'stillhere-session', 'stillhere-tower'];
  const each = libraries.flatMap((name) => ['-p', name]);
  const env = { ...process.env, RUSTDOCFLAGS: flags };
  await must('cargo', ['doc', '--no-deps', ...each], { env });
  // Nobody but its own engineers reads the server's, so what is private is in it.
  env.RUSTDOCFLAGS = `${flags} -A rustdoc::private_intra_doc_links`;
  const server = ['-p', 'stillhere-authority', '--lib', '--document-private-items'];
  await must('cargo', ['doc', '--no-deps', ...server], { env });
  cpSync(path.join(target, 'doc'), path.join(out, 'rust'), { recursive: true });
}

export async function buildSite() {
  await install();
  rmSync(pages, { recursive: true, force: true });
  cpSync(path.join(root, 'docs'), pages, { recursive: true });
  await tool('typedoc/bin/typedoc', ['--logLevel', 'Warn']);
  await tool('vitepress/bin/vitepress.js', ['build']);
  copyFileSync(path.join(root, 'www', 'icon.svg'), path.join(out, 'icon.svg'));
  await rustdoc();
}

await program(import.meta.url, async () => {
  await buildSite();
  console.log(`The site is in ${path.relative(root, out)}/; serve it with any web server.`);
});

import path from 'node:path';

/**
 * Links that leave docs/ lead to the source, which is not on the site: they become the name of what
 * they lead to. The README is the first page.
 * @param {import('vitepress').MarkdownRenderer} md
 */
export function sourceLinks(md) {
  md.core.ruler.push('source-links', ({ tokens, env }) => {
    // Titles are rendered alone, without a page.
    const folder = path.posix.dirname(env.relativePath ?? '');
    for (const { children } of tokens) {
      let inSource = false;
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          const href = token.attrGet('href') ?? '';
          const target = /^(\w+:|#)/.test(href) ? '' : path.posix.join(folder, href);
          const isReadme = /^\.\.\/README\.md/.test(target);
          inSource = target.startsWith('../') && !isReadme;
          if (isReadme) token.attrSet('href', '/');
          if (inSource) Object.assign(token, { tag: 'span', attrs: [['title', target.slice(3)]] });
        } else if (token.type === 'link_close' && inSource) {
          token.tag = 'span';
          inSource = false;
        }
      }
    }
  });
}

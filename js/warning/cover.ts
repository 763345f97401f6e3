/**
 * Takes the page out of sight: by a stylesheet, since that holds for what the app adds later too, and a
 * Content-Security-Policy allows constructed ones. `:not(#_…)` outweighs the app's own selectors.
 */
const OTHERS = 'html>:not(stillhere-warning):not(#_#_#_#_)';
const IMPORTANT = '!important;transition:none!important}';
/**
 * For as long as it is not known: layout stays as it was, and the height is more than enough, so nothing has
 * scrolled away when it turns out that the session lives. `content-visibility` holds for what is in the top layer
 * too, also from within a shadow root.
 */
export const VEIL = `${OTHERS}{content-visibility:hidden!important;contain-intrinsic-height:1e6px!important;opacity:0!important;visibility:hidden${IMPORTANT}`;
/** For good. */
export const BLANK = `${OTHERS}{display:none${IMPORTANT}html{background:Canvas!important}`;

/** A cover for this document: `set` with rules covers it like that, with none shows it again. */
export function makeCover() {
  const sheet = new CSSStyleSheet();
  let rules = '';
  // The title may name a customer. Until there are words, it says no more than where this is.
  let title = location.host;
  const retitle = () => {
    if (rules === BLANK && document.title !== title) {
      document.title = title;
    }
  };
  // Not in the same breath: another observer of the app may want the opposite.
  const titles = new MutationObserver(() => setTimeout(retitle));
  return {
    set(next: string) {
      if (next !== rules) {
        rules = next;
        sheet.replaceSync(next);
        const others = document.adoptedStyleSheets.filter((other) => other !== sheet);
        document.adoptedStyleSheets = [...others, sheet];
        titles.disconnect();
        titles.observe(document.head, { childList: true, subtree: true });
        retitle();
      }
    },
    title(words: string) {
      title = words;
      retitle();
    },
  };
}

/** What tells of the warning where the page itself cannot be seen. */

/** The colour of the warning. */
const ICON =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><circle r='99' fill='%23ffb84d'/></svg>";

/** Puts the question into title and icon of the tab. Gives what takes it back. */
export function ask(question: string): () => void {
  const { title } = document;
  const asking = `${question} · ${title}`;
  document.title = asking;
  const others = document.querySelectorAll<HTMLLinkElement>('[rel~=icon]');
  for (const other of others) {
    other.rel = 'x-icon';
  }
  const icon = document.head.appendChild(document.createElement('link'));
  icon.rel = 'icon';
  icon.href = ICON;
  return () => {
    icon.remove();
    for (const other of others) {
      other.rel = 'icon';
    }
    // What the app has said since is newer.
    if (document.title === asking) {
      document.title = title;
    }
  };
}

/**
 * Runs in each window before any script of the page: what the page can ask of the shell
 * (docs/desktop.md, "In your pages"), and the way of the group's messages between its BroadcastChannel
 * and the machine in the shell. It reads nothing of the page.
 */
(() => {
  const ask = (command, given) => window.__TAURI_INTERNALS__.invoke(command, given);
  // Whoever is not allowed to ask, or asks while the program quits, is told nothing.
  const tell = (command, given) => void ask(command, given).catch(() => undefined);

  /** Nothing of the page is shown; what is scrolled stays so. */
  const cover = new CSSStyleSheet();
  cover.replaceSync(
    ':root > * { content-visibility: hidden !important; contain-intrinsic-height: 9e6px !important }',
  );
  let covered = false;
  const setCovered = (wanted) => {
    covered = wanted;
    const others = document.adoptedStyleSheets.filter((sheet) => sheet !== cover);
    document.adoptedStyleSheets = wanted ? [...others, cover] : others;
  };

  const agents = new Set();
  const isKnown = () => [...agents].every((agent) => agent.status.phase !== 'checking');
  // The app hears of an end in the same event: what it does then is done before anything is shown.
  const look = () => covered === 'until-known' && isKnown() && setTimeout(() => setCovered(false));

  /** Where the group's messages go while this window is the one that passes them on. */
  let channel;
  const relay = (name) => {
    channel?.close();
    channel = undefined;
    if (name) {
      channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }) =>
        data instanceof Uint8Array && tell('hear', { message: [...data] });
    }
  };

  class StillhereDesktop extends EventTarget {
    token() {
      return ask('token');
    }

    signIn() {
      return ask('sign_in');
    }

    attach(agent) {
      agents.add(agent);
      agent.addEventListener('phase', look);
      agent.addEventListener('ended', () => setTimeout(() => agents.delete(agent)));
      look();
    }
  }
  const desktop = new StillhereDesktop();
  Object.defineProperty(window, 'stillhereDesktop', { value: desktop });

  // The shell's side of it.
  Object.defineProperty(window, '__stillhereShell', {
    value: Object.freeze({
      relay,
      post: (message) => channel?.postMessage(Uint8Array.from(message)),
      signedIn: (detail) => desktop.dispatchEvent(new CustomEvent('sign-in', { detail })),
      cover: () => {
        setCovered(true);
        // Painted once it is two frames old; a hidden page paints nothing.
        const done = () => tell('covered');
        if (document.hidden) done();
        else requestAnimationFrame(() => requestAnimationFrame(done));
      },
      uncover: () => {
        covered = 'until-known';
        look();
      },
    }),
  });

  addEventListener('pagehide', () => {
    relay(null);
    tell('relay', { ready: false });
  });
  addEventListener('pageshow', () => tell('relay', { ready: true }));
})();

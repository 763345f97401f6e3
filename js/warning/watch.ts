import type { Agent } from 'stillhere';
import type { StillhereWarning } from 'stillhere/warning';
import { BLANK, VEIL } from './cover.ts';
import { makeStage, type State } from './stage.ts';

/**
 * A question that is answered within a second is not shown: people notice a wait from about then on, and a
 * dialog that comes and goes says less than it disturbs. Over an empty page they notice sooner.
 */
const SLOW_MS = 1000;
const SLOW_EMPTY_MS = 300;

/** Covers, shows and takes away what the phases of the agent ask for, until it is stopped. */
export function watch(agent: Agent, element: StillhereWarning) {
  const hooked = new AbortController();
  const stage = makeStage(agent, element);
  /** The page was in the cache or frozen, and it is not known yet what became of the session. */
  let isAway = false;
  let isOffline = false;
  let shown: State | undefined;
  let slow: ReturnType<typeof setTimeout> | undefined;
  let acknowledged: number | undefined;

  const show = (rules: string) => stage.show(shown, rules, isOffline || !navigator.onLine);
  const look = (isLate?: unknown) => {
    const { phase, remainingMs, policy } = agent.status;
    // A dry run asks nobody anything, and covers nothing.
    const isDry = policy.mode === 'observe';
    const isChecking = phase === 'checking' && !isDry;
    isAway &&= isChecking;
    const isDoubtful = isChecking && (isAway || remainingMs === 0);
    clearTimeout(slow);
    if (phase === 'ended' || (phase === 'warning' && !isDry)) {
      shown = phase;
    } else if (!isChecking) {
      shown = undefined;
    } else if (isLate === true) {
      shown = phase;
    } else if (shown !== phase) {
      slow = setTimeout(look, isDoubtful ? SLOW_EMPTY_MS : SLOW_MS, true);
    }
    show(phase === 'ended' ? BLANK : isDoubtful ? VEIL : '');
  };
  /** Covered before it goes, so that a page that comes back shows nothing that it may not. */
  const leave = () => {
    isAway = shown !== 'ended' && agent.status.policy.mode === 'enforce';
    if (isAway) {
      show(VEIL);
    }
  };
  const on = (target: EventTarget, events: string, heard: (event: CustomEvent) => void) => {
    for (const event of events.split(' ')) {
      target.addEventListener(event, heard as (event: Event) => void, hooked);
    }
  };
  // One fault is said for all failures in a row; each keep-alive says how it went.
  on(agent, 'fault', ({ detail }) => {
    isOffline ||= detail.code === 'authority-unreachable';
  });
  on(agent, 'keepalive', ({ detail }) => {
    isOffline = detail.keepAlive.acknowledged === acknowledged;
    acknowledged = detail.keepAlive.acknowledged;
  });
  on(agent, 'phase policy fault keepalive', look);
  // The agent, which was there first, has looked at the clocks by then.
  on(window, 'online offline pageshow', look);
  on(document, 'resume', look);
  on(window, 'pagehide', leave);
  on(document, 'freeze', leave);
  look();
  return {
    element,
    look,
    stop() {
      hooked.abort();
      clearTimeout(slow);
      stage.close();
    },
  };
}

import type { Agent } from 'stillhere';
import type * as Public from 'stillhere/resume';
import { checkOptions, checkReturn } from './resume/options.ts';
import { listen, Waiting } from './resume/peers.ts';
import { forgetExpired, stored } from './resume/store.ts';
import { Work } from './resume/work.ts';

export { forgetExpired };

export async function keepWork(agent: Agent, options: Public.KeepOptions): Promise<Public.Work> {
  const work = new Work(agent, checkOptions(agent, options));
  await work.begin();
  return work;
}

export function awaitReturn(onReturn?: (who: Public.Who) => void): () => void {
  // Who left by themselves for this page are not waiting.
  const kept = () => [stored()].find((sealed) => sealed?.state !== 'l');
  const waiting = new Waiting(kept, checkReturn(onReturn));
  const closed = new AbortController();
  const { signal } = closed;
  waiting.post = listen((kind, salt, check) => waiting.hear(kind, salt, check), signal);
  waiting.hook(signal);
  forgetExpired();
  return () => closed.abort();
}

'use client';
import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react';
import type * as Public from 'stillhere/react';
import { Life } from './adapters/life.ts';

const Nearest = createContext<Life | undefined>(undefined);
/** Nothing is started on a server, and the first render in the browser must show the same. */
const onServer = new Life().session;

export function StillhereProvider(props: Public.StillhereProviderProps): ReactNode {
  const { options, agent, children } = props;
  const [life] = useState(() => new Life());
  useEffect(() => life.take(agent ?? options));
  useEffect(() => () => life.stop(), [life]);
  return createElement(Nearest.Provider, { value: life }, children);
}

export function useStillhere(): Public.Session {
  const life = useContext(Nearest);
  if (!life) {
    throw new Error('useStillhere() needs a <StillhereProvider> around the component.');
  }
  return useSyncExternalStore(
    life.subscribe,
    () => life.session,
    () => onServer,
  );
}

import type * as Public from 'stillhere/svelte';
import { Life } from './adapters/life.ts';

export function stillhere(source?: Public.SessionSource): Public.StillhereStore {
  const life = new Life();
  let wanted = source;
  let subscribers = 0;
  return {
    subscribe(run) {
      const leave = life.subscribe(() => run(life.session));
      subscribers += 1;
      run(life.session);
      if (subscribers === 1) {
        life.take(wanted);
      }
      let left = false;
      return () => {
        leave();
        if (!left) {
          left = true;
          subscribers -= 1;
        }
        if (subscribers === 0) {
          life.stop();
        }
      };
    },
    use(source) {
      wanted = source;
      if (subscribers > 0) {
        life.take(source);
      }
    },
  };
}

/** The channel and the locks of the top level's partition, for a frame in another site's page. */
import type { Platform } from './page.ts';

/** What `requestStorageAccess` gives where it can be asked for more than cookies. */
interface Handle {
  readonly locks: LockManager;
  BroadcastChannel(name: string): BroadcastChannel;
}

type Asked = (types: {
  BroadcastChannel: true;
  locks: true;
}) => Promise<Partial<Handle> | undefined>;

/**
 * Asks the browser, which may ask the user (Extending Storage Access API to non-cookie storage,
 * privacycg/saa-non-cookie-storage). `undefined` where it or the user refuses.
 */
export async function topLevel(): Promise<Platform | undefined> {
  const page = document as unknown as { requestStorageAccess?: Asked };
  try {
    const handle = await page.requestStorageAccess?.({ BroadcastChannel: true, locks: true });
    const { locks } = handle ?? {};
    // One that knows of cookies alone gives no handle.
    return locks && handle?.BroadcastChannel
      ? { channel: (name) => (handle as Handle).BroadcastChannel(name), locks }
      : undefined;
  } catch {
    return undefined;
  }
}

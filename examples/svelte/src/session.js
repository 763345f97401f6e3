import { stillhere } from 'stillhere/svelte';
import { signedIn } from '../../common/sign-in.js';

/** What the agent is started with; null while nobody is signed in. */
export const optionsOf = (signIn) => signIn && { token: signIn.token, authority: location.origin };

/** The app's one session: App.svelte and all in it subscribe to it. */
export const session = stillhere(optionsOf(signedIn()));

import { computed, shallowRef } from 'vue';
import { signedIn } from '../../common/sign-in.js';

export const session = shallowRef(signedIn());

/** What the agent is started with; null while nobody is signed in. */
export const options = computed(
  () => session.value && { token: session.value.token, authority: location.origin },
);

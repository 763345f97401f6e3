import { computed, Injectable, signal } from '@angular/core';
import { signedIn, signIn } from '../../common/sign-in.js';

@Injectable({ providedIn: 'root' })
export class SignIn {
  readonly session = signal(signedIn());

  /** What the agent is started with; null while nobody is signed in. */
  readonly options = computed(() => {
    const session = this.session();
    return session && { token: session.token, authority: location.origin };
  });

  async signIn(name: string) {
    this.session.set(await signIn(name));
  }
}

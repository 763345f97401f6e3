import { Component, inject } from '@angular/core';
import { Desk } from './desk';
import { SignIn } from './sign-in';

@Component({
  selector: 'notes-app',
  imports: [Desk],
  template: `
    @if (signIn.session(); as session) {
      <notes-desk [user]="session.user" />
    } @else {
      <main>
        <h1>Sign in</h1>
        <form (submit)="$event.preventDefault(); signIn.signIn(name.value)">
          <label for="name">Your name</label>
          <input #name id="name" name="name" required maxlength="64" />
          <button type="submit">Sign in</button>
        </form>
      </main>
    }
  `,
})
export class App {
  readonly signIn = inject(SignIn);
}

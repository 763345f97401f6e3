import { Component, CUSTOM_ELEMENTS_SCHEMA, effect, inject, input, signal } from '@angular/core';
import { STILLHERE } from 'stillhere/angular';
import 'stillhere/warning';
import { forget, sentence } from '../../common/sign-in.js';

@Component({
  selector: 'notes-desk',
  schemas: [CUSTOM_ELEMENTS_SCHEMA],
  template: `
    <main>
      <h1>Notes of {{ user() }}</h1>
      <label for="note">Note</label>
      <textarea id="note" rows="6"></textarea>
      <p class="status">{{ line() }}</p>
      @if (stillhere.error(); as error) {
        <p role="alert">{{ error.message }}</p>
      }
      <button type="button" (click)="stillhere.agent()?.end()">Sign out</button>
      <stillhere-warning [agent]="stillhere.agent()" sign-in="./" />
    </main>
  `,
})
export class Desk {
  readonly user = input.required<string>();
  readonly stillhere = inject(STILLHERE);
  readonly line = signal('');

  constructor() {
    effect(() => {
      if (this.stillhere.status()?.phase === 'ended') forget();
    });
    // The agent tells what changes; the seconds in between are counted here.
    effect((done) => {
      const agent = this.stillhere.agent();
      if (!agent) return;
      const show = () => this.line.set(sentence(agent));
      show();
      const timer = setInterval(show, 1000);
      done(() => clearInterval(timer));
    });
  }
}

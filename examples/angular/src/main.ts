import { inject, provideZonelessChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { provideStillhere } from 'stillhere/angular';
import { App } from './app';
import { SignIn } from './sign-in';

bootstrapApplication(App, {
  providers: [provideZonelessChangeDetection(), provideStillhere(() => inject(SignIn).options)],
});

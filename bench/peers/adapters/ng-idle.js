/**
 * ng-idle with its keepalive in an Angular application: expiry in localStorage and the default
 * interrupts, as its documentation sets it up. It asks for zone.js by name, so that is loaded too,
 * though this Angular no longer needs it.
 */
import 'zone.js';
import { provideHttpClient, withFetch } from '@angular/common/http';
import { provideZoneChangeDetection } from '@angular/core';
import { createApplication } from '@angular/platform-browser';
import { createDefaultInterruptSources, Idle } from '@ng-idle/core';
import { Keepalive, provideNgIdleKeepalive } from '@ng-idle/keepalive';

export async function start({ idleMs, warnMs, keepAliveMs, keepAliveUrl, onState, onEnd }) {
  const app = await createApplication({
    providers: [
      provideZoneChangeDetection(),
      provideHttpClient(withFetch()),
      provideNgIdleKeepalive(),
    ],
  });
  const idle = app.injector.get(Idle);
  const keepalive = app.injector.get(Keepalive);
  idle.setIdle((idleMs - warnMs) / 1000);
  idle.setTimeout(warnMs / 1000);
  idle.setInterrupts(createDefaultInterruptSources());
  keepalive.interval(keepAliveMs / 1000);
  keepalive.request(new URL(keepAliveUrl, location.href).href);
  idle.onIdleStart.subscribe(() => onState('warning'));
  idle.onIdleEnd.subscribe(() => onState('active'));
  idle.onTimeout.subscribe(() => {
    onState('ended');
    onEnd('idle');
  });
  idle.watch();
  return { stop: () => app.destroy() };
}

import { cookies } from 'next/headers';
import { StillhereProvider } from 'stillhere/react';
import { Desk } from './desk.js';

/** Rendered on the server, with the provider in it: there it starts nothing. */
export default async function Page() {
  const session = JSON.parse((await cookies()).get('session')?.value ?? 'null');
  if (session) {
    return (
      <StillhereProvider options={{ token: session.token, authority: process.env.AUTHORITY }}>
        <Desk user={session.user} />
      </StillhereProvider>
    );
  }
  return (
    <main>
      <h1>Sign in</h1>
      <form method="post" action="/sign-in">
        <label htmlFor="name">Your name</label>
        <input id="name" name="name" required maxLength={64} />
        <button type="submit">Sign in</button>
      </form>
    </main>
  );
}

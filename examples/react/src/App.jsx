import { useState } from 'react';
import { StillhereProvider } from 'stillhere/react';
import { signedIn, signIn } from '../../common/sign-in.js';
import { Desk } from './Desk.jsx';

export function App() {
  const [session, setSession] = useState(signedIn);
  return (
    <StillhereProvider options={session && { token: session.token, authority: location.origin }}>
      {session ? <Desk user={session.user} /> : <SignIn done={setSession} />}
    </StillhereProvider>
  );
}

function SignIn({ done }) {
  return (
    <main>
      <h1>Sign in</h1>
      <form action={async (form) => done(await signIn(form.get('name')))}>
        <label htmlFor="name">Your name</label>
        <input id="name" name="name" required maxLength={64} />
        <button type="submit">Sign in</button>
      </form>
    </main>
  );
}

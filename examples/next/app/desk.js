'use client';
import { useEffect, useState } from 'react';
import { useStillhere } from 'stillhere/react';
import 'stillhere/warning';
import { sentence } from '../../common/sign-in.js';

export function Desk({ user }) {
  const { agent, error } = useStillhere();
  return (
    <main>
      <h1>Notes of {user}</h1>
      <label htmlFor="note">Note</label>
      <textarea id="note" rows={6} />
      {agent && <TimeLeft agent={agent} />}
      {error && <p role="alert">{error.message}</p>}
      <button type="button" onClick={() => agent?.end()}>
        Sign out
      </button>
      <stillhere-warning agent={agent} sign-in="/leave" />
    </main>
  );
}

/** The agent tells what changes; the seconds in between are counted here. */
function TimeLeft({ agent }) {
  const [text, setText] = useState(() => sentence(agent));
  useEffect(() => {
    const timer = setInterval(() => setText(sentence(agent)), 1000);
    return () => clearInterval(timer);
  }, [agent]);
  return <p className="status">{text}</p>;
}

// In the order of `TEXTS` in ../options.ts.
export default [
  'Are you still here?',
  'At zero you are signed out. Any key, click or tap keeps you signed in, in every tab.',
  'You will be signed out {time}.',
  'I’m here',
  'Sign out now',
  'No connection. If it is not back when the time is up, you are signed out.',
  'Checking whether you are still signed in',
  'You are signed out',
  'Sign in again',
  'Nobody was active for too long.',
  'Your working time is over.',
  'Your sign-in was ended by an administrator, or is no longer valid.',
  'You signed out, here or in another tab.',
  'The server could not be reached, so you were signed out to be safe.',
  'Your sign-in is no longer there.',
];

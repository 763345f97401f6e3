/** express-session with `rolling` and connect-redis: every request slides the session. */
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';

const client = createClient({ url: process.env.REDIS_URL });
await client.connect();
const app = express();
app.use(
  session({
    store: new RedisStore({ client }),
    secret: 'a secret of the bench',
    rolling: true,
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: Number(process.env.SESSION_AGE ?? 900) * 1000 },
  }),
);
app.get('/sign-in', (request, response) => {
  request.session.user = 'ann';
  response.json({ ok: true });
});
app.get('/touch', (request, response) => {
  if (!request.session.user) return response.status(401).json({ state: 'ended' });
  response.json({ state: 'alive', remaining_ms: request.session.cookie.maxAge });
});
app.post('/sign-out', (request, response) => {
  request.session.destroy(() => response.json({ state: 'ended' }));
});
app.listen(Number(process.env.PORT), '127.0.0.1');

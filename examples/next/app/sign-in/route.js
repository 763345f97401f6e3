import { randomBytes } from 'node:crypto';
import { cookies } from 'next/headers';

/** Makes a token and registers it with the authority, as every backend does (docs/authority.md). */
export async function POST(request) {
  const user = String((await request.formData()).get('name'));
  const token = randomBytes(32).toString('base64url');
  const answer = await fetch(new URL('/v1/sessions', process.env.AUTHORITY), {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${process.env.STILLHERE_ADMIN_TOKEN}`,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({ token, user }),
  });
  if (!answer.ok) throw new Error(`The authority refused: ${answer.status}`);
  const jar = await cookies();
  jar.set('session', JSON.stringify({ token, user }), { httpOnly: true, sameSite: 'strict' });
  // 303: the browser gets the page, and does not post to it.
  return new Response(null, { status: 303, headers: { Location: '/' } });
}

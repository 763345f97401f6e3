import { cookies } from 'next/headers';
import { redirect } from 'next/navigation';

/** The way back in: the token is of no more use. */
export async function GET() {
  (await cookies()).delete('session');
  redirect('/');
}

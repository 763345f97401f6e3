/** @type {import('next').NextConfig} */
export default {
  // The folder of all examples: Next.js would look for a lockfile further up.
  turbopack: { root: new URL('..', import.meta.url).pathname },
};

import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const authority = process.env.AUTHORITY ?? 'http://localhost:8787';

export default defineConfig({
  base: './',
  plugins: [svelte()],
  // `npm run dev` beside `npm start` in the folder of the repository.
  server: { proxy: { '/demo': authority, '/v1': authority } },
});

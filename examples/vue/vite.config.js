import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

const authority = process.env.AUTHORITY ?? 'http://localhost:8787';
const isCustomElement = (tag) => tag === 'stillhere-warning';

export default defineConfig({
  base: './',
  plugins: [vue({ template: { compilerOptions: { isCustomElement } } })],
  // `npm run dev` beside `npm start` in the folder of the repository.
  server: { proxy: { '/demo': authority, '/v1': authority } },
});

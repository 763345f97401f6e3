// @ts-nocheck: a page of its own, bundled with the package that it tests.
import './common.js';
import { stillhere } from 'stillhere/svelte';
import { derived } from 'svelte/store';

let store;
let leave;

window.mount = (source) => {
  store = stillhere(source);
  // Through Svelte's own store, which is strict about the contract.
  leave = derived(store, (session) => session).subscribe(window.see);
};
window.update = (source) => store.use(source);
window.unmount = () => leave();

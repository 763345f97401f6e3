// @ts-nocheck: a page of its own, served beside the package that it tests.
import { awaitReturn } from '/dist/resume.js';

const app = () => location.replace('app.html');

document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const answer = await fetch('/demo/sign-in', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: event.target.elements.name.value }),
  });
  localStorage.setItem('signed-in', JSON.stringify(await answer.json()));
  app();
});

awaitReturn(app);
window.ready = true;

/** The least that counts real input: one listener that looks whether the browser made the event. */
export function start() {
  let count = 0;
  const take = (event) => {
    if (event.isTrusted) count += 1;
  };
  const options = { capture: true, passive: true };
  addEventListener('keydown', take, options);
  return { stop: () => removeEventListener('keydown', take, options), counted: () => count };
}

/** No listener at all: what the page and the browser cost by themselves. */
export const start = () => ({ stop() {} });

// @ts-nocheck: a page of its own, bundled with the package that it tests.
import './common.js';
import { stillhere, useStillhere } from 'stillhere/vue';
import { createApp, h, ref } from 'vue';

let app;
// A deep ref on purpose: it gives proxies of what it holds, which private fields don't bear.
const source = ref();

const Probe = {
  setup() {
    const { agent, status, error } = useStillhere();
    return () => {
      window.see({ agent: agent.value, status: status.value, error: error.value });
      return h('i');
    };
  },
};

window.mount = (first) => {
  source.value = first;
  app = createApp(Probe).use(stillhere, source);
  app.mount(document.body.appendChild(document.createElement('div')));
};
window.update = (next) => {
  source.value = next;
};
/** What only Vue can: the same object, with another value in it. */
window.change = (option, value) => {
  source.value[option] = value;
};
window.unmount = () => app.unmount();

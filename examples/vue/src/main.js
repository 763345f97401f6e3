import { stillhere } from 'stillhere/vue';
import { createApp } from 'vue';
import '../../common/style.css';
import App from './App.vue';
import { options } from './session.js';

createApp(App).use(stillhere, options).mount('#app');

import { mount } from 'svelte';
import '../app.css';
import RingPage from './RingPage.svelte';

const target = document.getElementById('page');
if (!target) throw new Error('index.html has no element with the id “page”');
mount(RingPage, { target });

// What somebody waits for when the page opens comes first; what surrounds it is asked for once that is there.

import { nav } from './nav.svelte';

const LONGEST_MS = 5000;

class Arrival {
  /** The timeline says when its picture is there. The other views ask for all that they show at once. */
  done = $state(nav.route.view !== 'timeline');

  constructor() {
    setTimeout(() => (this.done = true), LONGEST_MS);
  }
}

export const arrival = new Arrival();

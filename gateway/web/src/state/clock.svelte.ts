// The page's own ticking, stopped while nobody looks, and whether somebody does.

import { MINUTE } from '../format/time';

class Ticker {
  now = $state(Date.now());
  /** The minute that it is, for what a second does not change: lists have thousands of times, and days have names. */
  minute = $derived(Math.floor(this.now / MINUTE) * MINUTE);
  visible = $state(!document.hidden);
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    document.addEventListener('visibilitychange', () => this.#changed());
    this.#changed();
  }

  #changed(): void {
    this.visible = !document.hidden;
    clearInterval(this.#timer);
    if (!this.visible) return;
    this.now = Date.now();
    this.#timer = setInterval(() => (this.now = Date.now()), 1000);
  }
}

export const ticker = new Ticker();

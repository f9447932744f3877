// The page's clock: the moment shown, and the one place that puts it into questions about how things stand.

import { url, type Params } from '../api/api';
import { ticker } from './clock.svelte';
import type { MovingPace } from './minute_sheets';
import { nav } from './nav.svelte';
import { Settling } from './settling';
import { HOUR, MINUTE, iso } from '../format/time';

const REST_MS = 150;
const LONGEST_MS = 450;

class Moment {
  isLive = $derived(nav.route.at === null);
  /** The moment shown, which ticks while it is now. */
  shown = $derived(nav.route.at ?? ticker.now);
  /** The past moment once the handle rests: what is worth asking the gateway for. Null is now. */
  settled = $state<number | null>(nav.route.at);
  /** The past moment as questions name it. */
  #asked = $state<number | null>(this.#question(nav.route.at));

  /** Called once, inside the root component. */
  start(): void {
    const settling = new Settling<number | null>(REST_MS, LONGEST_MS, (at) => (this.settled = at));
    // The timeline moves over minutes that are pictures, and asks for what surrounds them once it stands.
    const passes = (pace: MovingPace): boolean => nav.route.view === 'timeline' && nav.pace === pace;
    $effect(() => {
      if (nav.route.at === null) settling.now(null);
      else if (passes('fast')) settling.stop();
      else settling.move(nav.route.at);
    });
    $effect(() => {
      if (!passes('fast') && !passes('slow')) this.#asked = this.#question(this.settled);
    });
    $effect(() => () => settling.stop());
  }

  /** Playback moves on every second, and what surrounds it need not. */
  #question(at: number | null): number | null {
    return at !== null && nav.route.view === 'playback' ? Math.floor(at / MINUTE) * MINUTE : at;
  }

  /** As questions name it: of a moment that passes by, nothing is asked. */
  get asked(): number | null {
    return this.#asked;
  }

  /** The address of a question about how things stand, asked of the moment shown. */
  question(path: string, params: Params = {}): string {
    return url(path, { ...params, as_of: this.#asked === null ? null : iso(this.#asked) });
  }

  /** The end of a range that ends at the moment shown; it moves in whole steps, so that answers are kept. */
  until(step: number): number {
    return this.settled ?? Math.floor(ticker.now / step) * step;
  }

  /** A range before the moment shown, as questions name it. At now it has no end, so that what has just come is in it. */
  before(length: number): { from: string; to: string | null } {
    return { from: iso(this.until(HOUR) - length), to: this.settled === null ? null : iso(this.settled) };
  }
}

export const moment = new Moment();

// The range of time that a person has chosen on the bar: for playing, jumping, exporting and keeping.

import { nav } from './nav.svelte';
import { SHORTEST_MS, rangeFrom, rangeText } from './time_range';
import type { Window } from './zoom';

class Selection {
  /** Whether the next drag on the bar chooses a range. */
  choosing = $state(false);
  /** While it is being dragged; then it stands in the address. */
  #drawn = $state.raw<Window | null>(null);
  range = $derived.by(() => this.#drawn ?? rangeFrom(nav.route.filters['range']));

  draw(a: number, b: number): void {
    this.#drawn = { from: Math.min(a, b), to: Math.max(a, b) };
  }

  /** What was drawn is chosen; a click that slipped chooses nothing. */
  settle(): void {
    const drawn = this.#drawn;
    this.#drawn = null;
    this.choosing = false;
    if (drawn && drawn.to - drawn.from >= SHORTEST_MS) this.choose(drawn);
  }

  choose({ from, to }: Window): void {
    const whole = { from: Math.floor(from / 1000) * 1000, to: Math.ceil(to / 1000) * 1000 };
    nav.go({ filters: { range: rangeText(whole) } });
  }

  clear(): void {
    this.choosing = false;
    nav.go({ filters: { range: '' } });
  }
}

export const selection = new Selection();

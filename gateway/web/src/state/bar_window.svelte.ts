// Which part of a day the time bar shows: it stays while the handle moves within it, and goes along with it beyond.

import { untrack } from 'svelte';
import { DAY } from '../format/time';
import { BarScale } from './bar_scale';
import { windowAround, windowWith, type Window } from './zoom';

/** What the window follows. */
export interface BarView {
  reach: () => number;
  /** Where the handle stands. */
  at: () => number;
  isLive: () => boolean;
  isDragging: () => boolean;
  whole: () => Window;
}

export class BarWindow {
  #view: BarView;
  #resting = $state.raw<Window | null>(null);
  #reached = DAY;
  shown: Window;

  constructor(view: BarView) {
    this.#view = view;
    this.shown = $derived.by((): Window => {
      const [whole, reach] = [view.whole(), view.reach()];
      if (!this.#resting || reach >= DAY) return whole;
      return view.isLive() ? windowAround(whole.to, 1, reach, whole) : windowWith(view.at(), this.#resting, whole);
    });
    // Another reach leaves the handle where it stands; a handle that leaves the window takes the window along.
    $effect(() => {
      const wanted = view.reach();
      untrack(() => this.#reach(wanted));
    });
    $effect(() => {
      const window = this.shown;
      untrack(() => this.#rest(window));
    });
  }

  #reach(wanted: number): void {
    if (wanted === this.#reached && this.#resting) return;
    const { at, whole } = this.#view;
    // Coming from days, where the handle stands far too exactly, it comes to the middle.
    const share = this.#reached > DAY ? 0.5 : new BarScale(this.shown, 1).share(at());
    this.#resting = windowAround(at(), share, wanted, whole());
    this.#reached = wanted;
  }

  #rest(window: Window): void {
    const resting = this.#resting;
    if (this.#view.isDragging() || !resting || (window.from === resting.from && window.to === resting.to)) return;
    this.#resting = window;
  }

  /** The handle was let go: at an edge it wants to go on. */
  letGo(): void {
    const { at, isLive, reach, whole } = this.#view;
    if (!isLive() && new BarScale(this.shown, 1).isAtEdge(at())) {
      this.#resting = windowAround(at(), 0.5, reach(), whole());
    }
  }
}

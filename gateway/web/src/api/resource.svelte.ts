// An answer of the gateway, kept while its address is loading again, and polled only while somebody looks.
// Of a question about the past, what is known of its moment is shown at once and asked for all the same.

import { untrack } from 'svelte';
import { Answers, momentAsked } from './answers';
import { ApiError, get, problemOf } from './api';
import { arrival } from '../state/arrival.svelte';
import { ticker } from '../state/clock.svelte';
import { live } from './live.svelte';
import { nav } from '../state/nav.svelte';
import { HOUR } from '../format/time';

export interface Options {
  /** Milliseconds; asked as a function because it may depend on the live stream. 0 is never. */
  every?: () => number;
  /** Asked for once what somebody waits for first is there. */
  later?: boolean;
}

const answers = new Answers(240);
/** What is not ready, or did not come, is asked for again: at first so soon, and twice as late each time. */
const AGAIN_MS = 3000;
const AGAIN_MOST_MS = 60_000;
/** An answer about an earlier moment stands in while its own is on its way. */
const STANDS_IN_MS = HOUR;

export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<Error | null>(null);
  loading = $state(false);
  /** When the data were answered. */
  at = $state(0);
  /** The moment that the data are about; null is now. */
  #of = $state<number | null>(null);
  #address: () => string | null;
  #isLater: boolean;
  /** What the address is made of may change often; only another address is asked for. */
  #wanted = $derived.by(() => (this.#isLater && !arrival.done ? null : this.#address()));
  #asked = $derived.by(() => (this.#wanted === null ? null : momentAsked(this.#wanted)));
  /** What is shown is about another moment than the page, and is being asked for. */
  blurred = $derived.by(() => this.data !== null && this.#asked !== null && this.#of !== this.#asked.at);
  #shown = '';
  #abort: AbortController | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;
  #failed: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  /** By the clock that nobody sets, as all pauses. */
  #began = 0;
  /** Milliseconds between two questions that nobody waits for: five times what the last one took. */
  #pause = 0;

  constructor(address: () => string | null, options: Options = {}) {
    this.#address = address;
    this.#isLater = options.later === true;
    $effect(() => {
      void live.generation;
      const wanted = this.#wanted;
      untrack(() => void this.#load(wanted));
      return () => this.#abort?.abort();
    });
    $effect(() => {
      const every = options.every?.() ?? 0;
      if (!every || !ticker.visible || this.#asked?.at) return;
      const timer = setInterval(() => void this.#load(this.#wanted), every);
      return () => clearInterval(timer);
    });
    // While the handle moves, what is kept of the moments under it is painted.
    $effect(() => {
      const [at, asked] = [nav.route.at, this.#asked];
      if (at !== null && asked?.at) untrack(() => this.#paint(asked.question, at));
    });
    $effect(() => () => {
      clearTimeout(this.#again);
      clearTimeout(this.#failed);
    });
  }

  /** Several reasons at once are one request; reasons that never end are one request a second, or less where it is long. */
  reload = (): void => {
    if (this.#again !== undefined) return;
    const rested = performance.now() - this.#began;
    this.#again = setTimeout(() => void this.#load(this.#wanted), Math.max(150, this.#pause - rested));
  };

  /** At once: somebody waits for it. */
  retry = (): void => void this.#load(this.#wanted);

  #askAgain(): void {
    this.#failed = setTimeout(
      () => {
        // While nobody looks, it can wait.
        if (ticker.visible) void this.#load(this.#wanted);
        else this.#askAgain();
      },
      Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** this.#failures),
    );
  }

  #paint(question: string, at: number): void {
    const kept = answers.nearest(question, at, STANDS_IN_MS);
    if (!kept || kept.at === this.#of) return;
    this.data = kept.answer as T;
    this.#of = kept.at;
  }

  #blank(path: string): void {
    if (path === this.#shown) return;
    this.data = null;
    this.error = null;
    this.#shown = path;
  }

  async #load(address: string | null): Promise<void> {
    clearTimeout(this.#again);
    clearTimeout(this.#failed);
    this.#again = undefined;
    this.#began = performance.now();
    this.#abort?.abort();
    this.#blank(address?.split('?')[0] ?? '');
    if (live.isSuspended) return;
    if (address === null) return void (this.loading = false);
    const { question, at } = momentAsked(address);
    if (at !== null) this.#paint(question, at);
    const abort = new AbortController();
    this.#abort = abort;
    this.loading = true;
    try {
      const answer = await get<T>(address, abort.signal);
      if (at !== null) answers.put(question, at, answer);
      this.#pause = Math.min(5000, 5 * (performance.now() - this.#began));
      this.data = answer;
      this.#of = at;
      this.error = null;
      this.#failures = 0;
      this.at = Date.now();
    } catch (error) {
      if (abort.signal.aborted) return;
      this.error = problemOf(error);
      // Another moment must not be taken for this one.
      if (this.#of !== at) this.data = null;
      if (isPassing(this.error)) {
        this.#askAgain();
        this.#failures += 1;
      }
    }
    if (this.#abort === abort) this.loading = false;
  }
}

/** The hub is not ready, or was not reached: by the page, or by a proxy before it. */
const isPassing = (error: Error): boolean => !(error instanceof ApiError) || [502, 503, 504].includes(error.status);

/** Ask again while there is an interval and the live stream does not tell. */
export const fallback = (ms: number) => (): number => (live.state === 'live' ? 60_000 : ms);

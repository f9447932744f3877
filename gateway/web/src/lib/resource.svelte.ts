// An answer of the gateway, kept while its address is loading again, and polled only while somebody looks.

import { ApiError, get } from './api';
import { ticker } from './clock.svelte';
import { live } from './live.svelte';

export interface Options {
  /** Milliseconds; asked as a function because it may depend on the live stream. 0 is never. */
  every?: () => number;
}

export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<Error | null>(null);
  loading = $state(false);
  /** When the data were answered. */
  at = $state(0);
  #address: () => string | null;
  /** What the address is made of may change often; only another address is asked for. */
  #wanted = $derived.by(() => this.#address());
  #shown = '';
  #abort: AbortController | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(address: () => string | null, options: Options = {}) {
    this.#address = address;
    $effect(() => {
      void live.generation;
      void this.#load(this.#wanted);
      return () => this.#abort?.abort();
    });
    $effect(() => {
      const every = options.every?.() ?? 0;
      if (!every || !ticker.visible) return;
      const timer = setInterval(() => void this.#load(this.#wanted), every);
      return () => clearInterval(timer);
    });
    $effect(() => () => clearTimeout(this.#again));
  }

  /** Several reasons at once are one request. */
  reload = (): void => {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => void this.#load(this.#wanted), 150);
  };

  async #load(address: string | null): Promise<void> {
    this.#abort?.abort();
    const path = address?.split('?')[0] ?? '';
    if (path !== this.#shown) {
      this.data = null;
      this.error = null;
      this.#shown = path;
    }
    if (address === null) return void (this.loading = false);
    const abort = new AbortController();
    this.#abort = abort;
    this.loading = true;
    try {
      this.data = await get<T>(address, abort.signal);
      this.error = null;
      this.at = Date.now();
    } catch (error) {
      if (abort.signal.aborted) return;
      // Refused, or unreachable: fetch says the latter with a TypeError.
      if (!(error instanceof ApiError || error instanceof TypeError)) throw error;
      this.error = error;
    }
    if (this.#abort === abort) this.loading = false;
  }
}

/** Ask again while there is an interval and the live stream does not tell. */
export const fallback = (ms: number) => (): number => (live.state === 'live' ? 60_000 : ms);

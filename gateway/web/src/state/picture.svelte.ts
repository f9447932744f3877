// The newest picture of a device as fast as it is looked at, with the moment it was taken.

import { live } from '../api/live.svelte';
import { ticker } from './clock.svelte';
import { SMALL_SCREEN_BYTES_PER_S, pauseOf } from './pace';
import { screen } from './screen.svelte';
import { rest } from './waiting';

const MISSING_MS = 30_000;

/** Tiles that ask for pictures now. */
const watching = new Set<NewestPicture>();

/** Asks again only after the last answer, so a slow gateway is asked less, not more. */
export class NewestPicture {
  src = $state<string | null>(null);
  taken = $state<number | null>(null);
  /** The kind of medium that it is. */
  kind = $state<string | null>(null);
  missing = $state(false);
  unreachable = $state(false);
  #bytes = 0;

  constructor(address: () => string | null, every: () => number) {
    const wantedNow = $derived(address());
    $effect(() => {
      const wanted = wantedNow;
      if (!wanted || !ticker.visible || live.isSuspended) return;
      const abort = new AbortController();
      watching.add(this);
      void this.#run(wanted, every, abort.signal);
      return () => {
        watching.delete(this);
        abort.abort();
      };
    });
    $effect(() => () => this.#show(null));
  }

  #show(src: string | null): void {
    if (this.src) URL.revokeObjectURL(this.src);
    this.src = src;
  }

  async #run(address: string, every: () => number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now();
      await this.#ask(address, signal).catch((error: unknown) => {
        if (signal.aborted) return;
        if (!(error instanceof TypeError)) throw error;
        this.unreachable = true;
      });
      const pause = pauseOf(every(), watching.size, this.#bytes, screen.small ? SMALL_SCREEN_BYTES_PER_S : 0);
      // What says what it sees and sends no picture of it is asked for one now and then.
      await rest(Math.max(this.missing ? MISSING_MS : 250, pause - (performance.now() - began)), signal);
    }
  }

  async #ask(address: string, signal: AbortSignal): Promise<void> {
    const response = await fetch(address, { signal, cache: 'no-store' });
    this.missing = response.status === 404;
    this.unreachable = response.status >= 500;
    if (!response.ok) return;
    const blob = await response.blob();
    if (signal.aborted) return;
    this.#bytes = blob.size;
    const taken = Date.parse(response.headers.get('x-capture-time') ?? '');
    this.taken = Number.isNaN(taken) ? null : taken;
    this.kind = response.headers.get('x-picture-kind');
    this.#show(URL.createObjectURL(blob));
  }
}

// The newest picture of a device as fast as it is looked at, with the moment it was taken.

import { ticker } from './clock.svelte';

/** Asks again only after the last answer, so a slow gateway is asked less, not more. */
export class NewestPicture {
  src = $state<string | null>(null);
  taken = $state<number | null>(null);
  missing = $state(false);
  unreachable = $state(false);

  constructor(address: () => string | null, every: () => number) {
    const wantedNow = $derived(address());
    $effect(() => {
      const wanted = wantedNow;
      if (!wanted || !ticker.visible) return;
      const abort = new AbortController();
      void this.#run(wanted, every, abort.signal);
      return () => abort.abort();
    });
    $effect(() => () => this.#show(null));
  }

  #show(src: string | null): void {
    if (this.src) URL.revokeObjectURL(this.src);
    this.src = src;
  }

  async #run(address: string, every: () => number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const began = Date.now();
      await this.#ask(address, signal).catch((error: unknown) => {
        if (signal.aborted) return;
        if (!(error instanceof TypeError)) throw error;
        this.unreachable = true;
      });
      const rest = every() - (Date.now() - began);
      await new Promise((done) => setTimeout(done, Math.max(250, rest)));
    }
  }

  async #ask(address: string, signal: AbortSignal): Promise<void> {
    const response = await fetch(address, { signal, cache: 'no-store' });
    this.missing = response.status === 404;
    this.unreachable = false;
    if (!response.ok) return;
    const blob = await response.blob();
    if (signal.aborted) return;
    const taken = Date.parse(response.headers.get('x-capture-time') ?? '');
    this.taken = Number.isNaN(taken) ? null : taken;
    this.#show(URL.createObjectURL(blob));
  }
}

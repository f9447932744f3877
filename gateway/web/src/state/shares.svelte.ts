// The shares of time of what the time bar shows, for the bar itself and for the view that unfolds it.

import { url, type Shares } from '../api/api';
import { Resource } from '../api/resource.svelte';
import { iso } from '../format/time';
import { page } from './page.svelte';
import { sharedWindow, shareStep } from './shares';
import type { Window } from './zoom';

class BarShares {
  #asked: Resource<Shares> | null = $state.raw(null);
  /** Null while nobody needs them, and until they are there. */
  data = $derived.by(() => this.#asked?.data ?? null);
  loading = $derived.by(() => this.#asked?.loading ?? false);
  failed = $derived.by(() => this.#asked?.error ?? null);

  /** Called once by the bar: the resource lives as long as it does. `shown` is null where nobody needs shares. */
  start(shown: () => Window | null, reach: () => number): void {
    const wanted = $derived.by(() => {
      const window = shown();
      const step = shareStep(reach());
      return window && { step, ...sharedWindow(window, step) };
    });
    this.#asked = new Resource(
      () =>
        page.site && wanted
          ? url(`/api/v1/timeline/${encodeURIComponent(page.site)}/conditions`, {
              step: wanted.step,
              from: iso(wanted.from),
              to: iso(wanted.to),
            })
          : null,
      { later: true },
    );
  }

  reload(): void {
    this.#asked?.reload();
  }
}

export const barShares = new BarShares();

// The picture of a past day that the timeline shows where the minute itself is not kept any more.

import { url, type PastTiles } from '../api/api';
import { Resource } from '../api/resource.svelte';
import { MINUTE } from '../format/time';
import { page } from './page.svelte';
import { nearestPast, pastAround, pastTileUrl } from './past_tiles';

/** So often one more is kept. */
const EVERY_MS = 10 * MINUTE;

export class PastPictures {
  #known: Resource<PastTiles>;
  /** Of the minute that is shown; null within the last 24 hours, and where none is near. */
  minute = $derived.by(() => {
    const minute = this.shown();
    return this.#known.data && minute !== null ? nearestPast(this.#known.data, minute) : null;
  });

  /** The minute that is shown; null for one whose own picture is kept. */
  constructor(private readonly shown: () => number | null) {
    this.#known = new Resource<PastTiles>(
      () => (page.site ? url(`/api/v1/timeline/${encodeURIComponent(page.site)}/past`, {}) : null),
      { later: true, every: () => EVERY_MS },
    );
  }

  get picture(): { minute: number; src: string } | null {
    return page.site && this.minute !== null ? { minute: this.minute, src: pastTileUrl(page.site, this.minute) } : null;
  }

  /** What to load: the picture, and those beside it. */
  get wanted(): string[] {
    const [known, minute, site] = [this.#known.data, this.minute, page.site];
    return site && known && minute !== null ? pastAround(known, minute).map((one) => pastTileUrl(site, one)) : [];
  }
}

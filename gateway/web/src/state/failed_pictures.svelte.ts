// Pictures that did not come. Whether there are any is not known while the hub is away; then they are asked for again.

import { SvelteMap } from 'svelte/reactivity';
import { live } from '../api/live.svelte';
import { OUT_OF_REACH } from '../format/problems';

const REMEMBERED = 16;

export class FailedPictures {
  /** By their addresses, in which connection with the hub they failed. */
  #failed = new SvelteMap<string, number>();

  add(address: string): void {
    const [oldest] = this.#failed.keys();
    if (this.#failed.size >= REMEMBERED && oldest !== undefined) this.#failed.delete(oldest);
    this.#failed.set(address, live.generation);
  }

  has(address: string | null): boolean {
    return address !== null && this.#failed.get(address) === live.generation;
  }
}

/** What to say of a picture that did not come: that there is none only where the hub can be asked. */
export const absentPicture = (words: string): string => (live.broken ? OUT_OF_REACH : words);

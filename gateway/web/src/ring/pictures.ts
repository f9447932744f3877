// Pictures of a private bucket, which the page keeps itself: their addresses say nothing of the minute that they show.

import { isSigned } from './links.ts';

/** An hour that is scrubbed to and fro. */
const MOST = 90;

export class Pictures {
  #kept = new Map<string, Promise<string>>();

  /** An address for an element: of the bucket, or of what was read from there. Fails where it does not come. */
  source(address: string): Promise<string> {
    if (!isSigned(address)) return Promise.resolve(address);
    const kept = this.#kept.get(address);
    // The longest unused goes first.
    this.#kept.delete(address);
    const source = kept ?? read(address);
    this.#kept.set(address, source);
    if (!kept) source.catch(() => this.#kept.delete(address));
    this.#tidy();
    return source;
  }

  /** Into the cache of the browser, or of this. */
  prefetch(address: string): void {
    if (isSigned(address)) this.source(address).catch(() => undefined);
    else new Image().src = address;
  }

  #tidy(): void {
    for (const [address, source] of this.#kept) {
      if (this.#kept.size <= MOST) return;
      this.#kept.delete(address);
      void source.then(URL.revokeObjectURL, () => undefined);
    }
  }
}

async function read(address: string): Promise<string> {
  const response = await fetch(address, { cache: 'no-cache' });
  if (!response.ok) throw new Error(`${response.status}`);
  return URL.createObjectURL(await response.blob());
}

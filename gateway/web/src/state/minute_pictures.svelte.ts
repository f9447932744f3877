// The pictures of the timeline that are loaded: what is wanted now comes first, and what was seen last stays.

/** Two sheets are about a megabyte, and a minute a tenth of that. */
const KEPT = 120;
const AT_ONCE = 4;
/** A picture that was not there is asked for again after so long. */
const AGAIN_MS = 10_000;
/** And no oftener than this, while others are on their way. */
const PAUSE_MS = 1000;

interface Entry {
  image: HTMLImageElement;
  state: 'loading' | 'there' | 'missing';
  since: number;
}

export class MinutePictures {
  /** Counts what has come, so that whoever shows a picture looks again. */
  #loads = $state(0);
  #entries = new Map<string, Entry>();
  #wanted: readonly string[] = [];
  #again: ReturnType<typeof setTimeout> | undefined;

  /** Load these, the first ones first; what was wanted before and has not begun is dropped. */
  want(addresses: readonly string[]): void {
    this.#wanted = addresses;
    this.#next();
  }

  /** The picture, if it is there; it is kept for longer now. */
  find(address: string): HTMLImageElement | null {
    void this.#loads;
    const entry = this.#entries.get(address);
    if (entry?.state !== 'there') return null;
    this.#entries.delete(address);
    this.#entries.set(address, entry);
    return entry.image;
  }

  isMissing(address: string): boolean {
    void this.#loads;
    return this.#entries.get(address)?.state === 'missing';
  }

  /** The hub is reached again: what did not come is not known to be missing. */
  retry(): void {
    for (const [address, entry] of this.#entries) if (entry.state === 'missing') this.#entries.delete(address);
    this.#loads += 1;
    this.#next();
  }

  #next(): void {
    const loading = [...this.#entries.values()].filter((entry) => entry.state === 'loading').length;
    const now = performance.now();
    const open = this.#wanted.filter((address) => {
      const entry = this.#entries.get(address);
      return !entry || (entry.state === 'missing' && now - entry.since > AGAIN_MS);
    });
    open.slice(0, Math.max(0, AT_ONCE - loading)).forEach((address) => this.#load(address));
    this.#askAgain(now);
  }

  /** What is wanted and did not come is asked for again, also where nothing else happens meanwhile. */
  #askAgain(now: number): void {
    clearTimeout(this.#again);
    const missing = this.#wanted.flatMap((address) => {
      const entry = this.#entries.get(address);
      return entry?.state === 'missing' ? [entry.since + AGAIN_MS + 1 - now] : [];
    });
    if (missing.length) this.#again = setTimeout(() => this.#next(), Math.max(PAUSE_MS, Math.min(...missing)));
  }

  /** Nobody shows them any more. */
  end(): void {
    clearTimeout(this.#again);
    this.#wanted = [];
  }

  #load(address: string): void {
    const image = new Image();
    const entry: Entry = { image, state: 'loading', since: performance.now() };
    this.#entries.set(address, entry);
    image.onload = () => this.#came(entry, 'there');
    image.onerror = () => this.#came(entry, 'missing');
    image.src = address;
  }

  #came(entry: Entry, state: 'there' | 'missing'): void {
    [entry.state, entry.since] = [state, performance.now()];
    for (const [address, old] of this.#entries) {
      if (this.#entries.size <= KEPT) break;
      if (old.state !== 'loading') this.#entries.delete(address);
    }
    this.#loads += 1;
    this.#next();
  }
}

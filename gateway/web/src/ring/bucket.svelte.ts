// What stands in the bucket now: its sites, and the minutes of one of them, asked for again and again.

import { baseOf, isNewer, read, type Ring, type RingSite, type SiteIndex } from './ring';

const POLL_MS = 20_000;
const ANSWER_WITHIN_MS = 30_000;

export class Bucket {
  ring = $state.raw<Ring | null>(null);
  #read = $state.raw<SiteIndex | null>(null);
  site = $state<string | null>(null);
  /** When it was asked last. */
  now = $state(Date.now());
  failed = $state('');
  /** How often it answered. */
  answers = $state(0);
  /** What is there is for another page than this one, which stands beside it by now. */
  isForNewerPage = $state(false);
  entry = $derived.by(
    (): RingSite | null => this.ring?.sites.find((one) => one.site === this.site) ?? this.ring?.sites[0] ?? null,
  );

  /** Of the site that is chosen: that of another one is never shown under its name. */
  index = $derived.by((): SiteIndex | null => (this.#read?.site === this.entry?.site ? this.#read : null));

  constructor(site: string | null) {
    this.site = site;
    $effect(() => {
      void this.site;
      const stop = new AbortController();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const go = async (): Promise<void> => {
        await this.#poll(stop.signal);
        if (!stop.signal.aborted) timer = setTimeout(() => void go(), POLL_MS);
      };
      void go();
      return () => {
        stop.abort();
        clearTimeout(timer);
      };
    });
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
    try {
      const ring = await read<Ring>('./ring.json', within);
      this.isForNewerPage = isNewer(ring);
      if (this.isForNewerPage) return;
      this.ring = ring;
      const index = this.entry && (await read<SiteIndex>(`${baseOf(ring)}${this.entry.index}`, within));
      this.isForNewerPage = index !== null && isNewer(index);
      if (index && !this.isForNewerPage) this.#read = index;
      this.answers += 1;
      this.failed = this.entry ? '' : 'There is no site in this bucket yet';
    } catch (error) {
      if (signal.aborted) return;
      this.failed =
        error instanceof TypeError || within.aborted ? 'The bucket does not answer' : 'Nothing is in this bucket yet';
    }
    this.now = Date.now();
  }
}

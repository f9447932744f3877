// What stands in the bucket now: its sites, and the minutes of one of them, asked for again and again.

import { clock, dayWord } from '../format/time';
import {
  linkTo,
  publicSlots,
  signedSlots,
  slotLinksOf,
  type PageLinks,
  type SlotAddress,
  type SlotLinks,
} from './links';
import { Refused, baseOf, isNewer, read, type Ring, type RingSite, type SiteIndex } from './ring';

const POLL_MS = 20_000;
/** The hub signs new ones as often. */
const LINKS_ANEW_MS = 6 * 3_600_000;
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

  #signed = $state.raw<{ site: string; at: number; slots: SlotAddress } | null>(null);
  /** Where its minutes are; `null` until that is known. */
  slots = $derived.by((): SlotAddress | null => {
    const site = this.entry?.site;
    if (!this.ring || site === undefined) return null;
    if (this.#links) return this.#signed?.site === site ? this.#signed.slots : null;
    return publicSlots(baseOf(this.ring), site);
  });
  #links: PageLinks | null;

  constructor(site: string | null, links: PageLinks | null = null) {
    this.site = site;
    this.#links = links;
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
      const ring = await read<Ring>(this.#address('ring.json', './'), within);
      this.isForNewerPage = isNewer(ring);
      if (this.isForNewerPage) return;
      this.ring = ring;
      const index = this.entry && (await read<SiteIndex>(this.#address(this.entry.index, baseOf(ring)), within));
      this.isForNewerPage = index !== null && isNewer(index);
      if (index) await this.#sign(index.site, within);
      if (index && !this.isForNewerPage) this.#read = index;
      this.answers += 1;
      this.failed = this.entry ? '' : 'There is no site in this bucket yet';
    } catch (error) {
      if (signal.aborted) return;
      this.failed = this.#why(error, within.aborted);
    }
    this.now = Date.now();
  }

  #why(error: unknown, isLate: boolean): string {
    if (error instanceof TypeError || isLate) return 'The bucket does not answer';
    if (!this.#links || !(error instanceof Refused) || error.status === 404) return 'Nothing is in this bucket yet';
    const until = Date.parse(this.#links.until);
    return Date.now() < until
      ? 'The bucket refuses the links of this page: the hub may have other keys by now'
      : `The links of this page held until ${dayWord(until, Date.now(), 'UTC')} ${clock(until, 'UTC')}: the hub has a new one`;
  }

  /** Raises `Refused` for what no link leads to. */
  #address(name: string, base: string): string {
    if (!this.#links) return `${base}${name}`;
    const link = linkTo(this.#links, name);
    if (link === null) throw new Refused(404);
    return link;
  }

  /** A page that is open for days goes on with the links that the hub has signed since. */
  async #sign(site: string, signal: AbortSignal): Promise<void> {
    if (!this.#links) return;
    if (this.#signed?.site === site && Date.now() - this.#signed.at < LINKS_ANEW_MS) return;
    const links = await read<SlotLinks>(this.#address(slotLinksOf(site), ''), signal);
    this.#signed = { site, at: Date.now(), slots: signedSlots(links, site) };
  }
}

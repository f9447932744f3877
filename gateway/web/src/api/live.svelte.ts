// The one live stream of the page: journal events as they are committed, resumed where it broke.

import { LIVE_NAMES, get, shortType, url, type EventName, type Recorded } from './api';
import type { DrawnMinute } from '../state/drawn_minutes';
import { nav } from '../state/nav.svelte';

const SILENT_MS = 15_000;
const AWAY_MS = 60_000;

type Listener = (recorded: Recorded, type: EventName) => void;

class Live {
  state = $state<'connecting' | 'live' | 'lost'>('connecting');
  /** Since when the connection is gone. */
  since = $state<number | null>(null);
  /** When the last message of the gateway came. */
  lastMessageAt = $state(0);
  /** Grows when everything shown should be asked for again. */
  generation = $state(0);
  online = $state(navigator.onLine);
  #source: EventSource | null = null;
  #site: string | null = null;
  #types = '';
  #position: string | null = null;
  #present = new Set<Listener>();
  #always = new Set<Listener>();
  #minutes = new Set<(minute: DrawnMinute) => void>();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #left = 0;

  constructor() {
    document.addEventListener('visibilitychange', () => (document.hidden ? this.#leave() : this.#return()));
    addEventListener('online', () => {
      this.online = true;
      this.#open();
    });
    addEventListener('offline', () => {
      this.online = false;
      this.since ??= Date.now();
    });
    setInterval(() => void this.#check(), 5000);
  }

  /** What is shown may be old. */
  get broken(): boolean {
    return !this.online || this.state === 'lost';
  }

  /** What happens now is no news to a page that shows a moment of the past. */
  listen(listener: Listener): () => void {
    this.#present.add(listener);
    return () => this.#present.delete(listener);
  }

  /** For what shows the present whatever the moment: the time bar itself, the state of the system. */
  listenAlways(listener: Listener): () => void {
    this.#always.add(listener);
    return () => this.#always.delete(listener);
  }

  /** Each minute of the mosaics as it is drawn, and with every connection the one that was drawn last. */
  listenMinutes(listener: (minute: DrawnMinute) => void): () => void {
    this.#minutes.add(listener);
    return () => this.#minutes.delete(listener);
  }

  /** Another view needs other types of event, and misses none between. */
  follow(site: string | null, types: readonly EventName[]): void {
    const wanted = types.join(',');
    if (site === this.#site && wanted === this.#types && this.#source) return;
    if (site !== this.#site) this.#position = null;
    [this.#site, this.#types] = [site, wanted];
    this.#open();
  }

  #open(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    if (document.hidden || this.#site === null) return;
    const source = new EventSource(
      url('/api/v1/live', { types: `${this.#types},minute`, site: this.#site, after: this.#position }),
    );
    this.#source = source;
    source.addEventListener('open', () => this.#opened());
    source.addEventListener('head', (event) => this.#contact(event));
    for (const type of LIVE_NAMES) source.addEventListener(type, (event) => this.#arrived(event));
    source.addEventListener('minute', (event: MessageEvent<string>) => {
      this.#contact(event);
      const minute = JSON.parse(event.data) as DrawnMinute;
      for (const listener of this.#minutes) listener(minute);
    });
    source.addEventListener('error', () => this.#lost(source));
  }

  #opened(): void {
    const recovered = this.state === 'lost';
    this.#failures = 0;
    this.state = 'live';
    this.since = null;
    this.lastMessageAt = Date.now();
    if (recovered) this.generation += 1;
  }

  #contact(event: MessageEvent<string>): void {
    this.lastMessageAt = Date.now();
    if (event.lastEventId) this.#position = event.lastEventId;
  }

  #arrived(event: MessageEvent<string>): void {
    this.#contact(event);
    const recorded = JSON.parse(event.data) as Recorded;
    const type = shortType(recorded.event.type) as EventName;
    for (const listener of this.#always) listener(recorded, type);
    if (nav.route.at === null) for (const listener of this.#present) listener(recorded, type);
  }

  #lost(source: EventSource): void {
    if (source !== this.#source) return;
    if (this.state !== 'lost') this.since = Date.now();
    this.state = 'lost';
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again with Last-Event-ID
    this.#failures += 1;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), Math.min(30_000, 1000 * 2 ** Math.min(5, this.#failures)));
  }

  #leave(): void {
    this.#left = Date.now();
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  /** After a long absence the past is asked for, not replayed. */
  #return(): void {
    if (Date.now() - this.#left > AWAY_MS) {
      this.#position = null;
      this.generation += 1;
    }
    this.#open();
  }

  /** A quiet site sends nothing for a while; a dead connection looks the same until somebody asks. */
  async #check(): Promise<void> {
    if (document.hidden || this.state !== 'live' || Date.now() - this.lastMessageAt < SILENT_MS) return;
    try {
      await get('/api/v1/sites', AbortSignal.timeout(4000));
      this.lastMessageAt = Date.now();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.state = 'lost';
      this.since = this.lastMessageAt;
      this.#open();
    }
  }
}

export const live = new Live();

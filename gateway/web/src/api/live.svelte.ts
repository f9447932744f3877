// The one live stream of the page: journal events as they are committed, resumed where it broke.

import { LIVE_NAMES, get, problemOf, shortType, url, type EventName, type Recorded, type Session } from './api';
import type { DrawnMinute } from '../state/drawn_minutes';
import { nav } from '../state/nav.svelte';

/** The hub says something every 15 s, were it only how far its journal is. */
const SILENT_MS = 20_000;
const DEAD_MS = 40_000;
const AWAY_MS = 60_000;

type Listener = (recorded: Recorded, type: EventName) => void;

/** By the clock that goes on in a sleep. One that was set back says nothing of how long it was: long, maybe. */
const elapsed = (since: number): number => Math.abs(Date.now() - since);

class Live {
  state = $state<'connecting' | 'live' | 'lost'>('connecting');
  /** Since when the connection is gone. */
  since = $state<number | null>(null);
  /** When the last message of the gateway came. */
  lastMessageAt = $state(0);
  /** Grows when everything shown should be asked for again. */
  generation = $state(0);
  online = $state(navigator.onLine);
  #wasOffline = false;
  isSuspended = $state(false);
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
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#leave();
      else if (this.isSuspended) void this.#signedInElsewhere();
      else this.#resume(elapsed(this.#left));
    });
    addEventListener('online', () => {
      this.online = true;
      this.#open();
    });
    addEventListener('offline', () => {
      this.online = false;
      this.#wasOffline = true;
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
    if (document.hidden || this.isSuspended || this.#site === null) return;
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
    // A connection that nobody cut may have stood through an outage in which pictures did not come.
    const recovered = this.state === 'lost' || this.#wasOffline;
    this.#wasOffline = false;
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
  #resume(awayMs: number): void {
    if (awayMs > AWAY_MS) {
      this.#position = null;
      this.generation += 1;
    }
    this.#open();
  }

  /** Whether somebody has to sign in: until then nothing is asked for, and then all of it. */
  suspend(): void {
    this.#leave();
    this.isSuspended = true;
  }

  proceed(): void {
    this.isSuspended = false;
    this.#failures = 0;
    this.#resume(Infinity);
  }

  /** Somebody may have signed in meanwhile, in another tab. */
  async #signedInElsewhere(): Promise<void> {
    try {
      if ((await get<Session>('/api/v1/session')).signed_in) this.proceed();
    } catch (error) {
      problemOf(error);
    }
  }

  /** A connection may be dead without a word of it: after a sleep, behind a router that has forgotten it. */
  async #check(): Promise<void> {
    const silence = elapsed(this.lastMessageAt);
    if (document.hidden || this.isSuspended || this.state !== 'live' || silence < SILENT_MS) return;
    try {
      await get('/api/v1/sites', AbortSignal.timeout(4000));
      if (silence > DEAD_MS) this.#resume(silence);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.state = 'lost';
      this.since = this.lastMessageAt;
      this.#open();
    }
  }
}

export const live = new Live();

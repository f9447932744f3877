// What every view shares: sites, the site chosen, its devices, and the moment shown.

import { deviceOf, sitePath, type Device, type Site } from './api';
import { ticker } from './clock.svelte';
import { live } from './live.svelte';
import { nav } from './nav.svelte';
import { prefs } from './prefs.svelte';
import { Resource, fallback } from './resource.svelte';
import { isZone } from './time';
import { isNews, lastNews, summary } from './words';

/** What comes by the clock says nothing about what happened. */
const ROUTINE = new Set(['segment', 'heartbeat', 'health']);
const TELLING = new Set(['alert', 'incident', 'health', 'state', 'settings']);

class Page {
  sites!: Resource<{ sites: Site[] }>;
  #devices!: Resource<{ site: string; devices: Device[] }>;
  #heard = $state.raw(new Map<string, Device['last_event']>());
  site = $derived.by(() => this.#site());
  zone = $derived.by(() => this.#zone());
  /** The moment shown, which ticks while it is now. */
  moment = $derived(nav.route.at ?? ticker.now);
  isLive = $derived(nav.route.at === null);
  devices = $derived.by(() => this.#withNews());
  /** The past moment once the handle rests: what is worth asking the gateway for. */
  settled = $state<number | null>(nav.route.at);

  /** Called once, inside the root component: resources live as long as it does. */
  start(): void {
    this.sites = new Resource(() => '/api/v1/sites', { every: fallback(15_000) });
    this.#devices = new Resource(() => (this.site ? sitePath(this.site) : null), { every: fallback(5000) });
    const pending = new Map<string, Device['last_event']>();
    $effect(() => live.follow(this.site));
    $effect(() => {
      const at = nav.route.at;
      const timer = setTimeout(() => (this.settled = at), at === null ? 0 : 180);
      return () => clearTimeout(timer);
    });
    $effect(() => {
      if (this.site) prefs.remember('site', this.site);
    });
    $effect(() => live.listen((recorded, type) => {
      if (TELLING.has(type)) {
        this.#devices.reload();
        this.sites.reload();
      }
      const from = deviceOf(recorded.event.source);
      if (!from || from.device === '_hub' || ROUTINE.has(type) || !isNews(recorded)) return;
      const news = { type: recorded.event.type, time: recorded.event.time, position: recorded.position, summary: summary(recorded.event) };
      pending.set(`${from.site}/${from.device}`, news);
    }));
    // Many events a second are one change of the page.
    $effect(() => {
      const timer = setInterval(() => {
        if (!pending.size) return;
        this.#heard = new Map([...this.#heard, ...pending]);
        pending.clear();
      }, 400);
      return () => clearInterval(timer);
    });
  }

  /** The end of a range that ends at the moment shown; it moves in whole steps, so that answers are kept. */
  until(step: number): number {
    return this.settled ?? Math.floor(ticker.now / step) * step;
  }

  get deviceState(): Resource<{ site: string; devices: Device[] }> {
    return this.#devices;
  }

  device(id: string | undefined): Device | null {
    return this.devices.find((d) => d.device === id) ?? null;
  }

  nameOf(id: string): string {
    return id === '_hub' ? 'Hub' : (this.device(id)?.name ?? id);
  }

  #site(): string | null {
    const all = this.sites.data?.sites ?? [];
    const asked = nav.route.site;
    if (asked) return all.some((s) => s.site === asked) ? asked : null;
    return (all.find((s) => s.site === prefs.site) ?? all.find((s) => s.devices > 0) ?? all[0])?.site ?? null;
  }

  #zone(): string {
    const zone = this.sites.data?.sites.find((s) => s.site === this.site)?.time_zone ?? 'UTC';
    return isZone(zone) ? zone : 'UTC';
  }

  #withNews(): Device[] {
    return (this.#devices.data?.devices ?? []).map((d) => {
      const news = this.#heard.get(`${d.site}/${d.device}`);
      const known = lastNews(d.last_event);
      return { ...d, last_event: news && news.position > (known?.position ?? 0) ? news : known };
    });
  }
}

export const page = new Page();

// What every view shares: sites, the site chosen, its devices, and the moment shown.

import { deviceOf, sitePath, type Device, type Site } from './api';
import { live } from './live.svelte';
import { moment } from './moment.svelte';
import { nav } from './nav.svelte';
import { prefs } from './prefs.svelte';
import { Resource, fallback } from './resource.svelte';
import { isZone } from './time';
import { isNews, lastNews, summary } from './words';

/** What comes by the clock says nothing about what happened. */
const ROUTINE = new Set(['segment', 'heartbeat', 'health']);
const TELLING = new Set(['alert', 'incident', 'health', 'state', 'settings']);

interface Devices {
  site: string;
  devices: Device[];
}

class Page {
  /** Which sites there are, and in which zones they live, is no matter of the moment. */
  sites!: Resource<{ sites: Site[] }>;
  #sitesThen!: Resource<{ sites: Site[] }>;
  #devices!: Resource<Devices>;
  #known!: Resource<Devices>;
  #heard = $state.raw(new Map<string, Device['last_event']>());
  site = $derived.by(() => this.#site());
  zone = $derived.by(() => this.#zone());
  /** As they were at the moment shown. */
  devices = $derived.by(() => this.#withNews());
  /** Those that exist today: for names, and to choose from. */
  known = $derived.by(() => this.#known?.data?.devices ?? []);
  openAlerts = $derived.by(() => this.openAlertsOf(this.site));

  /** Called once, inside the root component: resources live as long as it does. */
  start(): void {
    moment.start();
    this.sites = new Resource(() => '/api/v1/sites', { every: fallback(15_000) });
    this.#sitesThen = new Resource(() => (moment.settled === null ? null : moment.question('/api/v1/sites')));
    this.#devices = new Resource(() => (this.site ? moment.question(sitePath(this.site)) : null), { every: fallback(5000) });
    this.#known = new Resource(() => (this.site ? sitePath(this.site) : null), { every: () => 60_000 });
    const pending = new Map<string, Device['last_event']>();
    $effect(() => live.follow(this.site));
    $effect(() => {
      if (moment.settled === null) this.sites.reload();
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

  openAlertsOf(site: string | null): number {
    return (moment.isLive ? this.sites : this.#sitesThen).data?.sites.find((s) => s.site === site)?.open_alerts ?? 0;
  }

  get deviceState(): Resource<Devices> {
    return this.#devices;
  }

  device(id: string | undefined): Device | null {
    return this.devices.find((d) => d.device === id) ?? null;
  }

  nameOf(id: string): string {
    return id === '_hub' ? 'Hub' : ((this.device(id) ?? this.known.find((d) => d.device === id))?.name ?? id);
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
      const news = moment.isLive ? this.#heard.get(`${d.site}/${d.device}`) : undefined;
      const known = lastNews(d.last_event);
      return { ...d, last_event: news && news.position > (known?.position ?? 0) ? news : known };
    });
  }
}

export const page = new Page();

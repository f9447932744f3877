// What every view shares: sites, the site chosen, its devices, and the moment shown.

import {
  LIVE_NAMES,
  deviceOf,
  sitePath,
  url,
  type Condition,
  type Device,
  type DeviceHealth,
  type Devices,
  type EventName,
  type Events,
  type Health,
  type Recorded,
  type Sites,
} from '../api/api';
import { live } from '../api/live.svelte';
import { moment } from './moment.svelte';
import { nav } from './nav.svelte';
import { prefs } from './prefs.svelte';
import { Resource, fallback } from '../api/resource.svelte';
import type { View } from './views';
import { distinctly } from '../format/distinct';
import { isZone, iso } from '../format/time';
import { isNews, lastNews, summary, type News } from '../format/event_words';

/** What comes by the clock says nothing about what happened. */
const ROUTINE = new Set(['segment', 'heartbeat', 'health']);
const REFRESHING = new Set(['alert', 'incident', 'health', 'state', 'settings', 'registry']);

/** What comes many times a second is sent only to the views that show it. */
const FREQUENT: Partial<Record<View, readonly EventName[]>> = {
  device: ['thermal', 'segment'],
  system: ['thermal', 'segment', 'heartbeat'],
};
const followedBy = (view: View): EventName[] =>
  LIVE_NAMES.filter((name) => !['thermal', 'segment', 'heartbeat'].includes(name) || FREQUENT[view]?.includes(name));

const CLOCKS_AGREE_MS = 60_000;
/** What a device reports that is worth a line on the wall. */
const NEWS = ['detection', 'motion', 'state', 'recording', 'gap', 'command', 'annotation'];

/** What a clock that is wrong said happened when it arrived. */
const newsOf = ({ event, position, received, ahead_s }: Recorded): News => ({
  time: (ahead_s && received) || event.time,
  position,
  summary: summary(event),
});

const named = (devices: readonly Device[] = []): Device[] => distinctly(devices, (one) => one.device);

/** A device, and what happened last there in the words of the page. */
export type ShownDevice = Device & { news: News | null };

const isOneOf = (devices: readonly Device[], id: string): boolean => devices.some((one) => one.device === id);

class Page {
  /** Which sites there are, and in which zones they live, is no matter of the moment. */
  sites!: Resource<Sites>;
  #sitesThen!: Resource<Sites>;
  /** How the hub itself does now; a gateway that is older than this page says nothing of it. */
  hub!: Resource<Health>;
  #release: string | null = null;
  #devices!: Resource<Devices>;
  #known!: Resource<Devices>;
  #latest!: Resource<Events>;
  /** What each device reported last before the moment, of what the log says of all of them. */
  #before = $derived.by(() => {
    const found = new Map<string, News>();
    for (const recorded of this.#latest?.data?.events ?? []) {
      const from = deviceOf(recorded.event.source);
      const name = from && `${from.site}/${from.device}`;
      // What came late was not known then.
      if (moment.settled !== null && recorded.received && Date.parse(recorded.received) > moment.settled) continue;
      if (name && !found.has(name) && isNews(recorded)) found.set(name, newsOf(recorded));
    }
    return found;
  });
  #arrived = $state.raw(new Map<string, News>());
  #shown = new Map<string, { of: Device; shown: ShownDevice }>();
  site = $derived.by(() => this.#site());
  zone = $derived.by(() => this.#zone());
  /** As they were at the moment shown. */
  devices = $derived.by(() => this.#withNews());
  /** Those that exist today, and those of the moment shown that were retired since: for names, and to choose from. */
  known = $derived.by(() => {
    const [then, today] = [this.#devices?.data?.devices, this.#known?.data?.devices];
    return named(today ? [...today, ...(then ?? []).filter((one) => !isOneOf(today, one.device))] : then);
  });
  /** Open alerts that nobody has acknowledged. */
  unseenAlerts = $derived.by(() => this.unseenAlertsOf(this.site));

  /** Called once, inside the root component: resources live as long as it does. */
  start(): void {
    moment.start();
    this.sites = new Resource(() => '/api/v1/sites', { every: () => (this.isEmpty ? 15_000 : fallback(15_000)()) });
    this.#sitesThen = new Resource(() => (moment.asked === null ? null : moment.question('/api/v1/sites')));
    this.hub = new Resource(() => '/health', { every: () => 5000, later: true });
    this.#devices = new Resource(() => (this.site ? moment.question(sitePath(this.site)) : null), {
      every: fallback(5000),
      later: true,
    });
    // At now those are the ones that exist.
    this.#known = new Resource(() => (this.site && moment.asked !== null ? sitePath(this.site) : null), {
      every: () => 60_000,
      later: true,
    });
    this.#names = new Resource(
      () =>
        (this.sites.data?.sites.length ?? 0) > 1 && ['system', 'alerts', 'wall'].includes(nav.route.view)
          ? '/api/v1/health/devices'
          : null,
      { every: () => 120_000 },
    );
    this.#latest = new Resource(
      () =>
        this.site && nav.route.view !== 'timeline'
          ? url('/api/v1/events', {
              site: this.site,
              type: NEWS.join(','),
              order: 'desc',
              limit: 200,
              to: moment.asked === null ? null : iso(moment.asked),
            })
          : null,
      { later: true },
    );
    $effect(() => {
      this.#release ??= this.hub.data?.version ?? null;
    });
    const pending = new Map<string, News>();
    // Of a hub without a site, everything: its first device makes one.
    $effect(() => live.follow(this.site ?? (this.isEmpty ? '' : null), followedBy(nav.route.view)));
    let isFirst = true;
    $effect(() => {
      if (moment.settled === null && !isFirst) this.sites.reload();
      isFirst = false;
    });
    $effect(() => {
      if (this.site) prefs.remember('site', this.site);
    });
    $effect(() =>
      live.listen((recorded, type) => {
        if (REFRESHING.has(type) || this.isEmpty) {
          this.#devices.reload();
          this.sites.reload();
        }
        const from = deviceOf(recorded.event.source);
        if (!from || from.device === '_hub' || from.device === '_gateway' || ROUTINE.has(type) || !isNews(recorded))
          return;
        pending.set(`${from.site}/${from.device}`, newsOf(recorded));
      }),
    );
    // Many events a second are one change of the page.
    $effect(() => {
      const timer = setInterval(() => {
        if (!pending.size) return;
        this.#arrived = new Map([...this.#arrived, ...pending]);
        pending.clear();
      }, 400);
      return () => clearInterval(timer);
    });
  }

  /** Whether the hub has no site yet. */
  get isEmpty(): boolean {
    return this.sites.data?.sites.length === 0;
  }

  /** Of all devices of the site at the moment shown: the worst; ok where every one is known to be. */
  get condition(): Condition {
    return this.conditionOf(this.site);
  }

  conditionOf(site: string | null): Condition {
    return this.#sitesShown?.sites.find((s) => s.site === site)?.condition ?? 'unknown';
  }

  get #sitesShown(): Sites | null {
    return (moment.isLive ? this.sites : this.#sitesThen).data;
  }

  unseenAlertsOf(site: string | null): number {
    const data = this.#sitesShown;
    return (
      (data?.sites.find((s) => s.site === site)?.unacknowledged_alerts ?? 0) + (data?.hub?.unacknowledged_alerts ?? 0)
    );
  }

  /** Parts of the hub that do not work as they should, of the present. */
  get hubProblems(): string[] {
    const hub = moment.isLive ? this.hub.data : null;
    return hub && hub.status !== 'healthy' ? (hub.problems ?? []) : [];
  }

  /** The release of the hub, where it is another one than when this page was loaded. */
  get newerRelease(): string | null {
    const now = this.hub.data?.version;
    return now && this.#release && now !== this.#release ? now : null;
  }

  /** By how many milliseconds the clock of this machine is ahead of the hub's; 0 where they agree well enough. */
  get clockAheadMs(): number {
    const said = this.hub.data && !this.hub.error ? Date.parse(this.hub.data.time) : NaN;
    const ahead = this.hub.at - said;
    return Math.abs(ahead) > CLOCKS_AGREE_MS ? ahead : 0;
  }

  get deviceState(): Resource<Devices> {
    return this.#devices;
  }

  device(id: string | undefined): Device | null {
    return this.devices.find((d) => d.device === id) ?? null;
  }

  /** A function of its own, so that it can be handed on. */
  nameOf = (id: string): string => {
    if (id === '_hub') return 'Hub';
    if (id === '_gateway') return 'This page';
    const retired = this.deviceState.data?.retired?.find((d) => d.device === id);
    return (this.device(id) ?? this.known.find((d) => d.device === id) ?? retired)?.name ?? id;
  };

  siteName(id: string): string {
    if (id === '_hub') return 'Hub';
    const sites = distinctly(this.sites.data?.sites ?? [], (one) => one.site);
    return sites.find((one) => one.site === id)?.name ?? id;
  }

  /** What a site and a device are called; of devices of another site only the id is known here. */
  placeName(site: string, device: string): string {
    if (site === this.site || device.startsWith('_')) return this.nameOf(device);
    const known = this.#names?.data?.find((one) => one.site === site && one.device === device);
    return `${this.siteName(site)} / ${known?.camera_name ?? device}`;
  }

  /** Names of the devices of every site, for the views that show more than one. */
  #names!: Resource<DeviceHealth[]>;

  sourceName(source: string): string {
    const from = deviceOf(source);
    return from ? this.placeName(from.site, from.device) : 'Hub';
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

  #withNews(): ShownDevice[] {
    return named(this.#devices.data?.devices).map((d) => {
      const name = `${d.site}/${d.device}`;
      const candidates = [
        lastNews(d.last_event),
        this.#before.get(name) ?? null,
        (moment.isLive && this.#arrived.get(name)) || null,
      ];
      const news = candidates.reduce((a, b) => ((b?.position ?? 0) > (a?.position ?? 0) ? b : a));
      const before = this.#shown.get(name);
      // Of many devices only those that changed are drawn again.
      if (before && before.of === d && before.shown.news?.position === news?.position) return before.shown;
      const shown = { ...d, news };
      this.#shown.set(name, { of: d, shown });
      return shown;
    });
  }
}

export const page = new Page();

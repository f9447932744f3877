// What stands above the time bar in playback: of each device shown, what was recorded, what moved, and the holes.

import { SvelteMap } from 'svelte/reactivity';
import { devicePath, url, type Device, type Hole, type Holes, type Motion } from '../api/api';
import { NewExport } from '../api/limits.gen';
import { Resource } from '../api/resource.svelte';
import { iso } from '../format/time';
import { nav } from './nav.svelte';
import { page } from './page.svelte';
import { bucketSeconds } from './playback';
import { askedWindow, type Window } from './zoom';

/** As many as can be looked at in step, and exported together. */
export const MOST_DEVICES = NewExport.devices.most;

/** The devices that playback shows; what was recorded stays, whatever there was at the moment. */
class Watched {
  #chosen = $derived.by(() => page.known.filter((device) => nav.route.devices.includes(device.device)));
  #fallback = $derived.by(
    () => page.known.find((d) => d.has.hls && d.online) ?? page.known.find((d) => d.has.hls) ?? page.known[0],
  );
  devices = $derived.by((): Device[] => {
    // Of one that is named and not there, another one is no picture.
    if (!nav.route.devices.length) return this.#fallback ? [this.#fallback] : [];
    const order = nav.route.devices;
    return [...this.#chosen].sort((a, b) => order.indexOf(a.device) - order.indexOf(b.device)).slice(0, MOST_DEVICES);
  });
  ids = $derived.by(() => this.devices.map((device) => device.device));
}
export const watched = new Watched();
/** The lanes on the bar, by device, for all who show something of them. */
export const lanes = new SvelteMap<string, RecordedLane>();

/** The holes around the moment played, by device, however short: those of the bar are only as short as can be drawn. */
export const holesAround = new SvelteMap<string, readonly Hole[]>();

export class RecordedLane {
  #holes: Resource<Holes>;
  #motion: Resource<Motion>;
  holes = $derived.by((): Hole[] => this.#holes.data?.holes ?? []);
  known = $derived.by(() => this.#holes.data !== null);
  motion = $derived.by(() => this.#motion.data?.buckets ?? []);
  bucketMs = $derived.by(() => (this.#motion.data?.bucket_s ?? 60) * 1000);
  window: Window;

  constructor(device: () => Device | null, shown: () => Window) {
    const window = $derived(askedWindow(shown()));
    this.window = $derived.by(() => window);
    const ask = (what: string, params: Record<string, number>): string | null => {
      const of = device();
      return (
        of &&
        url(`${devicePath(of.site, of.device)}/${what}`, { from: iso(window.from), to: iso(window.to), ...params })
      );
    };
    const every = (): number => (window.to > Date.now() ? 10_000 : 0);
    const seconds = $derived((window.to - window.from) / 1000);
    this.#holes = new Resource(() => ask('holes', { shortest: Math.max(1, Math.floor(seconds / 2000)) }), { every });
    this.#motion = new Resource(() => ask('motion', { bucket: bucketSeconds(seconds / 2) }), { every });
  }
}

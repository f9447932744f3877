// What a bucket of minute tiles holds, and under which addresses; the hub is not asked for anything.

import type { IncidentMinutes, Tile } from '../api/api.ts';
import { MINUTE } from '../format/time.ts';
import { isSigned, type SlotAddress } from './links.ts';
import {
  MINUTES,
  decodeStates,
  minuteAt,
  type MinuteItem,
  type MinuteState,
  type TileFilter,
} from '../state/timeline.ts';

/** Of what a bucket holds: a page that knows an older one would read it wrongly. */
const VERSION = 1;

export const isNewer = ({ version }: { version: number }): boolean => version > VERSION;

export interface RingSite {
  site: string;
  name: string;
  time_zone: string;
  index: string;
}

export interface Ring {
  version: number;
  /** Where the objects are; `null` where this page is. */
  base: string | null;
  sites: RingSite[];
}

export interface SiteIndex {
  version: number;
  site: string;
  name: string;
  time_zone: string;
  written: string;
  first: number;
  newest: number;
  classes: string[];
  states: string;
  incidents: IncidentMinutes[];
  revisions: (number | null)[];
}

/** Slots are overwritten after 24 hours, maybe before the index that is here was read again. */
export const MARGIN = 10;

/** The minutes of an index that can be shown now: with their pictures, and none that may have been overwritten. */
export class RingMinutes {
  readonly states: MinuteState[];
  readonly #oldest: number;

  constructor(
    readonly address: SlotAddress,
    readonly index: SiteIndex,
    now: number,
  ) {
    this.#oldest = Math.max(index.newest, Math.floor(now / MINUTE) - 1) - MINUTES + 1 + MARGIN;
    this.states = decodeStates(index.states, index.classes, index.newest - index.first + 1).map((state, i) =>
      this.has(i) ? state : 'no_data',
    );
  }

  get count(): number {
    return this.states.length;
  }

  item(at: number): MinuteItem {
    return minuteAt(at, this.index.newest, this.count, this.index.revisions);
  }

  has(at: number): boolean {
    return this.index.first + at >= this.#oldest && typeof this.index.revisions[at] === 'number';
  }

  /** Whether its picture of these devices is there, as far as the index says it. */
  surelyHas(at: number, filter: TileFilter): boolean {
    const state = this.states[at] ?? 'no_data';
    return this.has(at) && (filter === 'all' || (filter === 'ko' ? state === 'incident' : state === 'ok'));
  }

  picture(at: number, filter: TileFilter): string {
    return this.#address(this.item(at), `${filter === 'all' ? '' : `_${filter}`}.jpg`);
  }

  description(at: number): string {
    return this.#address(this.item(at), '.json');
  }

  #address({ slot, minute, revision }: MinuteItem, end: string): string {
    return this.address(slot, end, `${minute}.${revision}`);
  }
}

export const baseOf = (ring: Ring): string => (ring.base === null ? './' : `${ring.base.replace(/\/+$/, '')}/`);

/** `null` where the slot holds another minute by now. */
export const ofMinute = (tile: Tile, minute: number): Tile | null => (tile.minute === minute ? tile : null);

export class Refused extends Error {
  constructor(readonly status: number) {
    super(`${status}`);
  }
}

export async function read<T>(address: string, signal: AbortSignal | null = null): Promise<T> {
  const response = await fetch(address, { signal, cache: isSigned(address) ? 'no-cache' : 'default' });
  if (!response.ok) throw new Refused(response.status);
  return (await response.json()) as T;
}

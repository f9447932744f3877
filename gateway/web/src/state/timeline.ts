// The 1,440 minutes of a day as the gateway packs them: two bits a minute, oldest first.

import type { IncidentMinutes } from '../api/api.ts';
import { MINUTE, slotOf } from '../format/time.ts';

export const MINUTES = 1440;
export type MinuteState = 'no_data' | 'ok' | 'incident' | 'unknown';

export interface Run {
  start: number;
  end: number;
  state: MinuteState;
}

/** Minute i lies in byte i >> 2, in bits 2 * (i & 3) from the least significant. A day has 1,380 to 1,500 minutes. */
export function decodeStates(packed: string, classes: readonly string[], count = MINUTES): MinuteState[] {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  return Array.from({ length: count }, (_, i) => {
    const code = ((bytes[i >> 2] ?? 0) >> (2 * (i & 3))) & 3;
    return (classes[code] ?? 'unknown') as MinuteState;
  });
}

export function encodeStates(states: readonly MinuteState[], classes: readonly string[]): string {
  const bytes = new Uint8Array(Math.ceil(states.length / 4));
  states.forEach((state, i) => (bytes[i >> 2] = (bytes[i >> 2] ?? 0) | (classes.indexOf(state) << (2 * (i & 3)))));
  return btoa(String.fromCharCode(...bytes));
}

/** Neighbouring minutes of one state as one run; `end` is exclusive. */
export function runsOf(states: readonly MinuteState[]): Run[] {
  const runs: Run[] = [];
  states.forEach((state, i) => {
    const last = runs.at(-1);
    if (last?.state === state) last.end = i + 1;
    else runs.push({ start: i, end: i + 1, state });
  });
  return runs;
}

export function incidentAt(incidents: readonly IncidentMinutes[], index: number): IncidentMinutes | null {
  return incidents.find(({ first, minutes }) => index >= first && index < first + minutes) ?? null;
}

export interface OpenRange {
  opened: string;
  closed: string | null;
}

/**
 * The minutes from `first` of a time range that reaches beyond the 24 hours whose states are kept. Of those before, the
 * incidents are known, and nothing else; before the site's first event (`begun`) and after now there is nothing.
 */
export function longStates(
  first: number,
  count: number,
  known: { first: number; states: readonly MinuteState[] },
  troubles: readonly OpenRange[],
  begun: number | null,
  now: number,
): MinuteState[] {
  const states = new Array<MinuteState>(count).fill('no_data');
  const within = (minute: number): number => Math.max(0, Math.min(count, minute - first));
  if (begun !== null) states.fill('unknown', within(Math.floor(begun / MINUTE)), within(Math.floor(now / MINUTE)));
  for (const { opened, closed } of troubles) {
    const end = closed === null ? now : Date.parse(closed);
    states.fill('incident', within(Math.floor(Date.parse(opened) / MINUTE)), within(Math.floor(end / MINUTE) + 1));
  }
  known.states.forEach((state, i) => {
    const index = known.first + i - first;
    if (index >= 0 && index < count) states[index] = state;
  });
  return states;
}

export interface MinuteItem {
  index: number;
  minute: number;
  slot: string;
  at: number;
  revision?: number | null;
}

/** Item `index` (0 oldest … count - 1 newest) of the minutes that end with the epoch minute `newest`. */
export function minuteAt(
  index: number,
  newest: number,
  count = MINUTES,
  revisions?: ArrayLike<number | null>,
): MinuteItem {
  const minute = newest - (count - 1) + index;
  const item = { index, minute, slot: slotOf(minute), at: minute * MINUTE };
  return revisions ? { ...item, revision: revisions[index] ?? null } : item;
}

export function indexOfMinute(minute: number, newest: number, count = MINUTES): number {
  return Math.max(0, Math.min(count - 1, minute - newest + count - 1));
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** How often each minute was corrected, modulo 64: an address with it means the same bytes for a day. */
export const decodeRevisions = (letters: string): number[] => Array.from(letters, (one) => LETTERS.indexOf(one));

export const encodeRevisions = (revisions: readonly number[]): string =>
  revisions.map((one) => LETTERS[one] ?? LETTERS[0]).join('');

export type TileFilter = 'all' | 'ok' | 'ko';
/** What of a minute is shown, as people are asked for it. */
export const tileFilters: readonly [TileFilter, string][] = [
  ['all', 'All'],
  ['ok', 'OK'],
  ['ko', 'Problems'],
];

/** A slot is asked for by its minute, so that yesterday's tile is never shown as today's. */
export function tileUrl(site: string, item: MinuteItem, filter: TileFilter): string {
  const suffix = filter === 'all' ? '' : `_${filter}`;
  return `/heatmaps/${encodeURIComponent(site)}/${item.slot}${suffix}.jpg?minute=${item.minute}${revisionOf(item)}`;
}

export function tileInfoUrl(site: string, item: MinuteItem): string {
  return `/heatmaps/${encodeURIComponent(site)}/${item.slot}.json?minute=${item.minute}${revisionOf(item)}`;
}

const revisionOf = (item: MinuteItem): string =>
  item.revision === null || item.revision === undefined ? '' : `&revision=${item.revision}`;

export function nextIncident(states: readonly MinuteState[], from: number, step: 1 | -1): number | null {
  const runs = runsOf(states).filter((run) => run.state === 'incident');
  const found = step === 1 ? runs.find((run) => run.start > from) : runs.findLast((run) => run.start < from);
  return found ? found.start : null;
}

// The next and the previous thing that happened before the cameras shown: motion, incidents and notes.

import type { MotionEvent } from '../api/contract';
import { get, is, url, type Annotations, type Device, type Events, type Incidents } from '../api/api';
import { DAY, HOUR, iso } from '../format/time';

/** Playing begins so long before an event, so that one sees it come. */
export const BEFORE_MS = 2000;
const MOST = 500;
const SAME_MS = 1000;
const REACHES_MS = [HOUR, DAY, 31 * DAY, null] as const;

const beginOf = ({ event }: Events<MotionEvent>['events'][number]): number | null => {
  if (!is('motion', event)) return null;
  const data: { phase?: string; duration_seconds?: number } = event.data;
  if (data.phase === 'start') return Date.parse(event.time);
  return data.phase === undefined ? Date.parse(event.time) - (data.duration_seconds ?? 0) * 1000 : null;
};

async function motions(device: Device, after: number, by: 1 | -1): Promise<number[]> {
  const range = by === 1 ? { from: iso(after + SAME_MS) } : { to: iso(Math.max(0, after)) };
  const params = {
    site: device.site,
    device: device.device,
    type: 'motion',
    order: by === 1 ? 'asc' : 'desc',
    limit: MOST,
  };
  const found = await get<Events<MotionEvent>>(url('/api/v1/events', { ...params, ...range }));
  return found.events.flatMap((recorded) => beginOf(recorded) ?? []);
}

/** The bounds of a question, as questions name them. */
type Range = Record<'from' | 'to', string | null>;

/**
 * Of a list that is answered from the newest on: when they began, behind a moment (`by` 1) or before it. Ever more may
 * be behind a moment of long ago, and no more than the newest of those are answered: so what is near is asked for first.
 */
async function listed(at: number, by: 1 | -1, begins: (range: Range) => Promise<number[]>): Promise<number[]> {
  if (by === -1) return begins({ from: null, to: iso(Math.max(1, at)) });
  for (const reach of REACHES_MS) {
    const to = reach === null ? null : iso(at + reach);
    const found = (await begins({ from: iso(at), to })).filter((begin) => begin > at + SAME_MS);
    if (found.length) return found;
  }
  return [];
}

async function incidents({ site, device }: Device, range: Range): Promise<number[]> {
  const found = await get<Incidents>(url('/api/v1/incidents', { site, device, limit: MOST, ...range }));
  return found.incidents.map((one) => Date.parse(one.opened));
}

async function notes(devices: readonly Device[], site: string, range: Range): Promise<number[]> {
  const found = await get<Annotations>(url('/api/v1/annotations', { site, limit: MOST, ...range }));
  const shown = new Set(devices.map((device) => device.device));
  return found.annotations
    .filter((note) => !note.devices.length || note.devices.some((device) => shown.has(device)))
    .map((note) => Date.parse(note.start));
}

/** When the nearest event began after (`by` 1) or before (-1) a moment; null where there is none. */
export async function nearestEvent(devices: readonly Device[], at: number, by: 1 | -1): Promise<number | null> {
  const [first] = devices;
  if (!first) return null;
  const begins = await Promise.all([
    ...devices.map((device) => motions(device, at, by)),
    ...devices.map((device) => listed(at, by, (range) => incidents(device, range))),
    listed(at, by, (range) => notes(devices, first.site, range)),
  ]);
  const found = begins.flat().filter((begin) => (by === 1 ? begin > at + SAME_MS : begin < at - SAME_MS));
  if (!found.length) return null;
  return by === 1 ? Math.min(...found) : Math.max(...found);
}

/** Where playback opens: shortly before the newest event that was recorded, else near the end of the recording. */
export async function newestMoment(devices: readonly Device[]): Promise<number | null> {
  const ends = (await Promise.all(devices.map(recordedUntil))).flatMap((end) => end ?? []);
  if (!ends.length) return null;
  const end = Math.max(...ends);
  const found = (await Promise.all(devices.map((device) => motions(device, end, -1)))).flat();
  const motion = Math.max(...found.filter((begin) => begin < end - BEFORE_MS));
  return end - motion < DAY ? motion - BEFORE_MS : end - 10_000;
}

/** The end of the newest segment of a device; null where it never recorded one. */
async function recordedUntil({ site, device }: Device): Promise<number | null> {
  const segments = await get<Events>(url('/api/v1/events', { site, device, order: 'desc', limit: 1, type: 'segment' }));
  const newest = segments.events[0]?.event;
  return newest && is('segment', newest) ? Date.parse(newest.data.start) + newest.data.duration_s * 1000 : null;
}

// For how long devices were in which condition: the buckets of the gateway as lanes, columns and totals.

import type { Shares } from '../api/api';
import { DAY, HOUR } from '../format/time.ts';
import type { Window } from './zoom.ts';

/** As small as can be drawn, and never more buckets than the gateway counts. */
export function shareStep(reach: number): Shares['step'] {
  if (reach > 7 * DAY) return 'day';
  if (reach > DAY) return 'hour';
  return reach > 6 * HOUR ? 'quarter' : 'minute';
}

const STEP_MS: Record<Shares['step'], number> = { minute: 60_000, quarter: 900_000, hour: HOUR, day: DAY };

/** The window in whole buckets, so that one that moves a little asks for nothing new. */
export function sharedWindow({ from, to }: Window, step: Shares['step']): Window {
  const whole = Math.max(STEP_MS[step], STEP_MS.quarter);
  return { from: Math.floor(from / whole) * whole, to: Math.ceil(to / whole) * whole };
}

/** How a bucket, or the whole time, was: shares of its length, which make 1 together. */
export interface Share {
  ok: number;
  trouble: number;
  unknown: number;
  none: number;
}

export interface ShareBucket extends Share {
  from: number;
  to: number;
  worst: string | null;
  /** How bad the worst of it was; of buckets the higher one is worse. */
  rank: number;
}

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

function shareOf(counts: readonly number[], conditions: readonly string[]): Share {
  const total = sum(counts) || 1;
  const of = (name: string): number => (counts[conditions.indexOf(name)] ?? 0) / total;
  const [ok, unknown, none] = [of('ok'), of('unknown'), of('no_data')];
  return { ok, unknown, none, trouble: Math.max(0, sum(counts) / total - ok - unknown - none) };
}

const rankOf = (counts: readonly number[]): number => counts.findLastIndex((minutes) => minutes > 0);

type DeviceShares = Shares['devices'][number];

export function bucketsOf(device: DeviceShares, { edges, conditions }: Shares): ShareBucket[] {
  return device.minutes.map((counts, i) => ({
    from: Date.parse(edges[i] ?? ''),
    to: Date.parse(edges[i + 1] ?? ''),
    worst: device.worst[i] ?? null,
    rank: rankOf(counts),
    ...shareOf(counts, conditions),
  }));
}

/** All devices together; the worst type is that of the device that was worst. */
export function siteBuckets(shares: Shares): ShareBucket[] {
  const all = shares.devices.map((device) => bucketsOf(device, shares));
  return shares.edges.slice(0, -1).flatMap((_, i) => {
    const buckets = all.flatMap((device) => device[i] ?? []);
    const [first] = buckets;
    if (!first) return [];
    const worst = buckets.reduce((a, b) => (b.rank > a.rank || (b.rank === a.rank && b.trouble > a.trouble) ? b : a));
    const mean = (kind: keyof Share): number => sum(buckets.map((one) => one[kind])) / buckets.length;
    return {
      ...worst,
      ok: mean('ok'),
      trouble: mean('trouble'),
      unknown: mean('unknown'),
      none: mean('none'),
    };
  });
}

/** The whole time of a device, and the type that was worst at its worst. */
export function totalOf(device: DeviceShares, shares: Shares): Share & { worst: string | null } {
  const counts = shares.conditions.map((_, i) => sum(device.minutes.map((bucket) => bucket[i] ?? 0)));
  const worst = bucketsOf(device, shares).reduce<ShareBucket | null>(
    (a, b) => (b.worst && (!a || b.rank > a.rank || (b.rank === a.rank && b.trouble > a.trouble)) ? b : a),
    null,
  );
  return { ...shareOf(counts, shares.conditions), worst: worst?.worst ?? null };
}

/** Those with most trouble where there is no room for all, in the order of the page. */
export function lanesFor<D extends { device: string }>(
  devices: readonly D[],
  shares: Shares | null,
  most: number,
): D[] {
  if (devices.length <= most) return [...devices];
  const trouble = new Map(shares?.devices.map((device) => [device.device, totalOf(device, shares).trouble]));
  const worst = [...devices].sort((a, b) => (trouble.get(b.device) ?? 0) - (trouble.get(a.device) ?? 0));
  const chosen = new Set(worst.slice(0, most).map((device) => device.device));
  return devices.filter((device) => chosen.has(device.device));
}

export function bucketAt(buckets: readonly ShareBucket[], at: number): ShareBucket | null {
  return buckets.find(({ from, to }) => at >= from && at < to) ?? null;
}

/** A share for people: what is not none is never shown as nothing, and what is not all never as all. */
export function shareWord(share: number): string {
  if (share <= 0) return '0 %';
  if (share < 0.001) return '< 0.1 %';
  if (share > 0.999 && share < 1) return '> 99.9 %';
  return `${(share * 100).toFixed(share === 1 ? 0 : 1)} %`;
}

// What was recorded, and what lies between.

import { MINUTE, iso, recorded, type FakeDevice } from '../world.ts';
import type { Schemas } from './basics.ts';

/** What lies between the spans; the fake site knows no cause but a camera that is off. */
export function holes(d: FakeDevice, from: number, to: number): Schemas['Hole'][] {
  const found: Schemas['Hole'][] = [];
  let reached = from;
  const until = Math.min(to, Date.now());
  for (const span of [...spans(d, from, to), null]) {
    const start = span ? Date.parse(span.start) : until;
    if (start - reached > 1000)
      found.push({
        start: iso(reached),
        end: iso(start),
        duration_s: (start - reached) / 1000,
        open: span === null,
        cause: 'camera_off',
        since: iso(reached),
        data: { reason: 'connection refused' },
      });
    if (span) reached = Date.parse(span.end);
  }
  return found;
}

export function spans(d: FakeDevice, from: number, to: number): Schemas['Recording'][] {
  const step = MINUTE / 2;
  const found: { start: number; end: number }[] = [];
  for (let at = Math.ceil(from / step) * step; at < Math.min(to, Date.now()); at += step) {
    if (!recorded(d, at)) continue;
    const last = found.at(-1);
    if (last && last.end >= at) last.end = at + step;
    else found.push({ start: at, end: at + step });
  }
  return found.map((s, i) => ({
    start: iso(s.start),
    end: iso(s.end),
    duration_s: (s.end - s.start) / 1000,
    bytes: (s.end - s.start) * 96,
    segments: (s.end - s.start) / 4000,
    url: `/hls/${d.site}/${d.device}/range.m3u8?from=${iso(s.start)}&to=${iso(s.end)}`,
    gap_before_s: i ? (s.start - (found[i - 1]?.end ?? s.start)) / 1000 : 0,
  }));
}

// What the archive holds, and what will be deleted of it.

import { HOUR, devices, iso } from '../world.ts';
import { type Schemas, lastFrame } from './basics.ts';

export function storage(): Schemas['Storage'] {
  const kinds = { capture: [0.9, 3600], thumbnail: [0.3, 17_280], segment: [3.9, 21_600], thermal: [0.12, 8640] };
  return {
    cold: {
      name: 's3://evidence/head-office at https://s3.example.net',
      bytes: 812_000_000_000,
      waiting_bytes: 240_000_000,
      deleting: 0,
      within_reach: true,
    },
    total_bytes: 41_870_000_000,
    index_bytes: 31_000_000,
    disk: { percent: 85.3, used_gb: 198.4, free_gb: 34.2, total_gb: 232.6 },
    held: [],
    full_in_days: 12.4,
    checked: {
      ended: iso(Date.now() - 3 * 24 * HOUR),
      is_clean: true,
      detail: '412,000 media, 41,800,000,000 bytes: 398,400 in the archive, 13,600 dropped by retention',
    },
    devices: devices.map((d) => ({
      site: d.site,
      device: d.device,
      bytes: 4_100_000_000 + d.seed * 190_000_000,
      cold_bytes: 80_000_000_000 + d.seed * 900_000_000,
      files: 51_120,
      bytes_per_day: 4_100_000_000 + d.seed * 190_000_000,
      bytes_at_rest: 4_100_000_000 + d.seed * 190_000_000,
      full_in_days: d.seed % 3 ? null : 12.4,
      kinds: Object.fromEntries(
        Object.entries(kinds)
          .filter(([kind]) => kind !== 'thermal' || d.thermal)
          .map(([kind, [gb = 0, files = 0]]) => [
            kind,
            {
              bytes: Math.round(gb * 1e9 * (1 + d.seed / 20)),
              cold_bytes: kind === 'capture' ? 0 : Math.round(gb * 20e9 * (1 + d.seed / 20)),
              files,
              oldest: iso(Date.now() - (kind === 'capture' ? HOUR : 24 * HOUR)),
              newest: iso(lastFrame(d)),
            },
          ]),
      ),
    })),
    retention: [
      { kind: 'capture', hours: 1 },
      { kind: 'thumbnail', hours: 24 },
      { kind: 'segment', hours: 24 },
      { kind: 'thermal', hours: 24 },
      { kind: 'recording', hours: 168 },
    ],
  };
}

export function retentionPlan(now: number): Schemas['RetentionPlan'] {
  const sums = devices.map((d) => ({
    site: d.site,
    device: d.device,
    kind: 'segment',
    first_goes: iso(now + HOUR),
    files: 360,
    bytes: 90_000_000 + d.seed * 1_000_000,
  }));
  return {
    deletions: sums.map(({ first_goes, ...one }) => ({
      ...one,
      rule: 'segment: kept for 24 h',
      start: iso(now - 24 * HOUR),
      end: iso(now - 23 * HOUR),
      goes: first_goes,
      held_by: [],
    })),
    sums,
    files: sums.reduce((total, one) => total + one.files, 0),
    bytes: sums.reduce((total, one) => total + one.bytes, 0),
  };
}

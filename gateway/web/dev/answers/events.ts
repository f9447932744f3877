// Events of the played journal, and the settings of devices.

import { shortType } from '../../src/api/api.ts';
import { MINUTE, devices, iso, objectsAt, peopleAt, regions, rois, started, type FakeDevice } from '../world.ts';
import { type Schemas, position, lastFrame } from './basics.ts';

export const settings = {
  motion: { sensitivity: 25, min_area: 500, confirm_s: 0.3, quiet_s: 3, cool_down_s: 0 },
  event_classes: [
    {
      name: 'person',
      min_size: 0,
      max_size: 60,
      min_ratio: 0,
      max_ratio: 1,
      min_duration_s: 1,
      max_duration_s: 86_400,
      min_turns: 0,
      max_turns: 100,
      hours: [],
    },
  ],
  picture: {
    black_percentage: 95,
    black_top: 0,
    black_bottom: 100,
    freeze_seconds: 2,
    corrupt_percentage: 18,
    macroblock_percentage: 4,
  },
  thermography: {
    hot_spot_c: 80,
    composite: 'weighted_average',
    hot_spot_connectivity: '4',
    hot_spot_min_area: 1,
    filtered: true,
    temporal_filter: true,
    spatial_filter: true,
    bad_pixel_filter: true,
    bad_pixel_offset_c: 5,
    broken_pixels: [[12, 7]],
    max_bad_pixels: 16,
    chessboard_c: 2,
    ambient_c: null,
    reflected_c: 25,
    emissivity_formula: 'radiation',
  },
};

export const zones = [
  {
    name: 'Ramp',
    points: [
      [0.1, 0.55],
      [0.45, 0.5],
      [0.5, 0.9],
      [0.08, 0.95],
    ],
    restricted: true,
    max_people: null,
  },
];

export const eventOf = (
  id: string,
  source: string,
  kind: string,
  at: number,
  data: Record<string, unknown>,
): Schemas['RecordedEvent']['event'] => ({
  specversion: '1.0',
  id,
  source,
  type: `watchpost.${kind}.v1`,
  time: iso(at),
  datacontenttype: 'application/json',
  epoch: null,
  sequence: null,
  data,
});

export function events(q: URLSearchParams): Schemas['Events'] {
  const limit = Number(q.get('limit') ?? 50);
  const to = Math.min(Date.parse(q.get('to') ?? '') || Date.now(), Date.now());
  const wanted =
    q
      .get('type')
      ?.split(',')
      .map((type) => shortType(type)) ?? [];
  if (wanted[0] === 'gap' && wanted.length === 1) {
    const at = started - 886 * MINUTE;
    const gap = eventOf('gap-1', '/sites/DEMO/devices/yard', 'gap', at, {
      first: 1,
      last: 9,
      count: 9,
      cause: 'the hub was off',
    });
    return { events: [{ position: 1, received: iso(at), event: gap }], next: null, head: position() };
  }
  const chosen = devices.filter(
    (d) => (!q.get('site') || d.site === q.get('site')) && (!q.get('device') || d.device === q.get('device')),
  );
  const all = chosen.flatMap((d) =>
    Array.from({ length: limit }, (_, i) => {
      const at = Math.min(to, lastFrame(d)) - 1500 - i * 4200 * (1 + (d.seed % 3));
      const usual = ['detection', 'frame', 'motion', d.thermal ? 'thermal' : 'detection', 'segment', 'health'];
      const kinds = wanted.length ? [...usual, 'settings', 'sensor'].filter((type) => wanted.includes(type)) : usual;
      const kind = kinds[i % kinds.length] ?? 'frame';
      return {
        position: position() - Math.round((Date.now() - at) / 400),
        received: iso(at + 60),
        event: eventOf(
          `0197c-${d.device}-${at}`,
          `/sites/${d.site}/devices/${d.device}`,
          kind,
          at,
          eventData(kind, d, at),
        ),
      };
    }),
  );
  all.sort((a, b) => b.position - a.position);
  return { events: all.slice(0, limit), next: null, head: position() };
}

export const settingsOf = (d: FakeDevice) => ({
  ...settings,
  rois: d.thermal ? rois : [],
  zones: d.device === 'yard' ? zones : [],
});

export function eventData(kind: string, d: FakeDevice, at: number): Record<string, unknown> {
  if (kind === 'settings') return { settings: settingsOf(d), by: 'Mara' };
  if (kind === 'detection')
    return {
      people_count: peopleAt(d, at),
      event_triggers: peopleAt(d, at) > 5 ? ['CROWD_VIOLATION'] : [],
      objects: objectsAt(d, at),
      media: [],
    };
  if (kind === 'motion') return { phase: 'start', boxes: [[0.2, 0.4, 0.1, 0.2]] };
  if (kind === 'thermal')
    return {
      frame_stats: { max_temp: 96.4, min_temp: 23.8, avg_temp: 36.1 },
      composite_temperature: 84.6,
      sensor_temp: 31.2,
      regions: regions(at),
      hot_spots: [{ center: [20, 6], max_temp: 96.4, avg_temp: 83.3, area: 9 }],
    };
  if (kind === 'sensor')
    return {
      faults: [{ fault: 'sensor_chessboard', since: iso(at), value: 3.4, limit: 2 }],
      masked: [{ pixel: [31, 23], fault: 'stuck', temp: 110 }],
      masked_count: 1,
    };
  if (kind === 'segment') return { duration_s: 4, bytes: 412_000 };
  if (kind === 'health') return { status: d.status, reason: d.reason };
  return { blackscreen_percentage: 3.2, freeze: d.status === 'degraded', mean_volume_db: -41.3 };
}

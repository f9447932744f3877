// The world that the played gateway answers about: two sites, their devices, and a day with troubles in it.

import type { DetectedObject, Region } from '../src/api/contract.ts';
import type { components } from '../src/api/http.gen.ts';
import { scene, thermalField, walkersAt, type Raster } from './raster.ts';

type Schemas = components['schemas'];

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const started = Math.floor(Date.now() / 1000) * 1000;
export const iso = (ms: number): string => new Date(ms).toISOString();

export interface FakeDevice {
  site: string;
  device: string;
  name: string;
  seed: number;
  thermal: boolean;
  people: number;
  status: string;
  reason: string | null;
  /** Milliseconds before the start at which pictures stopped; null where they still come. */
  lostFor: number | null;
}

export const sites: Pick<Schemas['Site'], 'site' | 'name' | 'time_zone'>[] = [
  { site: 'DEMO', name: 'Demo yard', time_zone: 'Europe/Berlin' },
  { site: 'HEAD_OFFICE', name: 'Head office', time_zone: 'Asia/Kolkata' },
  { site: 'NEW', name: 'New depot', time_zone: 'America/New_York' },
];

const device = (site: string, id: string, name: string, seed: number, more: Partial<FakeDevice> = {}): FakeDevice => ({
  site,
  device: id,
  name,
  seed,
  thermal: false,
  people: seed % 4,
  status: 'healthy',
  reason: null,
  lostFor: null,
  ...more,
});

export const devices: FakeDevice[] = [
  device('DEMO', 'dock', 'Loading dock', 3, {
    status: 'offline',
    reason: 'The node’s last will arrived',
    lostFor: 26 * MINUTE,
  }),
  device('DEMO', 'gate', 'North gate', 1, { status: 'degraded', reason: 'Picture frozen', people: 2 }),
  device('DEMO', 'transformer', 'Transformer T1', 4, { thermal: true, people: 1 }),
  device('DEMO', 'warehouse', 'Warehouse aisle', 2, { people: 3 }),
  device('DEMO', 'yard', 'Yard', 5, { people: 4 }),
  device('HEAD_OFFICE', 'BOSS_CABIN', 'Boss Cabin', 6, { people: 1 }),
  device('HEAD_OFFICE', 'CAFETERIA', 'Cafeteria', 7, { people: 2 }),
  device('HEAD_OFFICE', 'EMPLOYEE_AREA', 'Employee Area', 8, { people: 6 }),
  device('HEAD_OFFICE', 'RECEPTION_AREA', 'Reception Area', 9, { people: 3 }),
];

/** A site with so many devices more, for walls that are full: `WATCHPOST_FAKE_DEVICES=200`. */
const many = Number(process.env['WATCHPOST_FAKE_DEVICES'] ?? 0);
if (many > 0) {
  sites.push({ site: 'MANY', name: 'Large site', time_zone: 'Europe/Berlin' });
  for (let i = 1; i <= many; i += 1)
    devices.push(
      device('MANY', `cam-${i}`, `Hall ${Math.ceil(i / 10)}, camera ${i}`, i % 40, {
        people: i % 4,
        ...(i % 37 === 0 ? { lostFor: i * MINUTE } : {}),
      }),
    );
}

export const find = (site: string, id: string): FakeDevice | undefined =>
  devices.find((d) => d.site === site && d.device === id);

export interface FakeIncident {
  id: string;
  site: string;
  device: string;
  type: string;
  opened: number;
  closed: number | null;
  details: Record<string, unknown>;
}

const trouble = (
  id: string,
  dev: string,
  type: string,
  from: number,
  to: number | null,
  details = {},
): FakeIncident => ({
  id,
  site: 'DEMO',
  device: dev,
  type,
  opened: started - from * MINUTE,
  closed: to === null ? null : started - to * MINUTE,
  details,
});

export const incidents: FakeIncident[] = [
  trouble('inc-9', 'gate', 'freeze', 7, null, { freeze_diffs: [0.4, 0.3, 0.4], share: 0.93 }),
  trouble('inc-8', 'dock', 'offline', 26, null, { reason: 'last will' }),
  trouble('inc-7', 'transformer', 'hot_spot', 18, null, { roi: 'top_winding', max_temp: 96.4, threshold: 90 }),
  trouble('inc-6', 'warehouse', 'blackscreen', 190, 171, { blackscreen_percentage: 98.2 }),
  trouble('inc-5', 'yard', 'audio_loss', 410, 352, { mean_volume_db: -91 }),
  trouble('inc-4', 'gate', 'freeze', 655, 648, {}),
  trouble('inc-3', 'transformer', 'hot_spot', 820, 760, { roi: 'top_winding', max_temp: 91.2, threshold: 90 }),
  trouble('inc-2', 'dock', 'offline', 1121, 1102, { reason: 'network' }),
  trouble('inc-1', 'yard', 'blackscreen', 1300, 1296, { blackscreen_percentage: 96.1 }),
];

export const openAt = (ms: number, site: string, id?: string): FakeIncident[] =>
  incidents.filter(
    (i) => i.site === site && (!id || i.device === id) && i.opened <= ms && (i.closed === null || i.closed > ms),
  );

/** No frames: the hub was off between 15 h 10 and 14 h 45 ago, the dock since it went offline. */
export function recorded(d: FakeDevice, ms: number): boolean {
  const before = started - ms;
  if (before > 885 * MINUTE && before < 910 * MINUTE) return false;
  return d.lostFor === null || before > d.lostFor;
}

export function peopleAt(d: FakeDevice, ms: number): number {
  const hour = new Date(ms).getUTCHours();
  const busy = hour > 5 && hour < 19 ? 1 : 0.6;
  return Math.max(0, Math.round(d.people * busy * (1 + 0.6 * Math.sin(ms / 1_700_000 + d.seed))));
}

export function picture(d: FakeDevice, ms: number, width: number, height: number): Raster {
  const frozen = openAt(ms, d.site, d.device).find((i) => i.type === 'freeze');
  const black = openAt(ms, d.site, d.device).some((i) => i.type === 'blackscreen');
  const seen = scene(d.seed, frozen ? frozen.opened : ms, peopleAt(d, frozen ? frozen.opened : ms), width, height);
  if (black) seen.data.fill(8);
  return seen;
}

const plain = {
  reflected_c: null,
  group: null,
  polygon: null,
  limits: { rise_c_per_minute: null, above_group_c: null, above_ambient_c: null },
};
export const rois: Schemas['Roi'][] = [
  {
    name: 'full_frame',
    enabled: true,
    coordinates: [
      [0, 0],
      [32, 24],
    ],
    weight: 1,
    emissivity: 0.95,
    thresholds: { warning: 75, critical: 85, emergency: 95 },
    visual_coordinates: null,
    ...plain,
  },
  {
    name: 'top_winding',
    enabled: true,
    coordinates: [
      [8, 0],
      [24, 8],
    ],
    weight: 1.5,
    emissivity: 0.95,
    thresholds: { warning: 80, critical: 90, emergency: 100 },
    visual_coordinates: null,
    ...plain,
  },
  {
    name: 'middle_core',
    enabled: true,
    coordinates: [
      [8, 8],
      [24, 16],
    ],
    weight: 1.2,
    emissivity: 0.8,
    thresholds: { warning: 75, critical: 85, emergency: 95 },
    visual_coordinates: null,
    ...plain,
  },
  {
    name: 'bottom_oil',
    enabled: true,
    coordinates: [
      [8, 16],
      [24, 24],
    ],
    weight: 1,
    emissivity: 0.95,
    thresholds: { warning: 70, critical: 80, emergency: 90 },
    visual_coordinates: null,
    ...plain,
  },
];

export function regions(ms: number): Region[] {
  const field = thermalField(ms);
  return rois.map((roi) => {
    const [[x1 = 0, y1 = 0] = [], [x2 = 32, y2 = 24] = []] = roi.coordinates;
    const inside = field.filter(
      (_, i) => i % 32 >= x1 && i % 32 < x2 && Math.floor(i / 32) >= y1 && Math.floor(i / 32) < y2,
    );
    const max = Math.max(...inside);
    const { warning, critical, emergency } = roi.thresholds;
    const level = max >= emergency ? 'emergency' : max >= critical ? 'critical' : max >= warning ? 'warning' : 'normal';
    return {
      name: roi.name,
      max_temp: max,
      min_temp: Math.min(...inside),
      avg_temp: inside.reduce((a, b) => a + b, 0) / inside.length,
      median_temp: max,
      std_dev: 4.2,
      pixel_count: inside.length,
      alert_level: level,
    };
  });
}

export function objectsAt(d: FakeDevice, ms: number): DetectedObject[] {
  return walkersAt(d.seed, ms, peopleAt(d, ms))
    .filter((w) => w.x > 0.04 && w.x < 0.96)
    .map((w, i) => ({
      label: 'person',
      score: 0.95 - i * 0.06,
      box: [w.x - 0.028, w.y - w.h * 0.84, 0.056, w.h * 0.96],
    }));
}

const alertsOf: Record<string, [string, Schemas['Alert']['level'], string]> = {
  freeze: ['freeze', 'error', 'The picture has been frozen'],
  offline: ['device_offline', 'critical', 'Nothing received for 30 s'],
  hot_spot: ['hot_spot', 'critical', 'top_winding is above its critical threshold'],
  blackscreen: ['blackscreen', 'error', 'The picture is black'],
  audio_loss: ['audio_loss', 'warning', 'No sound'],
};

const acknowledged = new Map<string, Schemas['Acknowledgement']>();

/** What people read of a place, as the gateway says it beside the ids. */
export function named(site: string, id: string): { site_name: string; time_zone: string; device_name: string } {
  const of = sites.find((s) => s.site === site);
  return {
    site_name: of?.name ?? site,
    time_zone: of?.time_zone ?? 'UTC',
    device_name: id === '_hub' ? 'Hub' : (devices.find((d) => d.site === site && d.device === id)?.name ?? id),
  };
}

function lasted(
  opened: number,
  closed: number | null,
  now: number,
): Pick<Schemas['Alert'], 'since' | 'until' | 'duration_s'> {
  const until = closed !== null && closed <= now ? closed : null;
  return {
    since: iso(opened),
    until: until === null ? null : iso(until),
    duration_s: ((until ?? now) - opened) / 1000,
  };
}

export function alerts(now = Date.now()): Schemas['Alert'][] {
  const until = (ms: number | null): string | null => (ms !== null && ms <= now ? iso(ms) : null);
  const of = incidents
    .filter((i) => i.opened + 4000 <= now)
    .map((i): Schemas['Alert'] => {
      const [type, level, message] = alertsOf[i.type] ?? ['other', 'info', i.type];
      const id = `alert-${i.id}`;
      return {
        id,
        type,
        level,
        message,
        site: i.site,
        device: i.device,
        ...named(i.site, i.device),
        state: until(i.closed) === null ? 'open' : 'closed',
        raised: iso(i.opened + 4000),
        cleared: until(i.closed),
        ...lasted(i.opened, i.closed, now),
        acknowledged:
          acknowledged.get(id) ??
          (i.id === 'inc-5' && until(i.opened + 90_000)
            ? { by: 'Mara', time: iso(i.opened + 90_000), comment: 'The cable was loose' }
            : null),
        details: i.details,
        cleared_message: null,
        incident: i.id,
        media: i.type === 'offline' ? [] : [`DEMO/${i.device}/thumbnail/${i.opened}`],
      };
    });
  const storage: Schemas['Alert'] = {
    id: 'alert-storage',
    type: 'storage_low',
    level: 'warning',
    message: 'The disk is 85 % full',
    site: 'DEMO',
    device: '_hub',
    ...named('DEMO', '_hub'),
    state: 'open',
    raised: iso(started - 48 * MINUTE),
    cleared: null,
    cleared_message: null,
    ...lasted(started - 48 * MINUTE, null, now),
    acknowledged: acknowledged.get('alert-storage') ?? null,
    details: { percent: 85.3 },
    incident: null,
    media: [],
  };
  return [...of, ...(started - 48 * MINUTE <= now ? [storage] : [])].sort((a, b) => (a.raised < b.raised ? 1 : -1));
}

export function acknowledge(id: string, by: string, comment: string | null): void {
  acknowledged.set(id, { by, time: iso(Date.now()), comment });
}

export const unacknowledge = (id: string): void => void acknowledged.delete(id);

// The JSON that the played gateway answers with, by path.

import type { components } from '../src/api/http.gen.ts';
import { shortType } from '../src/api/api.ts';
import { encodeStates, type MinuteState } from '../src/state/timeline.ts';
import { dateIn, dayBounds, isDate, partsIn } from '../src/format/time.ts';
import {
  HOUR,
  MINUTE,
  alerts,
  devices,
  find,
  incidents,
  iso,
  named,
  objectsAt,
  openAt,
  peopleAt,
  recorded,
  regions,
  rois,
  sites,
  started,
  type FakeDevice,
  type FakeIncident,
} from './world.ts';
import { rules, trial, trials } from './trials.ts';

type Schemas = components['schemas'];

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly extra: Record<string, unknown> = {},
  ) {
    super(title);
  }
}

export const position = (): number => 918_000 + Math.floor((Date.now() - started) / 400);
const classes = ['no_data', 'ok', 'incident', 'unknown'];
const newest = (): number => Math.floor(Date.now() / MINUTE) - 1;
const settings = {
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
const zones = [
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
const asOf = (q: URLSearchParams): number => Date.parse(q.get('as_of') ?? '') || Date.now();

type Level = 'warning' | 'error' | 'critical';
const levelOf = (type: string): Level => (type === 'hot_spot' ? 'critical' : type === 'offline' ? 'error' : 'warning');
const ranks = ['unknown', 'ok', 'warning', 'error', 'offline', 'critical'] as const;

/** The worst of what was open, as the gateway has it. */
function conditionAt(d: FakeDevice, at: number): { condition: Schemas['Device']['condition']; types: string[] } {
  const types = openAt(at, d.site, d.device).map((i) => i.type);
  const found = types.map((type) => (type === 'offline' ? ('offline' as const) : levelOf(type)));
  return {
    condition: found.sort((a, b) => ranks.indexOf(b) - ranks.indexOf(a))[0] ?? (recorded(d, at) ? 'ok' : 'unknown'),
    types,
  };
}

/** What was said of each incident. */
const reviews = new Map<string, Schemas['IncidentReview']>();
type Action = Schemas['ReviewEntry']['action'];

export function review(body: Record<string, unknown>): Schemas['Reviews'] {
  const [by, comment] = [String(body['by']), typeof body['comment'] === 'string' ? body['comment'] : null];
  const [action, ids] = [body['action'] as Action, body['incidents'] as string[]];
  const at = iso(Date.now());
  const entry = { id: `review-${at}`, action, by, at, comment, assignee: null, undone_by: null };
  const said = incidents.filter((i) => ids.includes(i.id));
  for (const one of said) {
    const before = incident(one).review;
    const state = action === 'reviewed' || action === 'discarded' ? action : before.state;
    reviews.set(one.id, { ...before, state, by, at, reason: comment, entries: [...before.entries, entry] });
  }
  return { reviews: [entry.id], incidents: said.map((one) => incident(one)) };
}

function incidentReason(id: string): Schemas['IncidentReason'] {
  const found = incidents.find((one) => one.id === id);
  if (!found) throw new Refused(404, `There is no incident ${id}`);
  const picture = (part: 'first' | 'last' | 'decided', at: number): Schemas['Picture'] => ({
    part,
    time: iso(at),
    url: `/media/${found.site}/${found.device}/thumbnail/${at}`,
  });
  return {
    now: null,
    incident: incident(found),
    rule: { name: found.type, version: 1, text: 'Opened when 80 % of the frames of 30 s show it.' },
    events: [],
    pictures: [picture('first', found.opened), picture('decided', found.opened + 30_000)],
    alert: null,
  };
}

const mutes = (): Schemas['Mutes'] => ({
  mutes: [
    {
      id: 'mute-1',
      site: 'DEMO',
      devices: ['yard'],
      types: ['freeze'],
      start: iso(started),
      end: iso(started + 3_600_000),
      reason: 'The lens is cleaned',
      by: 'Mara',
      at: iso(started),
      ended_by: null,
      ended: null,
      over: false,
      withheld: 2,
    },
  ],
});

function incidentFigures(now: number): Schemas['IncidentFigures'] {
  const open = incidents.filter((i) => i.opened <= now && (i.closed === null || i.closed > now)).length;
  return {
    open,
    closed: incidents.length - open,
    not_reviewed: incidents.length - reviews.size,
    without_alert: 0,
    this_week: incidents.length,
    most_common: { type: 'freeze', count: 2 },
  };
}

function incident(i: FakeIncident, now = Date.now()): Schemas['Incident'] {
  const closed = i.closed !== null && i.closed <= now ? i.closed : null;
  return {
    ...i,
    ...named(i.site, i.device),
    state: closed === null ? 'open' : 'closed',
    opened: iso(i.opened),
    closed: closed === null ? null : iso(closed),
    duration_s: ((closed ?? now) - i.opened) / 1000,
    level: levelOf(i.type),
    priority: ['blackscreen', 'freeze', 'corrupt_rows', 'macroblocks', 'audio_loss'].indexOf(i.type) + 1 || null,
    under: null,
    suppressed: null,
    mute_id: null,
    review: reviews.get(i.id) ?? { state: 'open', by: null, at: null, reason: null, assignee: null, entries: [] },
    rule: i.type,
    rule_version: 1,
    causes: [],
    media: [],
  };
}

function lastFrame(d: FakeDevice, now = Date.now()): number {
  return d.lostFor === null ? now - 200 : Math.min(now - 200, started - d.lostFor);
}

const lostBy = (d: FakeDevice, now: number): boolean => d.lostFor !== null && now > started - d.lostFor;

/** The trouble that a device is in follows from its incidents. */
function statusAt(d: FakeDevice, now: number): Pick<Schemas['Device'], 'status' | 'reason'> {
  const open = openAt(now, d.site, d.device).map((i) => i.type);
  if (lostBy(d, now) || open.includes('offline')) return { status: 'offline', reason: d.reason };
  return open.includes('freeze')
    ? { status: 'degraded', reason: 'Picture frozen' }
    : { status: 'healthy', reason: null };
}

function lastEvent(d: FakeDevice, at: number): Schemas['LastEvent'] {
  const time = Math.min(at, lastFrame(d, at)) - 1500;
  const n = peopleAt(d, time);
  return { type: 'detection', time: iso(time), position: position(), data: { people_count: n, event_triggers: [] } };
}

function deviceAnswer(d: FakeDevice, now = Date.now()): Schemas['Device'] {
  return {
    site: d.site,
    device: d.device,
    name: d.name,
    kinds: d.thermal ? ['visual', 'thermal'] : ['visual'],
    online: !lostBy(d, now),
    ...statusAt(d, now),
    ...conditionAt(d, now),
    since: null,
    last_event: lastEvent(d, now),
    last_frame: iso(lastFrame(d, now)),
    stream_info: {
      fps: 10,
      width: 960,
      height: 540,
      analysis_fps: 5,
      codec: 'h264',
      bits_per_s: 1_200_000,
      clock_error_s: null,
    },
    incidents: openAt(now, d.site, d.device).map((i) => incident(i, now)),
    has: { hls: true, thermal: d.thermal, fusion: d.thermal },
    zones: d.device === 'yard' ? zones.map((zone) => zone.name) : [],
    snapshot: `/api/v1/sites/${d.site}/devices/${d.device}/snapshot.jpg`,
    registered: true,
    retired: false,
    expects: 'frames',
    silent_after_s: 0,
  };
}

function agentOf(d: FakeDevice, now: number): Schemas['AgentReport'] {
  return {
    node: `agent-${d.site}`,
    time: iso(now - 3000),
    uptime_s: 90_000,
    system: {
      cpu_percent: 31.4,
      memory_percent: 44,
      disk_percent: 71.2,
      disk_free_bytes: 9_663_676_416,
      temperature: 52.1,
      uptime_seconds: 180_000,
    },
    clock_synchronised: true,
    process: { cpu_percent: 28.3, memory_bytes: 168_000_000, threads: 19 },
    link: {
      messages: 41_200,
      messages_failed: 0,
      bytes_sent: 912_000_000,
      bytes_saved: 14_200_000,
      reconnects: 2,
      retries: 3,
      events_resent: 12,
      round_trip_ms: 41.5,
      durable_ms: 66,
      pictures: 'all',
    },
    networks: [{ name: 'wlan0', is_up: true, is_used: true, signal_dbm: -61, speed_mbit: null }],
    outbox_rows: 4,
    outbox_bytes: 21_000,
  };
}

function agents(now: number): Schemas['Agents'] {
  const sites = [...new Set(devices.map((d) => d.site))];
  return {
    agents: sites.flatMap((site) => {
      const here = devices.filter((d) => d.site === site);
      return here[0] ? [{ ...agentOf(here[0], now), site, devices: here.map((d) => d.device) }] : [];
    }),
  };
}

function health(d: FakeDevice, now = Date.now()): Schemas['FullHealth'] {
  const last = lastFrame(d, now);
  return {
    camera_name: d.name,
    camera_id: d.device,
    site: d.site,
    device: d.device,
    ...statusAt(d, now),
    ...conditionAt(d, now),
    is_recording: !lostBy(d, now),
    stream_info: { fps: 10, width: 960, height: 540, analysis_fps: 5, codec: 'h264', clock_error_s: null },
    health_metrics: {
      last_frame_time: iso(last),
      time_since_last_frame_seconds: Math.round((now - last) / 10) / 100,
      last_connection_attempt: iso(started - 9 * HOUR),
      last_successful_connection: iso(started - 9 * HOUR + 900),
      total_reconnects: d.seed % 3,
      consecutive_failures: lostBy(d, now) ? 14 : 0,
      expects: 'frames',
      has_worked: true,
      silent_since: lostBy(d, now) ? iso(last) : null,
    },
    recording_info: { current_segment_start: iso(Math.floor(last / 4000) * 4000), current_segment_path: null },
    sensors: ['visual', 'thermal'].map((kind) => ({
      kind,
      status: kind === 'visual' || d.thermal ? ('healthy' as const) : ('degraded' as const),
      reason: kind === 'visual' || d.thermal ? null : 'no answer of the sensor',
      consecutive_failures: 0,
      total_reconnects: 0,
      last_frame_time: iso(last),
      restarts: kind === 'visual' || d.thermal ? 0 : 1,
    })),
    agent: agentOf(d, now),
    captured: {
      motion_events: 12,
      recordings: 860,
      snapshots: 3,
      recorded_s: 8600,
      last_motion: iso(last),
      buffer_bytes: 0,
    },
  };
}

function stateAt(site: string, ms: number): MinuteState {
  const here = devices.filter((d) => d.site === site);
  if (!here.length || !here.some((d) => recorded(d, ms))) return 'no_data';
  if (incidents.some((i) => i.site === site && i.opened < ms + MINUTE && (i.closed ?? Infinity) > ms))
    return 'incident';
  const before = started - ms;
  return before > 500 * MINUTE && before < 506 * MINUTE ? 'unknown' : 'ok';
}

function timeline(site: string): Schemas['Timeline'] {
  const last = newest();
  const states = Array.from({ length: 1440 }, (_, i) => stateAt(site, (last - 1439 + i) * MINUTE));
  return {
    site,
    from: iso((last - 1439) * MINUTE),
    to: iso((last + 1) * MINUTE),
    newest: last,
    classes,
    states: encodeStates(states, classes),
    revisions: states.map((_, i) => 'AB'[i % 2]).join(''),
    drawn: last,
    incidents: incidents
      .filter((i) => i.site === site && (i.closed ?? started) > (last - 1439) * MINUTE)
      .map((i) => {
        const first = Math.max(0, Math.floor(i.opened / MINUTE) - last + 1439);
        const end = Math.floor((i.closed ?? started) / MINUTE) - last + 1440;
        const condition = i.type === 'offline' ? ('offline' as const) : levelOf(i.type);
        return { first, minutes: Math.max(1, end - first), condition, types: [i.type] };
      })
      .sort((a, b) => a.first - b.first),
  };
}

function pastTiles(site: string): Schemas['PastTiles'] {
  const first = Math.floor((newest() - 30 * 1440) / 10) * 10;
  return { site, every_minutes: 10, series: [{ first, count: 29 * 144 }] };
}

const STEPS = { minute: MINUTE, quarter: 15 * MINUTE, hour: HOUR, day: 24 * HOUR };
const SAMPLES = 10;

/** Each bucket by a few moments of it. */
export function shares(site: string, q: URLSearchParams, now: number): Schemas['ConditionShares'] {
  const step = (q.get('step') ?? 'hour') as keyof typeof STEPS;
  const [from, to] = [Date.parse(q.get('from') ?? ''), Math.min(now, Date.parse(q.get('to') ?? ''))];
  const edges: number[] = [];
  for (let at = from; at < to; at += STEPS[step]) edges.push(at);
  const conditions = ['no_data', 'unknown', 'ok', 'warning', 'error', 'offline', 'critical'];
  return {
    site,
    step,
    conditions,
    edges: [...edges, to].map(iso),
    devices: devices
      .filter((d) => d.site === site)
      .map((d) => ({
        device: d.device,
        minutes: edges.map((at) => {
          const counts = conditions.map(() => 0);
          for (let i = 0; i < SAMPLES; i += 1) {
            const found = conditionAt(d, at + (i * STEPS[step]) / SAMPLES).condition;
            const place = conditions.indexOf(found);
            counts[place] = (counts[place] ?? 0) + STEPS[step] / SAMPLES / MINUTE;
          }
          return counts;
        }),
        worst: edges.map((at) => openAt(at + STEPS[step] / 2, site, d.device)[0]?.type ?? null),
      })),
  };
}

export function tile(site: string, minute: number): Schemas['TileJson'] {
  const here = devices.filter((d) => d.site === site);
  const columns = here.length > 4 ? 3 : 2;
  const at = minute * MINUTE;
  const stateOf = (d: FakeDevice): string =>
    !recorded(d, at) ? 'unknown' : openAt(at, site, d.device).some((x) => x.type !== 'hot_spot') ? 'incident' : 'ok';
  const analysed = here.map((d, i) => {
    const open = openAt(at, site, d.device).map((i) => i.type);
    return {
      host_name: site,
      device_id: d.device,
      device_name: d.name,
      sequence: i,
      state: stateOf(d),
      ...conditionAt(d, at),
      image_url: `/media/${site}/${d.device}/thumbnail/${at}`,
      status: recorded(d, at) ? ('active' as const) : ('missing' as const),
      is_placeholder: !recorded(d, at),
      analysis_json: {
        audio: !open.includes('audio_loss') && recorded(d, at),
        blackscreen: open.includes('blackscreen'),
        blackscreen_percentage: open.includes('blackscreen') ? 97.4 : 3.1 + d.seed,
        freeze: open.includes('freeze'),
        volume_percentage: recorded(d, at) ? 20 + d.seed * 4 : 0,
        mean_volume_db: recorded(d, at) ? -38.2 - d.seed : -100,
        freeze_diffs: open.includes('freeze') ? [0.4, 0.3, 0.4] : [4.1, 3.9, 5.2],
        last_3_filenames: [`${at - 400}`, `${at - 200}`, `${at}`],
        last_3_thumbnails: [],
        timestamp: iso(at),
        filename: `${at}`,
        quality_score: 4,
        blackscreen_threshold: 95,
        blackscreen_region: [0, 100] as [number, number],
        zap: false,
        has_bottom_content: null,
        bottom_edge_density: null,
        freeze_threshold: 0.4,
        freeze_comparisons: [],
        corrupt_rows: open.includes('corrupt_rows'),
        identical_rows: open.includes('corrupt_rows') ? 44.7 : 0,
        identical_rows_threshold: 18,
        macroblocks: open.includes('macroblocks'),
        block_percentage: open.includes('macroblocks') ? 13.1 : 0.4,
        block_threshold: 4,
        false_colour_percentage: 0,
        audio_at: recorded(d, at) ? iso(at) : null,
        analyzed: true,
        skip_reason: null,
        performance_ms: 0.2,
      },
    };
  });
  const placed = (of: readonly FakeDevice[]): Schemas['Cells'] => ({
    width: columns * 248,
    height: Math.ceil(of.length / columns) * 143,
    bytes: of.length ? of.length * 9000 : null,
    quality: of.length ? 78 : null,
    cells: of.map((d, i) => ({
      device: d.device,
      x: (i % columns) * 248,
      y: Math.floor(i / columns) * 143,
      w: 248,
      h: 143,
      state: stateOf(d),
    })),
  });
  const worst = [...analysed].sort((a, b) => ranks.indexOf(b.condition) - ranks.indexOf(a.condition))[0];
  const bad = here.filter((d) => stateOf(d) === 'incident');
  return {
    time_key: `${new Date(at).toISOString().slice(11, 13)}${new Date(at).toISOString().slice(14, 16)}`,
    timestamp: iso(at),
    minute,
    site,
    revision: 0,
    state: stateAt(site, at),
    devices: analysed,
    condition: worst?.condition ?? 'unknown',
    types: [...new Set(analysed.flatMap((one) => one.types))],
    unknown_count: here.filter((d) => stateOf(d) === 'unknown').length,
    byte_budget: 100_000,
    hosts_count: here.length,
    incidents_count: bad.length,
    ...placed(here),
    ok: placed(here.filter((d) => stateOf(d) === 'ok')),
    ko: placed(bad),
  };
}

function dashboard(site: string, date: string | null): Schemas['Dashboard'] {
  const zone = sites.find((s) => s.site === site)?.time_zone ?? 'UTC';
  const day = date ?? dateIn(Date.now(), zone);
  if (!isDate(day)) throw new Refused(400, `“${day}” is not a date of the form YYYY-MM-DD`);
  const { from, to } = dayBounds(day, zone);
  const here = devices.filter((d) => d.site === site);
  const word = (n: number): string => (n >= 7 ? 'high' : n >= 4 ? 'medium' : 'low');
  const zones: Schemas['Dashboard']['zones'] = {};
  const hours = new Map<number, number>();
  if (from < Date.now() && from > started - 40 * 24 * HOUR) {
    for (const d of here) {
      let [peak, events] = [0, 0];
      for (let at = from; at < Math.min(to, Date.now()); at += 10 * MINUTE) {
        const n = peopleAt(d, at);
        const hour = partsIn(at, zone).hour;
        peak = Math.max(peak, n);
        events += n;
        hours.set(hour, Math.max(hours.get(hour) ?? 0, n));
      }
      zones[d.device] = { peak, events, intensity: word(peak) };
    }
  }
  const hourly = [...hours]
    .sort((a, b) => a[0] - b[0])
    .map(([hour, count]) => ({ hour, count, intensity: word(count) }));
  const triggers: Record<string, number> = hourly.length
    ? { UNAUTHORIZED_STRANGER: 23, RESTRICTED_ACCESS: 18, CROWD_VIOLATION: 3, total_events: 2844 }
    : { total_events: 0 };
  return { site_name: site, date: day, zones, hourly, critical_events: triggers };
}

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

function events(q: URLSearchParams): Schemas['Events'] {
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

const settingsOf = (d: FakeDevice) => ({
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

const wave = (ms: number, seed: number, per: number): number =>
  Math.sin(ms / per + seed) + 0.4 * Math.sin(ms / (per / 3.7) + seed * 2);

function seriesOf(from: number, to: number, step: number, d: FakeDevice): number[] {
  const first = Math.ceil(from / step) * step;
  return Array.from(
    { length: Math.max(0, Math.floor((Math.min(to, Date.now()) - first) / step) + 1) },
    (_, i) => first + i * step,
  ).filter((at) => recorded(d, at));
}

function perDevice(d: FakeDevice, what: string, q: URLSearchParams): unknown {
  const to = Date.parse(q.get('to') ?? '') || Date.now();
  const from = Date.parse(q.get('from') ?? '') || to - HOUR;
  const seconds = Number(q.get('step') ?? q.get('bucket') ?? 60);
  if (!Number.isInteger(seconds) || (q.has('step') && seconds < 60))
    throw new Refused(400, 'step: whole minutes, in seconds; bucket: whole seconds');
  switch (what) {
    case '':
      return deviceAnswer(d, asOf(q));
    case 'health':
      return health(d, asOf(q));
    case 'commands':
      return {
        offered: ['settings', 'snapshot', 'record', 'night_mode', 'reconnect', 'restart', 'restart_agent', 'identify'],
        commands: [
          {
            id: 'command-2',
            site: d.site,
            device: d.device,
            name: 'reconnect',
            by: 'Mara',
            asked: iso(started - HOUR),
            state: 'failed',
            detail: 'nothing came within 20 s: no answer',
            ended: iso(started - HOUR + 20_000),
          },
        ],
      };
    case 'settings':
      return settingsOf(d);
    case 'settings/changes':
      return {
        changes: [
          {
            position: 4711,
            time: iso(started - 5 * HOUR),
            by: 'Mara',
            request_id: null,
            settings: { motion: settings.motion },
          },
        ],
      };
    case 'rois':
      return { rois: d.thermal ? rois : [] };
    case 'thumbnails': {
      const times = seriesOf(from, to, 10_000, d);
      const every = Math.max(1, Math.ceil(times.length / Number(q.get('max') ?? 120)));
      const kept = times.filter((_, i) => (times.length - 1 - i) % every === 0);
      return {
        count: kept.length,
        thumbnails: kept.map((at) => ({
          time: iso(at),
          key: `${d.site}/${d.device}/thumbnail/${at}`,
          url: `/media/${d.site}/${d.device}/thumbnail/${at}`,
        })),
      };
    }
    case 'recordings':
      return { recordings: spans(d, from, to) };
    case 'holes':
      return { holes: holes(d, from, to), left_out: 0 };
    case 'motions':
      return {
        motions: seriesOf(from, to, 3_600_000, d)
          .map((at, i) => ({
            started: iso(at),
            latest: iso(at + 12_000),
            is_over: true,
            seconds: 12,
            intensity: 0.1,
            event_class: i % 2 ? 'person' : null,
          }))
          .reverse()
          .filter((one) => !q.get('event_class') || one.event_class === q.get('event_class')),
      };
    case 'motion':
      return {
        bucket_s: seconds,
        buckets: seriesOf(from, to, seconds * 1000, d)
          .map((at) => {
            const events = Math.max(0, Math.round(2 + 3 * wave(at, d.seed, 400_000)));
            return { time: iso(at), events, began: events, seconds: 2 };
          })
          .filter((b) => b.events > 0),
      } satisfies Schemas['MotionCounts'];
    case 'audio':
      return {
        step_s: seconds,
        points: seriesOf(from, to, seconds * 1000, d).map((at) => {
          const db = -44 + 7 * wave(at, d.seed, 900_000);
          return [at, db, Math.round((db + 60) * 2)];
        }),
      };
    case 'temperatures':
      return { step_s: seconds, series: d.thermal ? temperatures(seriesOf(from, to, seconds * 1000, d), d) : [] };
    case 'thermal':
      if (!d.thermal) throw new Refused(404, `${d.name} has no thermal sensor`);
      return thermal();
    case 'detections':
      return {
        detections: seriesOf(Math.max(from, to - 20_000), to, 1000, d)
          .slice(-Number(q.get('limit') ?? 20))
          .map((at) => ({
            time: iso(at),
            position: position(),
            people_count: peopleAt(d, at),
            objects: objectsAt(d, at),
            event_triggers: [],
            media: [],
          })),
      };
    default:
      throw new Refused(404, `There is no ${what} of a device`);
  }
}

function temperatures(times: number[], d: FakeDevice): unknown {
  const of = (base: number, swing: number, k: number): number[][] =>
    times.map((at) => {
      const t = base + swing * wave(at, d.seed + k, 5_000_000);
      return [at, t - 9, t, t - 4];
    });
  return [
    ['composite', 84, 4, 0],
    ['full_frame', 88, 6, 1],
    ['top_winding', 90, 6, 1],
    ['middle_core', 77, 3, 2],
    ['bottom_oil', 52, 3, 3],
  ].map(([roi, base, swing, k]) => ({ roi, unit: '°C', points: of(Number(base), Number(swing), Number(k)) }));
}

function thermal(): Schemas['NewestThermal'] {
  const now = Date.now();
  const all = regions(now);
  const [min, max, mean] = [all[0]?.min_temp ?? 20, all[0]?.max_temp ?? 90, all[0]?.avg_temp ?? 40];
  return {
    time: iso(now),
    position: position(),
    media: [],
    frame_stats: {
      min_temp: min,
      max_temp: max,
      avg_temp: mean,
      median_temp: mean,
      std_dev: 4,
      percentile_5: null,
      percentile_95: null,
    },
    regions: all.map((one) => ({
      ...one,
      confirmed_level: one.alert_level,
      peak_temp: one.max_temp + 1.4,
      confirmed_temp: one.max_temp + 1.1,
      thresholds: null,
      group: null,
    })),
    hot_spots: [{ center: [20, 6], max_temp: max, avg_temp: 83.3, area: 9 }],
    composite_temperature: 84.6,
    sensor_temp: 31.2,
    width: 32,
    height: 24,
    peak_temp: max + 1.4,
    confirmed_max_temp: max + 1.1,
    ambient_temp: null,
    gradient_max: 40.2,
    bad_pixels: 1,
    clamped_pixels: 0,
    transformer: null,
  };
}

/** What lies between the spans; the fake site knows no cause but a camera that is off. */
function holes(d: FakeDevice, from: number, to: number): Schemas['Hole'][] {
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

function storage(): Schemas['Storage'] {
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

function retentionPlan(now: number): Schemas['RetentionPlan'] {
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

type Progress = Schemas['Progress'];

function consumers(): Schemas['Consumers'] {
  const head = position();
  const rows: [string, Progress['kind'], number, Progress['state'], string | null][] = [
    ['health', 'projection', 0, 'running', null],
    ['incidents', 'projection', 1, 'running', null],
    ['alerts', 'projection', 1, 'running', null],
    ['mosaics', 'projection', 42, 'running', null],
    ['motion_heatmap', 'projection', 0, 'running', null],
    ['recordings', 'projection', 0, 'running', null],
    ['thermal_trend', 'projection', 61_204, 'rebuilding', null],
    ['retention', 'projection', 0, 'running', null],
    ['warehouse', 'sink', 310, 'behind', null],
    ['webhook', 'sink', 1204, 'stopped', 'https://hooks.example answered 503, next try in 32 s'],
  ];
  return {
    head,
    consumers: rows.map(([name, kind, lag, state, error]) => ({
      name,
      kind,
      position: head - lag,
      lag,
      state,
      error,
      version: 1,
      set_aside: 0,
      lately: [],
      rebuilt: state === 'rebuilding' ? 12_000 : null,
      rebuilds: null,
      receivers: null,
    })),
  };
}

function system(): Schemas['System'] {
  const seconds = (Date.now() - started) / 1000;
  const jitter = (base: number, by: number, k: number): number =>
    Math.round((base + by * Math.sin(Date.now() / 4000 + k)) * 10) / 10;
  const process = (name: string, i: number, memory: number, cpu: number, restarts = 0): Schemas['Process'] => ({
    name,
    pid: 4200 + i,
    state: 'running',
    restarts,
    since: iso(started - (restarts ? 2 : 9) * HOUR),
    last_exit: restarts ? 'signal 9' : null,
    memory_mb: memory,
    cpu_percent: Math.max(0, jitter(cpu, cpu / 4, i)),
  });
  return {
    version: '0.1.0',
    started: iso(started - 9 * HOUR),
    processes: [
      process('broker', 0, 11, 2),
      process('ingest', 1, 64, 9),
      process('consumers', 2, 212, 14),
      process('gateway', 3, 388, 6),
      process('edge north', 4, 301, 41, 2),
      process('edge south', 5, 288, 37),
    ],
    broker: { connected: true, clients: 9, messages_received: 2_811_000 + Math.floor(seconds * 31) },
    streams: devices.map((d) => ({
      source: `/sites/${d.site}/devices/${d.device}`,
      epoch: '0197a3c2',
      sequence: 3_918_223 + Math.floor(d.lostFor === null ? seconds * 11 : 0),
      last_received: iso(lastFrame(d)),
      gaps: d.device === 'dock' ? 2 : 0,
      rate_per_s: d.lostFor === null ? jitter(11, 1, d.seed) : 0,
    })),
    other_streams: 0,
    gaps: [
      {
        source: '/sites/DEMO/devices/dock',
        first: 3_802_114,
        last: 3_804_950,
        count: 2837,
        cause: 'outbox full: oldest live frames dropped',
        time: iso(started - 5 * HOUR),
        position: 700_112,
      },
      {
        source: '/sites/DEMO/devices/dock',
        first: 3_100_002,
        last: 3_100_040,
        count: 39,
        cause: 'disk error while reading a segment',
        time: iso(started - 19 * HOUR),
        position: 610_318,
      },
    ],
    rejected: {
      count: 3,
      newest: [
        {
          time: iso(started - 2 * HOUR),
          topic: 'watchpost/v1/DEMO/meter/event/reading',
          reason: 'time: input should have timezone info',
          size: 214,
        },
        {
          time: iso(started - 3 * HOUR),
          topic: 'watchpost/v1/DEMO/meter/event/reading',
          reason: 'specversion: field required',
          size: 188,
        },
        {
          time: iso(started - 7 * HOUR),
          topic: 'watchpost/v1/DEMO/yard/event/detection',
          reason: 'not JSON: unexpected end of data',
          size: 4096,
        },
      ],
    },
    journal: { head: position(), bytes: 3_481_000_000, days: 12, oldest: iso(started - 12 * 24 * HOUR), waiting: null },
    cpu: { percent: jitter(44, 12, 1), cores: 4 },
    memory: { percent: jitter(63, 1, 2), used_gb: 10.1, total_gb: 16 },
    disk: { percent: 85.3, used_gb: 198.4, free_gb: 34.2, total_gb: 232.6 },
    troubles: [],
  };
}

function siteAnswers(now: number): Schemas['Sites'] {
  const open = (site: string): Schemas['Alert'][] => alerts(now).filter((a) => a.site === site && a.state === 'open');
  const counted = (
    site: string,
  ): Pick<Schemas['Site'], 'open_incidents' | 'open_alerts' | 'unacknowledged_alerts'> => ({
    open_incidents: openAt(now, site).length,
    open_alerts: open(site).length,
    unacknowledged_alerts: open(site).filter((a) => a.acknowledged === null).length,
  });
  const found = sites.map(({ site, name, time_zone }): Schemas['Site'] => {
    const here = devices.filter((d) => d.site === site).map((d) => conditionAt(d, now).condition);
    const conditions: Schemas['Site']['conditions'] = {};
    for (const one of here) conditions[one] = (conditions[one] ?? 0) + 1;
    return {
      site,
      name,
      time_zone,
      devices: here.length,
      condition: [...here].sort((a, b) => ranks.indexOf(b) - ranks.indexOf(a))[0] ?? 'unknown',
      conditions,
      ...counted(site),
    };
  });
  return { sites: found, hub: { condition: 'ok', ...counted('_hub') }, retired: [] };
}

function deviceAnswers(site: string, now: number): Schemas['Devices'] {
  const known = sites.find((s) => s.site === site);
  if (!known) throw new Refused(404, `there is no site '${site}'`);
  const found = devices.filter((d) => d.site === site).map((d) => deviceAnswer(d, now));
  return {
    ...known,
    devices: found.sort((a, b) => ranks.indexOf(b.condition) - ranks.indexOf(a.condition)),
    retired: [],
  };
}

function alertAnswers(q: URLSearchParams, now: number): Schemas['Alerts'] {
  const fits = (a: Schemas['Alert']): boolean =>
    (['site', 'device', 'state', 'id'] as const).every((name) => !q.get(name) || a[name] === q.get(name));
  return {
    alerts: alerts(now)
      .filter(fits)
      .slice(0, Number(q.get('limit') ?? 50)),
  };
}

function incidentAnswers(q: URLSearchParams, now: number): Schemas['Incidents'] {
  const fits = (i: FakeIncident): boolean =>
    (['site', 'device', 'id'] as const).every((name) => !q.get(name) || i[name] === q.get(name));
  return {
    incidents: incidents
      .filter((i) => i.opened <= now && fits(i))
      .map((i) => incident(i, now))
      .reverse(),
  };
}

const field = (path: string, minimum: number, maximum: number, unit: string | null): Schemas['SettingsField'] => ({
  path,
  description: null,
  minimum,
  above: null,
  maximum,
  longest: null,
  unit,
  choices: null,
  default: minimum,
});
const session: Schemas['Session'] = { signed_in: true, token_needed: false };
const alive = (): Schemas['Alive'] => ({ status: 'healthy', time: iso(Date.now()), problems: [], version: '0.1.0' });

type Answering = (q: URLSearchParams, now: number, id: string) => unknown;
/** By the first word after `/api/v1/`, where one answer is all there is. */
const families: Record<string, Answering> = {
  settings: (): Schemas['SettingsFields'] => ({
    fields: [field('motion.sensitivity', 0, 100, null), field('motion.min_area', 100, 10_000, 'px')],
  }),
  'roi-sets': (): Schemas['RoiSets'] => ({ sets: { pole_mounted: rois } }),
  session: (): Schemas['Session'] => session,
  alerts: (q, now): Schemas['Alerts'] => alertAnswers(q, now),
  incidents: (q, now, id): Schemas['Incidents'] | Schemas['IncidentReason'] =>
    id ? incidentReason(id) : incidentAnswers(q, now),
  'incident-figures': (_q, now): Schemas['IncidentFigures'] => incidentFigures(now),
  mutes: (): Schemas['Mutes'] => mutes(),
  rules: (): Schemas['Rules'] => ({ rules, version: 3, sentences: {} }),
  trials: (_q, _now, id): Schemas['Trials'] | Schemas['Detailed'] | undefined =>
    id ? trial(id) : { trials: trials() },
  dashboard: (q, _now, id): Schemas['Dashboard'] => dashboard(id, q.get('date')),
  timeline: (_q, _now, id): Schemas['Timeline'] => timeline(id),
  storage: (_q, now, id): Schemas['Storage'] | Schemas['RetentionPlan'] =>
    id === 'retention' ? retentionPlan(now) : storage(),
  consumers: (): Schemas['Consumers'] => consumers(),
  agents: (_q, now): Schemas['Agents'] => agents(now),
  enrolments: (): Schemas['EnrolledAgents'] => ({ enrols: true, agents: [] }),
  system: (): Schemas['System'] => system(),
  events: (q): Schemas['Events'] => events(q),
  health: (_q, now): Schemas['FullHealth'][] => devices.map((d) => health(d, now)),
};

export function answer(path: string, q: URLSearchParams): unknown {
  const part = path.split('/').filter(Boolean).map(decodeURIComponent);
  const [first, , family = '', id = '', third, name = ''] = part;
  const now = asOf(q);
  if (first === 'health') return alive();
  if (family === 'sites' && part.length === 3) return siteAnswers(now);
  if (family === 'sites' && third === 'devices' && !name) return deviceAnswers(id, now);
  if (family === 'sites' && third === 'devices') {
    const d = find(id, name);
    if (!d) throw new Refused(404, `There is no device ${name} at ${id}`);
    return perDevice(d, part.slice(6).join('/'), q);
  }
  if (family === 'sites' && third === 'readings') return { series: [] } satisfies Schemas['ReadingSeriesList'];
  if (family === 'alerts' && third === 'why') return why(id);
  if (family === 'timeline' && third === 'conditions') return shares(id, q, now);
  if (family === 'timeline' && third === 'past') return pastTiles(id);
  const answering = families[family];
  if (!answering) throw new Refused(404, `Nothing is served at ${path}`);
  return answering(q, now, id);
}

function why(id: string): Schemas['Reason'] {
  const alert = alerts().find((a) => a['id'] === id);
  if (!alert) throw new Refused(404, `There is no alert ${id}`);
  const raised = Date.parse(String(alert['raised']));
  const source = `/sites/${String(alert['site'])}/devices/${String(alert['device'])}`;
  const event = (n: number, type: string, at: number, data: Record<string, unknown>): Schemas['RecordedEvent'] => ({
    position: position() - 900 + n,
    received: iso(at + 60),
    event: eventOf(`why-${n}`, source, type, at, data),
  });
  const media = (alert['media'] as string[]).length
    ? [raised - 20_000, raised - 10_000, raised].map(
        (at) => `/media/${String(alert['site'])}/${String(alert['device'])}/thumbnail/${at}`,
      )
    : [];
  return {
    now: null,
    alert,
    rule: {
      name: alert['type'],
      version: 1,
      text: 'Raised when 80 % of the frames of 30 s show the condition; cleared after 10 s without it.',
    },
    events: [
      event(1, 'frame', raised - 31_000, { freeze: true, freeze_diffs: [0.4, 0.3, 0.4] }),
      event(2, 'frame', raised - 12_000, { freeze: true, freeze_diffs: [0.3, 0.3, 0.2] }),
      event(3, 'incident', raised - 4_000, {
        type: alert['type'],
        state: 'opened',
        share: 0.93,
        ...(alert['details'] as object),
      }),
      event(4, 'alert', raised, { type: alert['type'], level: alert['level'], state: 'raised', message: '' }),
    ],
    media,
  };
}

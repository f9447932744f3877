// Sites, devices and their agents.

import { HOUR, alerts, devices, iso, openAt, peopleAt, sites, started, type FakeDevice } from '../world.ts';
import { type Schemas, Refused, position, ranks, conditionAt, lastFrame, lostBy } from './basics.ts';
import { incident } from './incidents.ts';
import { zones } from './events.ts';

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

export function deviceAnswer(d: FakeDevice, now = Date.now()): Schemas['Device'] {
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
    has: { hls: true, thermal: d.thermal, fusion: d.thermal, picture: true },
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

export function agents(now: number): Schemas['Agents'] {
  const sites = [...new Set(devices.map((d) => d.site))];
  return {
    agents: sites.flatMap((site) => {
      const here = devices.filter((d) => d.site === site);
      return here[0] ? [{ ...agentOf(here[0], now), site, devices: here.map((d) => d.device) }] : [];
    }),
  };
}

export function health(d: FakeDevice, now = Date.now()): Schemas['FullHealth'] {
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
      buffer_bytes: 2_900_000,
      thermal: d.thermal ? { frames: 4800, bad_pixels: 2, averaged_frames: 5, hot_spots: 0, filtered: true } : null,
    },
  };
}

export function siteAnswers(now: number): Schemas['Sites'] {
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

export function deviceAnswers(site: string, now: number): Schemas['Devices'] {
  const known = sites.find((s) => s.site === site);
  if (!known) throw new Refused(404, `there is no site '${site}'`);
  const found = devices.filter((d) => d.site === site).map((d) => deviceAnswer(d, now));
  return {
    ...known,
    devices: found.sort((a, b) => ranks.indexOf(b.condition) - ranks.indexOf(a.condition)),
    retired: [],
  };
}

export function registration(site: string): Schemas['Registration'] {
  const name = sites.find((one) => one.site === site)?.name ?? site;
  return { site, device: null, name, retired: false, settings: [], other_zones: [] };
}

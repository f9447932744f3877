// The timeline: states of minutes, their shares, and the tile of each.

import { encodeStates, type MinuteState } from '../../src/state/timeline.ts';
import { HOUR, MINUTE, devices, incidents, iso, openAt, recorded, started, type FakeDevice } from '../world.ts';
import { type Schemas, classes, newest, levelOf, ranks, conditionAt } from './basics.ts';

function stateAt(site: string, ms: number): MinuteState {
  const here = devices.filter((d) => d.site === site);
  if (!here.length || !here.some((d) => recorded(d, ms))) return 'no_data';
  if (incidents.some((i) => i.site === site && i.opened < ms + MINUTE && (i.closed ?? Infinity) > ms))
    return 'incident';
  const before = started - ms;
  return before > 500 * MINUTE && before < 506 * MINUTE ? 'unknown' : 'ok';
}

export function timeline(site: string): Schemas['Timeline'] {
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

export function pastTiles(site: string): Schemas['PastTiles'] {
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

// Trials of rules that the played gateway runs: eight seconds each, and the hot spots come out otherwise.

import type { components } from '../src/api/http.gen.ts';
import { MINUTE, incidents, iso, started, type FakeIncident } from './world.ts';

type Schemas = components['schemas'];

export const rules: Schemas['Rule'][] = [
  {
    name: 'offline_after_s',
    value: 30,
    unit: 's',
    description: 'Without anything received from a device for so long, it is offline.',
    minimum: 1,
    maximum: 86400,
  },
  {
    name: 'hot_spot_c',
    value: 80,
    unit: '°C',
    description: 'A hotter pixel is a hot spot.',
    minimum: -40,
    maximum: 1000,
  },
  {
    name: 'hot_spot_hysteresis_c',
    value: 2,
    unit: '°C',
    description: 'So much cooler, a hot spot may end.',
    minimum: 0,
    maximum: 100,
  },
  {
    name: 'raise_share',
    value: 0.8,
    unit: '',
    description: 'Share of bad frames in the window from which a picture is bad.',
    minimum: 0.01,
    maximum: 1,
  },
  { name: 'raise_window_s', value: 30, unit: 's', description: 'Length of that window.', minimum: 1, maximum: 3600 },
  {
    name: 'storage_low_percent',
    value: 85,
    unit: '%',
    description: 'Use of a disk from which it is low.',
    minimum: 0,
    maximum: 100,
  },
];

interface Asked {
  id: string;
  since: string;
  until: string;
  site: string | null;
  rules: Record<string, number>;
  created: number;
}

const asked: Asked[] = [
  {
    id: 'trial-1',
    since: iso(started - 1440 * MINUTE),
    until: iso(started),
    site: 'DEMO',
    rules: { hot_spot_c: 75 },
    created: started - 20 * MINUTE,
  },
];

const entry = (i: FakeIncident, shift = 0): Schemas['Raised'] => ({
  id: i.id,
  type: i.type,
  site: i.site,
  device: i.device,
  opened: iso(i.opened - shift),
  closed: i.closed === null ? null : iso(i.closed + shift),
  details: i.details,
  level: 'warning',
  message: 'Raised by the trial',
  live: null as string | null,
});

function results(): Pick<Schemas['Detailed'], 'raised' | 'both' | 'only_trial' | 'only_live'> {
  const live = incidents.map((i) => entry(i));
  const extra = [600, 300, 95].map((from, n) =>
    entry({
      id: `trial-only-${n}`,
      site: 'DEMO',
      device: 'transformer',
      type: 'hot_spot',
      opened: started - from * MINUTE,
      closed: started - (from - 22) * MINUTE,
      details: { max_temp: 78.2 },
    }),
  );
  const missed = live.filter((one) => one['type'] === 'audio_loss');
  const both = live
    .filter((one) => one['type'] !== 'audio_loss')
    .map((one) => ({ ...one, id: `trial-${String(one['id'])}`, live: `alert-${String(one['id'])}` }));
  return { raised: [...both, ...extra], both, only_trial: extra, only_live: missed };
}

function summaryOf(one: Asked): Schemas['Summary'] {
  const progress = Math.min(1, (Date.now() - one.created) / 8000);
  const found = results();
  const counts = {
    raised: found.raised.length,
    both: found.both.length,
    only_trial: found.only_trial.length,
    only_live: found.only_live.length,
  };
  return {
    ...one,
    created: iso(one.created),
    progress,
    state: progress < 1 ? 'running' : 'done',
    error: null,
    events: 412_803,
    analysed: 0,
    analysis: false,
    analysis_version: null,
    rule_version: 1,
    product: '0.1.0',
    by: 'page',
    journal: 1,
    ended: progress < 1 ? null : iso(one.created + 8000),
    media_gone: 0,
    rule_set: {},
    counts: progress < 1 ? { raised: 0, both: 0, only_trial: 0, only_live: 0 } : counts,
  };
}

export const trials = (): Schemas['Summary'][] => [...asked].reverse().map(summaryOf);

export function trial(id: string): Schemas['Detailed'] | undefined {
  const found = asked.find((one) => one.id === id);
  const what = found && summaryOf(found);
  return (
    what &&
    (what['state'] === 'done'
      ? { ...what, ...results() }
      : { ...what, raised: [], both: [], only_trial: [], only_live: [] })
  );
}

export function tried(body: Record<string, unknown>): Schemas['Begun'] {
  asked.push({
    id: `trial-${asked.length + 1}`,
    since: String(body['since']),
    until: String(body['until']),
    site: (body['site'] as string | null) ?? null,
    rules: body['rules'] as Record<string, number>,
    created: Date.now(),
  });
  return { id: `trial-${asked.length}`, state: 'running' };
}

export function dropTrial(id: string): unknown {
  const at = asked.findIndex((one) => one.id === id);
  if (at >= 0) asked.splice(at, 1);
  return {};
}

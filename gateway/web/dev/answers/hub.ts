// The consumers and processes of the played hub.

import { HOUR, devices, iso, started } from '../world.ts';
import { type Schemas, position, lastFrame } from './basics.ts';

type Progress = Schemas['Progress'];

export function consumers(): Schemas['Consumers'] {
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

export function system(): Schemas['System'] {
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

// What several answers of the played gateway need.

import type { components } from '../../src/api/http.gen.ts';
import { MINUTE, openAt, recorded, started, type FakeDevice } from '../world.ts';

export type Schemas = components['schemas'];

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

export const classes = ['no_data', 'ok', 'incident', 'unknown'];

export const newest = (): number => Math.floor(Date.now() / MINUTE) - 1;

export const asOf = (q: URLSearchParams): number => Date.parse(q.get('as_of') ?? '') || Date.now();

type Level = 'warning' | 'error' | 'critical';

export const levelOf = (type: string): Level =>
  type === 'hot_spot' ? 'critical' : type === 'offline' ? 'error' : 'warning';

export const ranks = ['unknown', 'ok', 'warning', 'error', 'offline', 'critical'] as const;

/** The worst of what was open, as the gateway has it. */
export function conditionAt(d: FakeDevice, at: number): { condition: Schemas['Device']['condition']; types: string[] } {
  const types = openAt(at, d.site, d.device).map((i) => i.type);
  const found = types.map((type) => (type === 'offline' ? ('offline' as const) : levelOf(type)));
  return {
    condition: found.sort((a, b) => ranks.indexOf(b) - ranks.indexOf(a))[0] ?? (recorded(d, at) ? 'ok' : 'unknown'),
    types,
  };
}

export function lastFrame(d: FakeDevice, now = Date.now()): number {
  return d.lostFor === null ? now - 200 : Math.min(now - 200, started - d.lostFor);
}

export const lostBy = (d: FakeDevice, now: number): boolean => d.lostFor !== null && now > started - d.lostFor;

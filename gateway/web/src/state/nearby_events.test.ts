import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Device } from '../api/api';
import { DAY, HOUR, MINUTE, iso } from '../format/time';
import { BEFORE_MS, nearestEvent, newestMoment } from './nearby_events';

const YARD = { site: 'DEMO', device: 'yard' } as Device;
const START = Date.parse('2026-01-05T10:00:00Z');

/** A hub with incidents at these moments, which answers as ours does: the newest first, no more than it is asked for. */
function hub(opened: readonly number[]): void {
  vi.stubGlobal('fetch', (address: string) => {
    const { pathname, searchParams } = new URL(address, 'http://hub');
    if (pathname !== '/api/v1/incidents') return Promise.resolve(Response.json({ events: [], annotations: [] }));
    const [from, to] = [Date.parse(searchParams.get('from') ?? ''), Date.parse(searchParams.get('to') ?? '')];
    const found = opened
      .filter((at) => (Number.isNaN(from) || at >= from) && (Number.isNaN(to) || at < to))
      .sort((a, b) => b - a)
      .slice(0, Number(searchParams.get('limit')));
    const incidents = found.map((at) => ({ device: 'yard', opened: iso(at) }));
    return Promise.resolve(Response.json({ incidents }));
  });
}

afterEach(() => vi.unstubAllGlobals());

describe('the event beside a moment', () => {
  const each = (count: number, ms: number): number[] =>
    Array.from({ length: count }, (_, number) => START + number * ms);

  it('is the nearest one however many came since', async () => {
    hub(each(4000, 10 * MINUTE));
    const at = START + 5 * MINUTE;

    expect(await nearestEvent([YARD], at, 1)).toBe(START + 10 * MINUTE);
    expect(await nearestEvent([YARD], at, -1)).toBe(START);
  });

  it.each([2 * HOUR, 3 * DAY, 90 * DAY])('is found %d ms away', async (away) => {
    hub([START - away, START + away]);

    expect(await nearestEvent([YARD], START, 1)).toBe(START + away);
    expect(await nearestEvent([YARD], START, -1)).toBe(START - away);
  });

  it('is none where there is none', async () => {
    hub([]);

    expect(await nearestEvent([YARD], START, 1)).toBeNull();
    expect(await nearestEvent([YARD], START, -1)).toBeNull();
  });
});

describe('the moment at which playback opens', () => {
  /** A hub whose cameras recorded until these moments, and saw something move at those. */
  function recorded(until: Record<string, number>, moved: Record<string, number> = {}): void {
    vi.stubGlobal('fetch', (address: string) => {
      const asked = new URL(address, 'http://hub').searchParams;
      const [device, type] = [asked.get('device') ?? '', asked.get('type') ?? ''];
      const at = (type === 'segment' ? until : moved)[device];
      const data = type === 'segment' ? { start: iso((at ?? 0) - 4000), duration_s: 4 } : { phase: 'start' };
      const event = { type: `watchpost.${type}.v1`, time: iso(at ?? 0), data };
      return Promise.resolve(Response.json({ events: at === undefined ? [] : [{ event }] }));
    });
  }
  const of = (device: string): Device => ({ site: 'DEMO', device }) as Device;

  it('is of whichever device recorded, where the first one never did', async () => {
    recorded({ gate: START });

    expect(await newestMoment([of('sensor'), of('gate')])).toBe(START - 10_000);
  });

  it('is shortly before the newest thing that moved before any of them', async () => {
    recorded({ yard: START, gate: START - HOUR }, { yard: START - 2 * HOUR, gate: START - MINUTE });

    expect(await newestMoment([of('yard'), of('gate')])).toBe(START - MINUTE - BEFORE_MS);
  });

  it('is none where none of them recorded', async () => {
    recorded({}, { yard: START });

    expect(await newestMoment([of('yard')])).toBeNull();
    expect(await newestMoment([])).toBeNull();
  });
});

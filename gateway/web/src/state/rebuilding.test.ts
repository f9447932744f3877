import { describe, expect, it } from 'vitest';
import type { CommandEvent } from '../api/contract.ts';
import type { Consumer, Recorded } from '../api/api.ts';
import { RebuildPace, lastRebuilds, progressOf, refusalOf } from './rebuilding.ts';

const consumer = (changes: Partial<Consumer> = {}): Consumer => ({
  name: 'alerts',
  kind: 'projection',
  position: 1000,
  lag: 0,
  state: 'running',
  error: null,
  version: 1,
  set_aside: 0,
  lately: [],
  rebuilt: null,
  rebuilds: null,
  receivers: null,
  ...changes,
});

describe('the pace of a rebuild', () => {
  it('is unknown until there are two moments', () => {
    const pace = new RebuildPace();
    pace.add(0, 0);

    expect(pace.rate).toBeNull();
    expect(pace.secondsLeft(100)).toBeNull();
  });

  it('says how long it still takes', () => {
    const pace = new RebuildPace();
    pace.add(0, 0);
    pace.add(2000, 1000);

    expect(pace.rate).toBe(500);
    expect(pace.secondsLeft(6000)).toBe(10);
  });

  it('is that of the last ten seconds', () => {
    const pace = new RebuildPace();
    pace.add(0, 0);
    pace.add(5000, 50_000);
    pace.add(15_000, 51_000);

    expect(pace.rate).toBe(100);
  });

  it('begins anew with the rebuild', () => {
    const pace = new RebuildPace();
    pace.add(0, 9000);
    pace.add(1000, 10);

    expect(pace.rate).toBeNull();
  });

  it('does not promise an end to what stands still', () => {
    const pace = new RebuildPace();
    pace.add(0, 500);
    pace.add(1000, 500);

    expect(pace.secondsLeft(1000)).toBeNull();
  });
});

describe('the progress of a rebuild', () => {
  it('of a view goes to where the view stands', () => {
    expect(progressOf(consumer({ state: 'rebuilding', rebuilt: 250 }), 1100)).toEqual({
      done: 250,
      goal: 1000,
      share: 0.25,
    });
  });

  it('of rows goes to the head', () => {
    expect(
      progressOf(consumer({ name: 'warehouse', state: 'rebuilding', position: 550, rebuilt: null }), 1100),
    ).toEqual({ done: 550, goal: 1100, share: 0.5 });
  });

  it('is none where nothing is rebuilt', () => {
    expect(progressOf(consumer(), 1100)).toBeNull();
  });
});

const command = (
  id: string,
  name: string,
  state: 'asked' | 'done' | 'failed',
  given: Record<string, unknown>,
  detail: string | null = null,
): Recorded<CommandEvent> => ({
  position: 1,
  received: '2026-01-05T10:00:00Z',
  event: {
    specversion: '1.0',
    id,
    source: '/sites/_hub/devices/_hub',
    type: 'watchpost.command.v1',
    time: '2026-01-05T10:00:00Z',
    datacontenttype: 'application/json',
    data: { request_id: id, name, state, detail, arguments: given, media: [] },
  },
});

describe('what became of rebuilds', () => {
  it('is the newest of each consumer', () => {
    const found = lastRebuilds([
      command('b', 'rebuild', 'failed', { consumer: 'alerts' }, 'position 7: no'),
      command('c', 'snapshot', 'done', {}),
      command('a', 'rebuild', 'asked', { consumer: 'alerts' }),
      command('d', 'rebuild', 'asked', { consumer: 'mosaics' }),
    ]);

    expect(found.get('alerts')).toEqual({
      id: 'b',
      state: 'failed',
      at: Date.parse('2026-01-05T10:00:00Z'),
      detail: 'position 7: no',
    });
    expect(found.get('mosaics')?.state).toBe('asked');
    expect(found.size).toBe(2);
  });
});

describe('who is rebuilt', () => {
  it('is a projection, never a sink', () => {
    expect(refusalOf(consumer())).toBeNull();
    expect(refusalOf(consumer({ kind: 'sink' }))).toMatch(/^Never rebuilt/);
  });
});

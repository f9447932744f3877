import { describe, expect, it } from 'vitest';
import { MINUTE } from '../format/time';
import { encodeStates, type MinuteState } from '../state/timeline';
import { publicSlots } from './links';
import { RingMinutes, baseOf, isNewer, type SiteIndex } from './ring';

const classes = ['no_data', 'ok', 'incident', 'unknown'];
const newest = 29_999_520;
const states = new Array<MinuteState>(1440).fill('ok');

const index = (given: Partial<SiteIndex> = {}): SiteIndex => ({
  version: 1,
  site: 'DEMO',
  name: 'Demo',
  time_zone: 'UTC',
  written: '2026-01-05T10:00:00Z',
  first: newest - 1439,
  newest,
  classes,
  states: encodeStates(states, classes),
  incidents: [],
  revisions: new Array<number | null>(1440).fill(0),
  ...given,
});

describe('the minutes of a bucket', () => {
  it('have addresses that name their minute and revision', () => {
    const minutes = new RingMinutes(publicSlots('https://tiles.example/', 'DEMO'), index(), newest * MINUTE);

    expect(minutes.picture(1439, 'ko')).toBe(`https://tiles.example/heatmaps/DEMO/0000_ko.jpg?v=${newest}.0`);
    expect(minutes.description(1438)).toBe(`https://tiles.example/heatmaps/DEMO/2359.json?v=${newest - 1}.0`);
  });

  it('are not shown where their slot may be that of the next day', () => {
    const at_once = new RingMinutes(publicSlots('./', 'DEMO'), index(), (newest + 1) * MINUTE);
    const hours_later = new RingMinutes(publicSlots('./', 'DEMO'), index(), (newest + 61) * MINUTE);

    expect([at_once.has(9), at_once.has(10)]).toEqual([false, true]);
    expect([hours_later.has(69), hours_later.has(70)]).toEqual([false, true]);
    expect(hours_later.states[69]).toBe('no_data');
  });

  it('are not shown where a clock is behind the bucket', () => {
    expect(new RingMinutes(publicSlots('./', 'DEMO'), index(), 0).has(9)).toBe(false);
  });

  it('have no pictures where the bucket has none', () => {
    const minutes = new RingMinutes(
      publicSlots('./', 'DEMO'),
      index({ revisions: index().revisions.with(700, null) }),
      newest * MINUTE,
    );

    expect([minutes.has(700), minutes.has(701)]).toEqual([false, true]);
  });

  it('are not read by a page that knows an older kind of them', () => {
    expect([isNewer(index()), isNewer(index({ version: 2 }))]).toEqual([false, true]);
  });

  it('are where the bucket says, or where the page is', () => {
    expect(baseOf({ version: 1, base: null, sites: [] })).toBe('./');
    expect(baseOf({ version: 1, base: 'https://tiles.example/day', sites: [] })).toBe('https://tiles.example/day/');
  });
});

import { describe, expect, it } from 'vitest';
import type { Timeline } from '../api/api';
import { MINUTE, iso } from '../format/time';
import { withDrawn, type DrawnMinute } from './drawn_minutes';
import { decodeRevisions, decodeStates, encodeStates, type MinuteState } from './timeline';

const classes = ['no_data', 'ok', 'incident', 'unknown'];
const FIRST = 1000;
const states: MinuteState[] = ['ok', 'ok', 'incident', 'incident', 'ok', 'ok'];

const timeline: Timeline = {
  site: 'DEMO',
  from: iso(FIRST * MINUTE),
  to: iso((FIRST + 6) * MINUTE),
  newest: FIRST + 5,
  classes,
  states: encodeStates(states, classes),
  incidents: [{ first: 2, minutes: 2, condition: 'error', types: ['freeze'] }],
  revisions: 'AAAAAA',
  drawn: 40,
};

const drawn = (given: Partial<DrawnMinute>): DrawnMinute => ({
  number: 41,
  before: 40,
  site: 'DEMO',
  minute: FIRST + 6,
  state: 'ok',
  condition: 'ok',
  types: [],
  revision: 0,
  ...given,
});

const statesOf = (of: Timeline | null): MinuteState[] => decodeStates(of?.states ?? '', classes, states.length);

describe('a minute that was drawn', () => {
  it('comes behind the newest, and the oldest leaves', () => {
    const next = withDrawn(timeline, drawn({}));

    expect(next).toMatchObject({
      from: iso((FIRST + 1) * MINUTE),
      to: iso((FIRST + 7) * MINUTE),
      newest: FIRST + 6,
      drawn: 41,
      incidents: [{ first: 1, minutes: 2 }],
    });
    expect(statesOf(next)).toEqual(['ok', 'incident', 'incident', 'ok', 'ok', 'ok']);
  });

  it('takes the place of what it was before, with its revision', () => {
    const next = withDrawn(
      timeline,
      drawn({ minute: FIRST + 4, state: 'incident', condition: 'error', types: ['freeze'], revision: 2 }),
    );

    expect(statesOf(next)).toEqual(['ok', 'ok', 'incident', 'incident', 'incident', 'ok']);
    expect(next?.incidents).toEqual([{ first: 2, minutes: 3, condition: 'error', types: ['freeze'] }]);
    expect(decodeRevisions(next?.revisions ?? '')).toEqual([0, 0, 0, 0, 2, 0]);
  });

  it('that is well again cuts an incident', () => {
    const next = withDrawn(timeline, drawn({ minute: FIRST + 2 }));

    expect(next?.incidents).toEqual([{ first: 3, minutes: 1, condition: 'error', types: ['freeze'] }]);
  });

  it('is asked for with all others where one was missed, and where another file of the view counts anew', () => {
    expect(withDrawn(timeline, drawn({ number: 43, before: 42 }))).toBeNull();
    expect(withDrawn(timeline, drawn({ number: 3, before: null }))).toBeNull();
    expect(withDrawn(timeline, drawn({ minute: FIRST + 8 }))).toBeNull();
  });

  it('changes nothing where it is known already, or of another site', () => {
    expect(withDrawn(timeline, drawn({ number: 40, before: null }))).toBe(timeline);
    expect(withDrawn(timeline, drawn({ number: 39, before: 38 }))).toBe(timeline);
    expect(withDrawn(timeline, drawn({ site: 'OTHER', before: null }))).toBe(timeline);
  });

  it('older than the oldest shown is only counted', () => {
    expect(withDrawn(timeline, drawn({ minute: FIRST - 3 }))).toEqual({ ...timeline, drawn: 41 });
  });
});

import { describe, expect, it } from 'vitest';
import { withChanges } from './merged';

const BEFORE = { mode: 'motion', pre_roll_s: 5, post_roll_s: 10, schedule: [{ start: '18:00' }] };

describe('what two people changed at once', () => {
  it('is of each where they changed different fields', () => {
    const mine = { ...BEFORE, pre_roll_s: 7 };
    const theirs = { ...BEFORE, post_roll_s: 20 };

    expect(withChanges(BEFORE, mine, theirs)).toEqual({ ...BEFORE, pre_roll_s: 7, post_roll_s: 20 });
  });

  it('is of the one who types where both changed the same', () => {
    expect(withChanges(BEFORE, { ...BEFORE, mode: 'off' }, { ...BEFORE, mode: 'continuous' }).mode).toBe('off');
  });

  it('is a whole list of one of them', () => {
    const mine = { ...BEFORE, schedule: [{ start: '20:00' }] };
    const theirs = { ...BEFORE, schedule: [{ start: '18:00' }, { start: '22:00' }] };

    expect(withChanges(BEFORE, mine, theirs).schedule).toEqual([{ start: '20:00' }]);
    expect(withChanges(BEFORE, BEFORE, theirs).schedule).toEqual(theirs.schedule);
  });

  it('goes into what lies within another field', () => {
    expect(withChanges({ a: { b: 1, c: 2 } }, { a: { b: 3, c: 2 } }, { a: { b: 1, c: 4 } })).toEqual({
      a: { b: 3, c: 4 },
    });
  });
});

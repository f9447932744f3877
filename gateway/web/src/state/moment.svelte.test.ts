// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../format/time';
import { moment } from './moment.svelte';

describe('a range before the moment shown', () => {
  it('has no end at now, so that what came in this hour is in it', () => {
    moment.settled = null;

    expect(moment.before(DAY).to).toBeNull();
  });

  it('begins at a whole hour at now, so that its answers are kept', () => {
    moment.settled = null;
    const from = Date.parse(moment.before(DAY).from);

    expect(from % HOUR).toBe(0);
    expect(Date.now() - from).toBeGreaterThanOrEqual(DAY - MINUTE);
  });

  it('ends at a past moment to the millisecond', () => {
    moment.settled = Date.parse('2026-11-30T04:59:12.500Z');

    expect(moment.before(DAY)).toEqual({ from: '2026-11-29T04:59:12.500Z', to: '2026-11-30T04:59:12.500Z' });
  });
});

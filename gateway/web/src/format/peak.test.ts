import { expect, it } from 'vitest';

import { peakOf } from './peak';

const hour = (hour: number, count: number, repeated = false) => ({ hour, count, repeated, intensity: 'low' });

it('names the hour with most people, the first of several', () => {
  expect(peakOf('2026-01-05', [hour(9, 2), hour(14, 5), hour(16, 5)], 'Europe/Berlin')).toEqual({
    count: 5,
    at: '14:00',
  });
});

it('says which of two hours of the same name it is', () => {
  const hourly = [hour(2, 1), hour(2, 9, true), hour(3, 4)];
  expect(peakOf('2025-10-26', hourly, 'Europe/Berlin')).toEqual({ count: 9, at: '02:00 UTC+1' });
  expect(peakOf('2025-10-26', [hour(2, 9), hour(2, 1, true)], 'Europe/Berlin').at).toBe('02:00 UTC+2');
});

it('says at which minute a half hour that is there twice begins again', () => {
  expect(peakOf('2026-04-05', [hour(1, 3, true)], 'Australia/Lord_Howe').at).toBe('01:30 UTC+10:30');
});

it('names no hour of a day on which nobody came', () => {
  expect(peakOf('2026-01-05', [hour(9, 0)], 'Europe/Berlin')).toEqual({ count: 0, at: null });
  expect(peakOf('2026-01-05', [], 'Europe/Berlin')).toEqual({ count: 0, at: null });
});

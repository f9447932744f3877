import { describe, expect, it } from 'vitest';
import { timeSplits } from './chart_drawing';

const NOON_S = Date.parse('2026-01-05T12:00:00.000Z') / 1000;
const HOUR_S = 3600;

describe('the time axis of a chart', () => {
  it('names whole steps of minutes in a short time', () => {
    expect(timeSplits(NOON_S - 600, NOON_S, 800, 'UTC').map((at) => (NOON_S - at) / 60)).toEqual([9, 6, 3, 0]);
  });

  it('names fewer where there is less room', () => {
    const named = (width: number): number => timeSplits(NOON_S - HOUR_S, NOON_S, width, 'UTC').length;

    expect([named(800), named(390)]).toEqual([7, 5]);
  });

  it('names hours of the site in a day', () => {
    const ofDay = timeSplits(NOON_S - 24 * HOUR_S, NOON_S, 800, 'Asia/Kolkata');

    expect(ofDay.map((at) => (at + 5.5 * HOUR_S) % (3 * HOUR_S))).toEqual(ofDay.map(() => 0));
  });

  it('names days of the site in a month, and no more than have room', () => {
    const ofMonth = timeSplits(NOON_S - 30 * 24 * HOUR_S, NOON_S, 360, 'Europe/Berlin');

    expect(ofMonth.length).toBeLessThanOrEqual(5);
    expect(ofMonth.map((at) => (at + HOUR_S) % (24 * HOUR_S))).toEqual(ofMonth.map(() => 0));
  });
});

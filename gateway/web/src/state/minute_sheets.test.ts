import { describe, expect, it } from 'vitest';
import { SHEET_MINUTES, minutesAround, sheetPlace, sheetUrl, sheetsAround } from './minute_sheets';

describe('a sheet of half an hour', () => {
  it('has each minute in its place, row by row', () => {
    expect(sheetPlace(29_460_120)).toEqual({ first: 29_460_120, column: 0, row: 0 });
    expect(sheetPlace(29_460_129)).toEqual({ first: 29_460_120, column: 4, row: 1 });
    expect(sheetPlace(29_460_149)).toEqual({ first: 29_460_120, column: 4, row: 5 });
  });

  it('has another address with every minute while it grows, and then one for good', () => {
    expect(sheetUrl('DEMO', 60, 70)).toBe('/heatmaps/DEMO/sheets/60.jpg?n=70');
    expect(sheetUrl('DEMO', 60, 89)).toBe('/heatmaps/DEMO/sheets/60.jpg');
  });

  it('is loaded with its neighbours, as far as there are minutes', () => {
    const kept = { from: 100, to: 1539 };
    expect(sheetsAround(610, kept)).toEqual([600, 630, 570]);
    expect(sheetsAround(1539, kept)).toEqual([1530, 1500]);
    expect(sheetsAround(101, kept)).toEqual([90, 120]);
  });

  it('covers 330 minutes with a dozen sheets', () => {
    const wanted = new Set<number>();
    for (let minute = 1000; minute > 670; minute -= 1)
      sheetsAround(minute, { from: 0, to: 1439 }).forEach((first) => wanted.add(first));
    expect(wanted.size).toBeLessThanOrEqual(330 / SHEET_MINUTES + 4);
  });
});

describe('the minutes beside the one shown', () => {
  it('are those that are wanted next', () => {
    expect(minutesAround(10, 100, 'still')).toEqual([11, 9, 12, 8]);
    expect(minutesAround(10, 100, 'slow')).toEqual([11, 12, 13]);
    expect(minutesAround(100, 100, 'still')).toEqual([99, 98]);
  });
});

// Which pictures of the timeline are worth loading: sheets of half an hour while the handle moves, whole minutes at rest.

import type { Window } from './zoom.ts';

export const SHEET_COLUMNS = 5;
export const SHEET_ROWS = 6;
export const SHEET_MINUTES = SHEET_COLUMNS * SHEET_ROWS;

/** `still`: it rests. `slow`: it plays, a minute after the other. `fast`: it is dragged, or plays faster. */
export type MovingPace = 'still' | 'slow' | 'fast';

/** Where a minute stands in its sheet. */
export interface SheetPlace {
  first: number;
  column: number;
  row: number;
}

export function sheetPlace(minute: number): SheetPlace {
  const first = Math.floor(minute / SHEET_MINUTES) * SHEET_MINUTES;
  const number = minute - first;
  return { first, column: number % SHEET_COLUMNS, row: Math.floor(number / SHEET_COLUMNS) };
}

/** The sheet that goes on is another picture with every minute. */
export function sheetUrl(site: string, first: number, newest: number): string {
  const grows = newest < first + SHEET_MINUTES - 1;
  return `/heatmaps/${encodeURIComponent(site)}/sheets/${first}.jpg${grows ? `?n=${newest}` : ''}`;
}

/** The sheets of the minute and of those before and after it, of the minutes that there are. */
export function sheetsAround(minute: number, { from, to }: Window): number[] {
  const { first } = sheetPlace(minute);
  return [first, first + SHEET_MINUTES, first - SHEET_MINUTES].filter((one) => one + SHEET_MINUTES > from && one <= to);
}

/** The minutes beside one that is shown, those first that are wanted next. */
export function minutesAround(index: number, last: number, pace: MovingPace): number[] {
  const steps = pace === 'slow' ? [1, 2, 3] : [1, -1, 2, -2];
  return steps.map((step) => index + step).filter((near) => near >= 0 && near <= last);
}

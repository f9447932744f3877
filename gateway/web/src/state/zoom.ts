// How much time the bar shows: from 90 days to ten seconds. Closer than a day, the handle stays where it is.

import { DAY, HOUR, MINUTE } from '../format/time.ts';

const SECOND = 1000;
export const REACHES = [90 * DAY, 30 * DAY, 7 * DAY, DAY, 6 * HOUR, HOUR, 10 * MINUTE, MINUTE, 10 * SECOND] as const;

export interface Window {
  from: number;
  to: number;
}

export function reachWord(reach: number): string {
  if (reach > DAY) return `${reach / DAY} d`;
  if (reach < MINUTE) return `${reach / SECOND} s`;
  return reach >= HOUR ? `${reach / HOUR} h` : `${reach / MINUTE} min`;
}

/** As it stands in the address; a reach that is none of ours is a day. */
export const reachCode = (reach: number): string => reachWord(reach).replace(' min', 'm').replace(' ', '');
export const reachFrom = (code: string | null): number => REACHES.find((reach) => reachCode(reach) === code) ?? DAY;

/** The next shorter (`by` 1) or longer (-1) reach, or the same at either end. */
export function nextReach(reach: number, by: 1 | -1): number {
  const at = REACHES.findIndex((r) => r === reach);
  return REACHES[Math.max(0, Math.min(REACHES.length - 1, at + by))] ?? DAY;
}

/** `reach` of the day with the moment `at` standing at `share` of it, never reaching out of the day. */
export function windowAround(at: number, share: number, reach: number, day: Window): Window {
  if (reach >= day.to - day.from) return day;
  const from = Math.max(day.from, Math.min(day.to - reach, at - share * reach));
  return { from, to: from + reach };
}

/** The window moves on by whole halves only when the moment has left it. */
export function windowWith(at: number, window: Window, day: Window): Window {
  const reach = window.to - window.from;
  if (at >= window.from && at <= window.to) return windowAround(at, (at - window.from) / reach, reach, day);
  return windowAround(at, 0.5, reach, day);
}

/** How far an arrow key moves the handle: a minute of a day, a second of ten minutes, a tenth of ten seconds. */
export function stepOf(reach: number): number {
  if (reach > DAY) return reach > 30 * DAY ? 3 * HOUR : reach > 7 * DAY ? HOUR : 10 * MINUTE;
  return reach >= 6 * HOUR ? MINUTE : reach >= HOUR ? 10 * SECOND : exactnessOf(reach);
}

/** How exact a moment is that was chosen on the bar: a pixel of ten seconds is a hundredth of a second. */
export function exactnessOf(reach: number): number {
  return reach < MINUTE ? SECOND / 10 : SECOND;
}

/** Minutes between two labels. */
export function labelEvery(reach: number, width: number): number {
  const room = Math.max(2, Math.floor(width / 84));
  const hours = [1 / 60, 1 / 30, 1 / 6, 1 / 2, 1, 2, 5, 10, 15, 30, 60, 120, 180, 360];
  const steps = reach > DAY ? [...hours, 720, 1440, 2880, 7 * 1440, 14 * 1440] : hours;
  return steps.find((minutes) => reach / (minutes * MINUTE) <= room) ?? (reach > DAY ? 28 * 1440 : 360);
}

/** Steps in which a window moves before it is asked for again. */
const STEPS = 4;
/** The hub answers no more at once. */
export const LONGEST_ASKED = 92 * DAY;

/** The window with what is beside it, in whole steps, so that a bar that is moved does not ask all the time. */
export function askedWindow({ from, to }: Window): Window {
  const fitting = Math.floor((LONGEST_ASKED - (to - from)) / 2 / MINUTE) * MINUTE;
  const step = Math.max(MINUTE, Math.min(fitting, Math.ceil((to - from) / STEPS / MINUTE) * MINUTE));
  return { from: Math.floor(from / step) * step, to: Math.ceil(to / step) * step };
}

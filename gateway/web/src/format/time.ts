// Time as people see it: UTC inside, the site's zone only here. Days have 23, 24 or 25 hours.

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;
/** Zones are whole quarters of an hour off UTC. */
const QUARTER = 15 * MINUTE;
/** Farther away than this a day of a month may be that of another year. */
const HALF_A_YEAR = 182 * DAY;

interface Parts {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(zone, found);
  }
  return found;
}

export function partsIn(ms: number, zone: string): Parts {
  const parts: Record<string, number> = {};
  for (const { type, value } of format(zone).formatToParts(ms)) parts[type] = Number(value);
  return parts as unknown as Parts;
}

/** Milliseconds to add to UTC to get the wall clock of the zone at that moment. */
export function offsetAt(ms: number, zone: string): number {
  const p = partsIn(ms, zone);
  return Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(ms / 1000) * 1000;
}

export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: zone });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const two = (n: number): string => String(n).padStart(2, '0');

export function dateIn(ms: number, zone: string): string {
  const p = partsIn(ms, zone);
  return `${p.year}-${two(p.month)}-${two(p.day)}`;
}

/** A date that the hub knows: of the years from 1970 to 2199. */
export function isDate(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return (
    /^(19[7-9]|20\d|21\d)\d-\d{2}-\d{2}$/.test(text) && !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
  );
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** The first moment of a local date. Where midnight does not exist, the moment the clock jumps to. */
export function startOfDay(date: string, zone: string): number {
  const wall = Date.parse(`${date}T00:00:00Z`);
  const candidates = [wall - offsetAt(wall - DAY, zone), wall - offsetAt(wall + DAY, zone)];
  const exact = candidates.filter((at) => at + offsetAt(at, zone) === wall).sort((a, b) => a - b);
  return exact[0] ?? Math.max(...candidates);
}

export function dayBounds(date: string, zone: string): { from: number; to: number; hours: number } {
  const from = startOfDay(date, zone);
  const to = startOfDay(addDays(date, 1), zone);
  return { from, to, hours: (to - from) / HOUR };
}

export interface HourOfDay {
  hour: number;
  repeated: boolean;
  /** Its first moment. */
  at: number;
}

/** The hours of a local date in their order: one is missing, or there twice, where the clocks are set. */
export function hoursOf(date: string, zone: string): HourOfDay[] {
  const { from, to } = dayBounds(date, zone);
  const found: HourOfDay[] = [];
  let before = -1;
  // Clocks are set by half an hour as well, so an hour begins where its name changes, or where it starts anew.
  for (let at = from; at < to; at += QUARTER) {
    const { hour, minute } = partsIn(at, zone);
    const again = found.at(-1)?.hour === hour;
    if (!again || minute < before) found.push({ hour, repeated: again, at });
    before = minute;
  }
  return found;
}

/** The moment of `HH:MM` or `HH:MM:SS` on a local date; the first of two in the hour that is lived twice. */
export function momentOf(date: string, clockText: string, zone: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = clockText.split(':').map(Number);
  const { from, to } = dayBounds(date, zone);
  for (let at = from; at < to; at += QUARTER) {
    const p = partsIn(at, zone);
    const ahead = (hours - p.hour) * HOUR + (minutes - p.minute) * MINUTE;
    if (ahead >= 0 && ahead < QUARTER) return at + ahead + seconds * 1000;
  }
  return Math.min(from + hours * HOUR + minutes * MINUTE, to - MINUTE) + seconds * 1000;
}

/** All moments at which the clock of the zone shows the same as at this one, in their order: one, or two. */
export function sameClock(ms: number, zone: string): number[] {
  if (!changesAround(ms, zone)) return [ms];
  const wall = ms + offsetAt(ms, zone);
  const candidates = [ms - DAY, ms, ms + DAY].map((near) => wall - offsetAt(near, zone));
  return [...new Set(candidates)].filter((at) => at + offsetAt(at, zone) === wall).sort((a, b) => a - b);
}

/** `HH:MM` as on a wall, which may show the same twice a day. */
export function wallClock(ms: number, zone: string, seconds = false): string {
  const p = partsIn(ms, zone);
  return `${two(p.hour)}:${two(p.minute)}${seconds ? `:${two(p.second)}` : ''}`;
}

/** As on a wall; in an hour that a day has twice, with which of the two it is: `02:30 UTC+2`. */
export function clock(ms: number, zone: string, seconds = false): string {
  const shown = wallClock(ms, zone, seconds);
  return isTwice(ms, zone) ? `${shown} ${offsetWord(ms, zone)}` : shown;
}

function isTwice(ms: number, zone: string): boolean {
  return sameClock(ms, zone).length > 1;
}

const changing = new Map<string, boolean>();

/** Whether the clocks are set within a day of this moment: on nearly all days they are not. */
function changesAround(ms: number, zone: string): boolean {
  const day = Math.floor(ms / DAY);
  const key = `${zone} ${day}`;
  let found = changing.get(key);
  if (found === undefined) {
    found = offsetAt((day - 1) * DAY, zone) !== offsetAt((day + 2) * DAY, zone);
    changing.set(key, found);
  }
  return found;
}

export function offsetWord(ms: number, zone: string): string {
  const offset = offsetAt(ms, zone) / MINUTE;
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `UTC${offset < 0 ? '−' : '+'}${hours}${minutes ? `:${two(minutes)}` : ''}`;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function dateWords(date: string): string {
  const at = new Date(`${date}T00:00:00Z`);
  return `${weekdays[at.getUTCDay()]} ${at.getUTCDate()} ${months[at.getUTCMonth()]}`;
}

export function dayWord(ms: number, now: number, zone: string): string {
  const date = dateIn(ms, zone);
  const today = dateIn(now, zone);
  if (date === today) return 'Today';
  if (date === addDays(today, -1)) return 'Yesterday';
  return Math.abs(ms - now) < HALF_A_YEAR ? dateWords(date) : `${dateWords(date)} ${date.slice(0, 4)}`;
}

export function stamp(ms: number, now: number, zone: string, seconds = false): string {
  const word = dayWord(ms, now, zone);
  return word === 'Today' ? clock(ms, zone, seconds) : `${word} ${clock(ms, zone, seconds)}`;
}

/** `Thu 5 Jan 2026, 10:00:00 Europe/Berlin (UTC+1)`: what a hover says. */
export function inFull(ms: number, zone: string): string {
  const date = dateIn(ms, zone);
  return `${dateWords(date)} ${date.slice(0, 4)}, ${wallClock(ms, zone, true)} ${zone} (${offsetWord(ms, zone)})`;
}

export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return s < 600 && s % 60 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 60)} min`;
  const [days, hours, minutes] = [Math.floor(s / 86400), Math.floor((s % 86400) / 3600), Math.floor((s % 3600) / 60)];
  if (days) return hours ? `${days} d ${hours} h` : `${days} d`;
  return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
}

/** How long something held; as of the moment shown where it still does: of what is over, that moment is no matter. */
export const lasted = (it: { since: string; until: string | null; duration_s: number }, shown: () => number): string =>
  span(it.until === null ? (shown() - Date.parse(it.since)) / 1000 : it.duration_s);

export function ago(ms: number, now: number): string {
  const s = Math.floor((now - ms) / 1000);
  if (s < 2) return 'now';
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ago`;
  return `${Math.floor(s / 86400)} d ago`;
}

export interface AxisTick {
  at: number;
  label: string;
  midnight: boolean;
}

/** Whole local hours within [from, to], every `step` hours of the wall clock. */
export function hourTicks(from: number, to: number, zone: string, step = 1): AxisTick[] {
  const ticks: AxisTick[] = [];
  for (let at = Math.ceil(from / QUARTER) * QUARTER; at <= to; at += QUARTER) {
    const p = partsIn(at, zone);
    if (p.minute === 0 && p.hour % step === 0) ticks.push({ at, label: `${two(p.hour)}:00`, midnight: p.hour === 0 });
  }
  return ticks;
}

/** Every `step`-th local midnight within [from, to], counted from a fixed one, so that labels stay while the bar moves. */
export function dayTicks(from: number, to: number, zone: string, step: number): AxisTick[] {
  const ticks: AxisTick[] = [];
  for (let date = dateIn(from, zone); ; date = addDays(date, 1)) {
    const at = startOfDay(date, zone);
    if (at > to) return ticks;
    if (at >= from && (Date.parse(`${date}T00:00:00Z`) / DAY) % step === 0)
      ticks.push({ at, label: dateWords(date), midnight: true });
  }
}

/** Whole steps of the wall clock within [from, to]. */
export function minuteTicks(from: number, to: number, zone: string, minutes: number): AxisTick[] {
  if (minutes >= 1440) return dayTicks(from, to, zone, minutes / 1440);
  if (minutes >= 60) return hourTicks(from, to, zone, minutes / 60);
  const step = minutes * MINUTE;
  const offset = offsetAt(from, zone);
  const first = Math.ceil((from + offset) / step) * step - offset;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => {
    const p = partsIn(first + i * step, zone);
    const seconds = minutes < 1 ? `:${two(p.second)}` : '';
    return {
      at: first + i * step,
      label: `${two(p.hour)}:${two(p.minute)}${seconds}`,
      midnight: p.hour === 0 && p.minute === 0 && p.second === 0,
    };
  });
}

/** The UTC slot `HHMM` of an epoch minute in the ring of 1,440 tiles. */
export function slotOf(minute: number): string {
  const ofDay = ((minute % 1440) + 1440) % 1440;
  return `${two(Math.floor(ofDay / 60))}${two(ofDay % 60)}`;
}

export const iso = (ms: number): string => new Date(ms).toISOString();

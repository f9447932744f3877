// The dashboard of a day.

import { dateIn, dayBounds, isDate, partsIn } from '../../src/format/time.ts';
import { HOUR, MINUTE, devices, peopleAt, sites, started } from '../world.ts';
import { type Schemas, Refused } from './basics.ts';

export function dashboard(site: string, date: string | null): Schemas['Dashboard'] {
  const zone = sites.find((s) => s.site === site)?.time_zone ?? 'UTC';
  const day = date ?? dateIn(Date.now(), zone);
  if (!isDate(day)) throw new Refused(400, `“${day}” is not a date of the form YYYY-MM-DD`);
  const { from, to } = dayBounds(day, zone);
  const here = devices.filter((d) => d.site === site);
  const word = (n: number): string => (n >= 7 ? 'high' : n >= 4 ? 'medium' : 'low');
  const zones: Schemas['Dashboard']['zones'] = {};
  const hours = new Map<number, number>();
  if (from < Date.now() && from > started - 40 * 24 * HOUR) {
    for (const d of here) {
      let [peak, events] = [0, 0];
      for (let at = from; at < Math.min(to, Date.now()); at += 10 * MINUTE) {
        const n = peopleAt(d, at);
        const hour = partsIn(at, zone).hour;
        peak = Math.max(peak, n);
        events += n;
        hours.set(hour, Math.max(hours.get(hour) ?? 0, n));
      }
      zones[d.device] = { peak, events, intensity: word(peak) };
    }
  }
  const hourly = [...hours]
    .sort((a, b) => a[0] - b[0])
    .map(([hour, count]) => ({ hour, repeated: false, count, intensity: word(count) }));
  const triggers: Record<string, number> = hourly.length
    ? { UNAUTHORIZED_STRANGER: 23, RESTRICTED_ACCESS: 18, CROWD_VIOLATION: 3, total_events: 2844 }
    : { total_events: 0 };
  return { site_name: site, date: day, zones, hourly, critical_events: triggers };
}

// The hour of a day in which most people were there at once.

import type { Dashboard } from '../api/api';
import { clock, hoursOf } from './time';

export interface Peak {
  count: number;
  /** As the clock of the site shows it when the hour begins; of two of the same name, which it is. Null without people. */
  at: string | null;
}

export function peakOf(date: string, hourly: Dashboard['hourly'], zone: string): Peak {
  const count = Math.max(0, ...hourly.map((h) => h.count));
  const most = hourly.find((h) => h.count === count);
  const hour = hoursOf(date, zone).find((h) => h.hour === most?.hour && h.repeated === most.repeated);
  return { count, at: count && hour ? clock(hour.at, zone) : null };
}

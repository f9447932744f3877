// The order of lists of events. The log answers in the order of arrival; people read the time of each event.

import type { Recorded } from '../api/api';

/** By the time that is shown; of two of the same time, what arrived last comes first. */
export const newestFirst = <R extends Recorded>(events: readonly R[]): R[] =>
  [...events].sort((a, b) => Date.parse(b.event.time) - Date.parse(a.event.time) || b.position - a.position);

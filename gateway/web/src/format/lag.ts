// How far a consumer is behind, as a bar.

import type { Tone } from './words';

/** A consumer that is no further behind is up to date: what is on its way says nothing. */
const UP_TO_DATE = 1000;
const FULL = 1_000_000;

/** Empty while up to date, then by powers of ten, because 10,000 and 1,000,000 both matter. */
export const lagShare = (lag: number): number =>
  lag <= UP_TO_DATE ? 0 : Math.min(1, Math.log10(lag / UP_TO_DATE) / Math.log10(FULL / UP_TO_DATE));

export const lagTone = (lag: number): Tone => (lag > 10 * UP_TO_DATE ? 'crit' : lag > UP_TO_DATE ? 'warn' : 'ok');

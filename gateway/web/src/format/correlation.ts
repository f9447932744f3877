// How closely a temperature follows another reading, in words.

import type { Correlations } from '../api/api';
import { span } from './time';
import { capital, plural, regionWord } from './words';

type Region = Correlations['regions'][number];

/** How much better a delay must be to be named. */
const BETTER_BY = 0.02;

/** `top winding: 0.84 over 120 minutes; 0.97 if the temperature is taken 14 min later`. */
export function correlationWords({ roi, at_once: now, closest }: Region): string {
  const name = regionWord(roi);
  if (!now && !closest) return `${capital(name)}: cannot be computed`;
  const first = now ? `${now.pearson.toFixed(2)} over ${plural(now.pairs, 'minute')}` : '';
  const isBetter = closest && closest.lag_s > 0 && closest.pearson > (now?.pearson ?? -1) + BETTER_BY;
  const later = isBetter
    ? `${closest.pearson.toFixed(2)} if the temperature is taken ${span(closest.lag_s)} later`
    : '';
  return `${capital(name)}: ${[first, later].filter(Boolean).join('; ')}`;
}

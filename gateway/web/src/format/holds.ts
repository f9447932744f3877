/** What a hold keeps, in words. */
import type { PlacedHold } from '../api/api';
import { span } from './time';

/** Recordings that were deleted before it was placed, it cannot keep. */
export function holdWords(hold: Pick<PlacedHold, 'dropped_s' | 'devices'>): string {
  const kept = 'Kept until somebody releases it, on the system page';
  if (hold.dropped_s < 1) return kept;
  const whose = hold.devices.length === 1 ? '' : ', of all its cameras together,';
  return `${kept}; ${span(hold.dropped_s)} of recordings${whose} had been deleted before`;
}

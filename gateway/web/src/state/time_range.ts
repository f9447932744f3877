// Moments and ranges of time as they stand in the address.

import type { Window } from './zoom.ts';

export const formatMoment = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z');

/** Shorter ones are a click that slipped. */
export const SHORTEST_MS = 1000;

export function rangeFrom(text: string | undefined): Window | null {
  const [from, to] = (text ?? '').split('/').map((part) => Date.parse(part));
  return from !== undefined && to !== undefined && to - from >= SHORTEST_MS ? { from, to } : null;
}

export const rangeText = ({ from, to }: Window): string => `${formatMoment(from)}/${formatMoment(to)}`;

// The colours of heat that live thermal pictures have as well: Inferno, from black over red to yellow.

const STOPS: readonly (readonly [number, number, number])[] = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
];

/** Of a share from 0 (cold) to 1 (hot). */
export function colourOf(share: number): [number, number, number] {
  const place = Math.max(0, Math.min(1, share)) * (STOPS.length - 1);
  const below = Math.min(STOPS.length - 2, Math.floor(place));
  const [low, high] = [STOPS[below] ?? [0, 0, 0], STOPS[below + 1] ?? [0, 0, 0]];
  const part = place - below;
  return [0, 1, 2].map((i) => Math.round((low[i] ?? 0) + ((high[i] ?? 0) - (low[i] ?? 0)) * part)) as [
    number,
    number,
    number,
  ];
}

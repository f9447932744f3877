// The colour of a number of people, by how many they are beside most days.

const STRENGTH: Record<string, number> = { low: 1, medium: 2, high: 3 };

/** Of nobody the class is `intensity-0`. */
export const intensityClass = (intensity: string | null | undefined): string =>
  `intensity-${intensity ? (STRENGTH[intensity] ?? 0) : 0}`;

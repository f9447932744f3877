// What two people changed of the same thing at once.

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** `now`, with what was changed between `before` and `typed`. A list is one thing: whoever changed it has all of it. */
export function withChanges<T>(before: T, typed: T, now: T): T {
  if (isSame(before, typed)) return structuredClone(now);
  if (!isFields(before) || !isFields(typed) || !isFields(now)) return structuredClone(typed);
  const names = new Set([...Object.keys(now), ...Object.keys(typed)]);
  return Object.fromEntries([...names].map((name) => [name, withChanges(before[name], typed[name], now[name])])) as T;
}

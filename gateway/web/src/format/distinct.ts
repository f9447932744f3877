// Names that people gave twice: distinguished by what the hub calls each.

interface Named {
  name: string;
}

/** The same list, where each name that stands there more than once has its id behind it. */
export function distinctly<T extends Named>(all: readonly T[], idOf: (one: T) => string): T[] {
  const times = new Map<string, number>();
  for (const { name } of all) times.set(name, (times.get(name) ?? 0) + 1);
  return all.map((one) => ((times.get(one.name) ?? 0) > 1 ? { ...one, name: `${one.name} (${idOf(one)})` } : one));
}

// What this browser remembers. One that may keep nothing, or has no room, forgets when the page is closed.

const held = new Map<string, string>();

/** Reading and writing throw where a person has forbidden it, and writing where there is no room. */
function guarded<T>(act: () => T, otherwise: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof DOMException) return otherwise();
    throw error;
  }
}

export const storage = {
  get: (key: string): string | null =>
    guarded(
      () => held.get(key) ?? localStorage.getItem(`watchpost.${key}`),
      () => held.get(key) ?? null,
    ),
  set: (key: string, value: string): void =>
    guarded(
      () => {
        localStorage.setItem(`watchpost.${key}`, value);
        held.delete(key);
      },
      () => void held.set(key, value),
    ),
  remove: (key: string): void => {
    held.delete(key);
    guarded(
      () => localStorage.removeItem(`watchpost.${key}`),
      () => undefined,
    );
  },
};

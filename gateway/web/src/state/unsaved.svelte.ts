// What somebody has begun to change and has not saved: it is asked for before it is left behind.

class Unsaved {
  #begun = new Set<() => boolean>();
  /** What is done once somebody has said that what they changed may go. */
  leaving = $state.raw<(() => void) | null>(null);

  constructor() {
    // The browser asks in its own words.
    addEventListener('beforeunload', (event) => {
      if (this.any) event.preventDefault();
    });
  }

  /** `isBegun` says whether something would be lost. Ends with what it returns, as an effect does. */
  keep(isBegun: () => boolean): () => void {
    this.#begun.add(isBegun);
    return () => void this.#begun.delete(isBegun);
  }

  get any(): boolean {
    return [...this.#begun].some((isBegun) => isBegun());
  }

  /** At once where nothing would be lost, else when somebody agrees. */
  leave(go: () => void): void {
    if (this.any) this.leaving = go;
    else go();
  }

  agree(): void {
    const go = this.leaving;
    this.leaving = null;
    go?.();
  }

  stay(): void {
    this.leaving = null;
  }
}

export const unsaved = new Unsaved();

// The view on screen adds its keys to the page's single listener, and takes them away with itself.

import type { KeyPress } from './keys';

type Handler = (event: KeyboardEvent) => void;

class ViewKeys {
  #handler: Handler | null = null;
  #dismiss: (() => boolean) | null = null;

  /** `dismiss` closes what lies open and says whether something did. */
  use(handler: Handler, dismiss: (() => boolean) | null = null): () => void {
    this.#handler = handler;
    this.#dismiss = dismiss;
    return () => {
      if (this.#handler !== handler) return;
      this.#handler = null;
      this.#dismiss = null;
    };
  }

  pressed(event: KeyboardEvent & KeyPress): void {
    this.#handler?.(event);
  }

  dismissed(): boolean {
    return this.#dismiss?.() ?? false;
  }
}

export const viewKeys = new ViewKeys();

import type { Component } from 'svelte';
import type { View } from './views';

type Load = () => Promise<{ default: Component }>;

/** The views that are part of the page from the start, and those whose code comes when they are opened. */
export class LazyViews {
  #loaded = $state.raw<Partial<Record<View, Component>>>({});
  #failed = $state.raw<ReadonlySet<View>>(new Set());
  #late: Partial<Record<View, Load>>;

  constructor(early: Partial<Record<View, Component>>, late: Partial<Record<View, Load>>) {
    this.#loaded = early;
    this.#late = late;
  }

  /** Nothing while its code is on its way. */
  of(view: View): Component | undefined {
    return this.#loaded[view];
  }

  /** Its code is not to be had: the hub is away, or serves the page of another version by now. */
  hasFailed(view: View): boolean {
    return this.#failed.has(view);
  }

  async load(view: View): Promise<void> {
    const load = this.#late[view];
    if (!load || this.#loaded[view]) return;
    try {
      const found = await load();
      this.#loaded = { ...this.#loaded, [view]: found.default };
      this.#failed = new Set([...this.#failed].filter((one) => one !== view));
    } catch {
      this.#failed = new Set([...this.#failed, view]);
    }
  }
}

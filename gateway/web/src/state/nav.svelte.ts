// Where the page is: read from the address, written to the address.

import type { MovingPace } from './minute_sheets';
import { changedRoute, formatRoute, parseRoute, placeOf, type Change, type Route } from './route';
import { unsaved } from './unsaved.svelte';

class Navigation {
  route = $state<Route>(parseRoute(location.pathname, location.search));
  /** Whether the moment is being moved: by a hand on the handle, or by a view that plays. */
  pace = $state<MovingPace>('still');

  constructor() {
    addEventListener('popstate', () => this.#returned());
  }

  /** At once, or once somebody has agreed where something would be left that they have not saved. */
  #move(next: Route, move: () => void): void {
    if (placeOf(next) === placeOf(this.route)) move();
    else unsaved.leave(move);
  }

  /** The browser is there already when it says so. */
  #returned(): void {
    const next = parseRoute(location.pathname, location.search);
    const isLeft = unsaved.any && placeOf(next) !== placeOf(this.route);
    if (!isLeft) return void (this.route = next);
    history.pushState(null, '', formatRoute(this.route));
    unsaved.leave(() => this.#write(next, false));
  }

  #write(next: Route, replace: boolean): void {
    history[replace ? 'replaceState' : 'pushState'](null, '', formatRoute(next));
    this.route = next;
  }

  /** `replace` for what moves continuously (a handle being dragged), so that the back button skips it. */
  go(change: Change, replace = false): void {
    const next = changedRoute(this.route, change);
    if (formatRoute(next) === location.pathname + location.search) return;
    this.#move(next, () => this.#write(next, replace));
  }

  /** Where a link leads; `arrived` is called once it is there. */
  open(path: string, query: string, arrived: () => void): void {
    const next = parseRoute(path, query);
    this.#move(next, () => {
      history.pushState(null, '', path + query);
      this.route = next;
      arrived();
    });
  }

  /** A handle being dragged: the view follows at once, the address when it is let go. */
  scrub(at: number | null): void {
    const next = { ...this.route, at };
    this.#move(next, () => {
      this.pace = 'fast';
      this.route = next;
    });
  }

  settle(): void {
    this.pace = 'still';
    const address = formatRoute(this.route);
    if (address !== location.pathname + location.search) history.pushState(null, '', address);
  }

  href(change: Change): string {
    return formatRoute(changedRoute(this.route, change));
  }
}

export const nav = new Navigation();

/** Links are real links; a plain click stays in the page. */
export function follow(node: HTMLElement): { destroy: () => void } {
  const clicked = (event: MouseEvent): void => {
    const link = (event.target as Element).closest?.('a');
    const href = link?.getAttribute('href');
    if (!link || !href?.startsWith('/') || link.target || link.hasAttribute('download')) return;
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const to = new URL(link.href);
    if (/^\/(api|media|hls|live|heatmaps)\//.test(to.pathname)) return;
    event.preventDefault();
    const moved = to.pathname !== location.pathname;
    if (to.pathname + to.search === location.pathname + location.search) return;
    nav.open(to.pathname, to.search, () => {
      if (moved) document.querySelector('main')?.scrollTo({ top: 0 });
    });
  };
  node.addEventListener('click', clicked);
  return { destroy: () => node.removeEventListener('click', clicked) };
}

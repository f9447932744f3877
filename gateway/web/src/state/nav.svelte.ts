// Where the page is: read from the address, written to the address.

import type { MovingPace } from './minute_sheets';
import { changedRoute, formatRoute, parseRoute, type Change, type Route } from './route';

class Navigation {
  route = $state<Route>(parseRoute(location.pathname, location.search));
  /** Whether the moment is being moved: by a hand on the handle, or by a view that plays. */
  pace = $state<MovingPace>('still');

  constructor() {
    addEventListener('popstate', () => (this.route = parseRoute(location.pathname, location.search)));
  }

  /** `replace` for what moves continuously (a handle being dragged), so that the back button skips it. */
  go(change: Change, replace = false): void {
    const next = changedRoute(this.route, change);
    const address = formatRoute(next);
    if (address === location.pathname + location.search) return;
    history[replace ? 'replaceState' : 'pushState'](null, '', address);
    this.route = next;
  }

  /** A handle being dragged: the view follows at once, the address when it is let go. */
  scrub(at: number | null): void {
    this.pace = 'fast';
    this.route = { ...this.route, at };
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
    history.pushState(null, '', to.pathname + to.search);
    nav.route = parseRoute(to.pathname, to.search);
    if (moved) document.querySelector('main')?.scrollTo({ top: 0 });
  };
  node.addEventListener('click', clicked);
  return { destroy: () => node.removeEventListener('click', clicked) };
}

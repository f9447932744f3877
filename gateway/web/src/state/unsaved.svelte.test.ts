// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest';
import { nav } from './nav.svelte';
import { unsaved } from './unsaved.svelte';

let isBegun = false;
const end = unsaved.keep(() => isBegun);

/** In the settings of a site, where somebody has changed something. */
function begun(): void {
  isBegun = false;
  nav.go({ view: 'settings', site: 'DEMO', devices: [], at: null, filters: {} });
  isBegun = true;
}

afterEach(() => {
  isBegun = false;
  unsaved.stay();
});

const asks = (): boolean => unsaved.leaving !== null;

describe('what somebody has changed and not saved', () => {
  it('is not left by a change of view, and is left once they agree', () => {
    begun();

    nav.go({ view: 'wall' });
    expect([nav.route.view, location.pathname, asks()]).toEqual(['settings', '/settings', true]);
    unsaved.agree();
    expect([nav.route.view, location.pathname, asks()]).toEqual(['wall', '/wall', false]);
  });

  it('stays where they stay', () => {
    begun();

    nav.open('/wall', '?site=DEMO', () => expect.unreachable());
    unsaved.stay();

    expect([nav.route.view, location.pathname, asks()]).toEqual(['settings', '/settings', false]);
  });

  it('is not left by the way back, whose address is that of the view again', () => {
    begun();
    history.replaceState(null, '', '/timeline?site=DEMO');

    dispatchEvent(new PopStateEvent('popstate'));
    expect([nav.route.view, location.pathname, asks()]).toEqual(['settings', '/settings', true]);
    unsaved.agree();
    expect([nav.route.view, location.pathname + location.search]).toEqual(['timeline', '/timeline?site=DEMO']);
  });

  it('is not left for the past by the handle of the time bar', () => {
    begun();

    nav.scrub(Date.parse('2026-01-05T10:00:00Z'));

    expect([nav.route.at, asks()]).toEqual([null, true]);
  });

  it('does not hinder what leaves it as it is', () => {
    begun();

    nav.go({ reach: 3_600_000 }, true);

    expect([nav.route.reach, asks()]).toEqual([3_600_000, false]);
  });

  it('makes the browser ask before the page is closed, and nothing else does', () => {
    const closing = (): boolean => {
      const event = new Event('beforeunload', { cancelable: true });
      dispatchEvent(event);
      return event.defaultPrevented;
    };
    begun();

    expect(closing()).toBe(true);
    isBegun = false;
    expect(closing()).toBe(false);
    isBegun = true;
    end();
    expect(closing()).toBe(false);
  });
});

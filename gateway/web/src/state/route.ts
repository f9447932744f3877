// A view is a function of (site, devices, moment); the address says which.

import { NAME } from '../api/contract.ts';
import { DAY } from '../format/time.ts';
import { knownFilters, withoutThoseOfSite } from './filters.ts';
import { formatMoment } from './time_range.ts';
import { VIEWS, type View } from './views.ts';
import { reachCode, reachFrom } from './zoom.ts';

export interface Route {
  view: View;
  site: string | null;
  devices: string[];
  /** Milliseconds of the epoch; null is now. */
  at: number | null;
  /** Milliseconds that the time bar shows. */
  reach: number;
  /** Filters of the one view, as they stand in the address. */
  filters: Record<string, string>;
}

/** A day after 1970 began, whatever the zone. */
const EARLIEST = 2 * DAY;
const name = new RegExp(`^${NAME}$`);

/** A moment that has not come yet is now: nobody knows more of it. So is one of before the hub can have known any. */
function momentFrom(text: string | null, now: number): number | null {
  const ms = text !== null && /^\d{4}-\d\d-\d\d(T|$)/.test(text) ? Date.parse(text) : NaN;
  return ms >= EARLIEST && ms <= now ? ms : null;
}

function viewOf(path: string): View {
  const first = path.split('/')[1] ?? '';
  if (first === '') return 'wall';
  return VIEWS.find((view) => view === first) ?? 'nowhere';
}

export function parseRoute(path: string, query: string, now = Date.now()): Route {
  const params = new URLSearchParams(query);
  const site = params.get('site');
  const view = viewOf(path);
  return {
    view,
    site: site !== null && name.test(site) ? site : null,
    devices: [...new Set((params.get('device') ?? '').split(',').filter((device) => name.test(device)))],
    at: momentFrom(params.get('at'), now),
    reach: reachFrom(params.get('reach')),
    filters: knownFilters(view, params),
  };
}

export function formatRoute(route: Route): string {
  const pairs: [string, string][] = [];
  if (route.site) pairs.push(['site', route.site]);
  if (route.devices.length) pairs.push(['device', route.devices.join(',')]);
  if (route.at !== null) pairs.push(['at', formatMoment(route.at)]);
  if (route.reach !== DAY) pairs.push(['reach', reachCode(route.reach)]);
  for (const [key, value] of Object.entries(route.filters).sort()) if (value !== '') pairs.push([key, value]);
  // Colons and commas are legal in a query and readable in a link.
  const query = pairs.map(([k, v]) => `${k}=${encodeURIComponent(v).replaceAll('%3A', ':').replaceAll('%2C', ',')}`);
  return `/${route.view}${query.length ? `?${query.join('&')}` : ''}`;
}

/** What a view holds of what somebody types: where this differs, it is left. Playback keeps its notes in any moment. */
export function placeOf({ view, site, devices, at, filters }: Route): string {
  const moment = view === 'playback' || at === null ? null : 'then';
  return JSON.stringify([view, site, view === 'device' ? devices : [], moment, filters['edit'], filters['tab']]);
}

export type Change = Partial<Omit<Route, 'filters'>> & { filters?: Record<string, string> };

/**
 * Filters belong to a view: a change of view drops them unless it brings its own, and one of the site those of it.
 * One that the view does not know is left out: an answer may come when somebody is in another view by now.
 */
export function changedRoute(route: Route, change: Change): Route {
  const moved = change.view !== undefined && change.view !== route.view;
  const elsewhere = change.site !== undefined && route.site !== null && change.site !== route.site;
  const before = moved ? {} : elsewhere ? withoutThoseOfSite(route.filters) : route.filters;
  const filters = { ...before, ...change.filters };
  return { ...route, ...change, filters: knownFilters(change.view ?? route.view, Object.entries(filters)) };
}

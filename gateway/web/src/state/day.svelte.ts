// The day behind the time bar and the mosaics: 1,440 states, incidents, alerts, and why minutes are missing.

import type { GapEvent } from '../api/contract';
import { url, type Alert, type Condition, type Events, type Incident, type Timeline } from '../api/api';
import { ticker } from './clock.svelte';
import { live } from '../api/live.svelte';
import { moment } from './moment.svelte';
import { nav } from './nav.svelte';
import { page } from './page.svelte';
import { Resource } from '../api/resource.svelte';
import { DAY, MINUTE, dateIn, iso } from '../format/time';
import { MINUTES, decodeRevisions, decodeStates, incidentAt, type MinuteState } from './timeline';

export class Day {
  timeline: Resource<Timeline>;
  incidents: Resource<{ incidents: Incident[] }>;
  alerts: Resource<{ alerts: Alert[] }>;
  gaps: Resource<Events<GapEvent>>;
  states = $derived.by((): MinuteState[] =>
    this.timeline.data ? decodeStates(this.timeline.data.states, this.timeline.data.classes, this.count) : [],
  );
  revisions = $derived.by(() => (this.timeline.data ? decodeRevisions(this.timeline.data.revisions) : undefined));
  /** What was the case in the minutes with an incident. */
  incidentMinutes = $derived.by(() => this.timeline.data?.incidents ?? []);
  /** 1,440 minutes, or as many as a past day had. */
  count = $derived.by(() =>
    this.timeline.data
      ? this.timeline.data.newest - Math.floor(Date.parse(this.timeline.data.from) / MINUTE) + 1
      : MINUTES,
  );
  /** The newest epoch minute of the 1,440. */
  newest = $derived.by(() => this.timeline.data?.newest ?? Math.floor(ticker.now / MINUTE) - 1);
  from = $derived.by(() => (this.newest - this.count + 1) * MINUTE);
  to = $derived.by(() => Math.max((this.newest + 1) * MINUTE, this.date ? 0 : ticker.now));
  /** A day that has passed, when the moment lies before the last 24 hours. */
  date = $derived.by(() => {
    const at = moment.settled;
    return at !== null && at < Math.floor(ticker.now / MINUTE) * MINUTE - DAY ? dateIn(at, page.zone) : null;
  });

  constructor() {
    const minute = $derived(Math.floor(ticker.now / MINUTE));
    const range = (): { from: string; to: string } => ({ from: iso(this.from), to: iso((this.newest + 2) * MINUTE) });
    this.timeline = new Resource(() =>
      page.site ? url(`/api/v1/timeline/${encodeURIComponent(page.site)}`, { date: this.date }) : null,
    );
    const later = { later: true };
    this.incidents = new Resource(
      () => (page.site ? url('/api/v1/incidents', { site: page.site, ...range(), limit: 500 }) : null),
      later,
    );
    this.alerts = new Resource(
      () => (page.site ? url('/api/v1/alerts', { site: page.site, limit: 500 }) : null),
      later,
    );
    this.gaps = new Resource(
      () =>
        page.site
          ? url('/api/v1/events', { site: page.site, type: 'watchpost.gap.v1', ...range(), limit: 100, order: 'desc' })
          : null,
      later,
    );
    $effect(() => {
      // A minute closes some seconds after its end; whoever moves over the day gets it when the handle rests.
      void minute;
      if (nav.pace === 'fast') return;
      const timer = setTimeout(this.timeline.reload, 4000);
      return () => clearTimeout(timer);
    });
    $effect(() =>
      live.listenAlways((_, type) => {
        if (type === 'incident') this.incidents.reload();
        if (type === 'alert') this.alerts.reload();
        if (type === 'gap') this.gaps.reload();
      }),
    );
  }

  /** How bad the incidents of a minute were. */
  conditionAt(index: number): Condition | null {
    return incidentAt(this.incidentMinutes, index)?.condition ?? null;
  }
}

const held: { day: Day | null } = { day: null };

/** Called once by the root component, before any view asks. */
export function startDay(): void {
  held.day = new Day();
}

export function day(): Day {
  if (!held.day) throw new Error('The day is asked for before the page has started');
  return held.day;
}

export function goTo(ms: number): void {
  nav.go({ at: ms >= Date.now() - 1000 ? null : Math.floor(ms / 1000) * 1000 });
}

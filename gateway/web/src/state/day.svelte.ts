// The day behind the time bar and the mosaics: 1,440 states, incidents, alerts, and why minutes are missing.

import { untrack } from 'svelte';
import type { GapEvent } from '../api/contract';
import { url, type Alert, type Condition, type Events, type Incident, type Timeline } from '../api/api';
import { ticker } from './clock.svelte';
import { live } from '../api/live.svelte';
import { moment } from './moment.svelte';
import { nav } from './nav.svelte';
import { page } from './page.svelte';
import { Resource } from '../api/resource.svelte';
import { DAY, HOUR, MINUTE, dateIn, iso } from '../format/time';
import { withDrawn, type DrawnMinute } from './drawn_minutes';
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
    return at !== null && at < ticker.minute - DAY ? dateIn(at, page.zone) : null;
  });

  /** Drawn while the timeline was on its way, or while the handle moves: then nothing shifts under it. */
  #drawn = $state.raw<DrawnMinute[]>([]);

  constructor() {
    const minute = $derived(Math.floor(ticker.now / MINUTE));
    /** Whole hours, so that a minute more is not another question: what happens meanwhile is an event. */
    const range = (): { from: string; to: string } => ({
      from: iso(Math.floor(this.from / HOUR) * HOUR),
      to: iso(Math.ceil(((this.newest + 2) * MINUTE) / HOUR) * HOUR),
    });
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
      // Without the stream: a minute closes some seconds after its end.
      void minute;
      if (nav.pace === 'fast' || live.state === 'live') return;
      const timer = setTimeout(this.timeline.reload, 4000);
      return () => clearTimeout(timer);
    });
    $effect(() => live.listenMinutes((drawn) => (this.#drawn = [...this.#drawn, drawn])));
    $effect(() => {
      const drawn = this.#drawn;
      if (drawn.length && !this.timeline.loading && nav.pace !== 'fast') untrack(() => this.#take(drawn));
    });
    $effect(() =>
      live.listenAlways((_, type) => {
        if (type === 'incident') this.incidents.reload();
        if (type === 'alert') this.alerts.reload();
        if (type === 'gap') this.gaps.reload();
      }),
    );
  }

  #take(minutes: readonly DrawnMinute[]): void {
    this.#drawn = [];
    const known = this.timeline.data;
    if (!known || this.date !== null) return;
    const next = minutes.reduce<Timeline | null>((one, drawn) => one && withDrawn(one, drawn), known);
    if (next === null) this.timeline.reload();
    else this.timeline.data = next;
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

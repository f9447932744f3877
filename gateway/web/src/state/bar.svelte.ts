// What the time bar shows: the day whose minutes are kept, or up to 90 days, of which incidents and alerts are known.

import type { GapEvent } from '../api/contract';
import {
  url,
  type Alert,
  type Alerts,
  type Events,
  type Incident,
  type IncidentMinutes,
  type Incidents,
} from '../api/api';
import { ticker } from './clock.svelte';
import { day } from './day.svelte';
import { live } from '../api/live.svelte';
import { moment } from './moment.svelte';
import { nav } from './nav.svelte';
import { page } from './page.svelte';
import { Resource } from '../api/resource.svelte';
import { DAY, MINUTE, iso } from '../format/time';
import { incidentAt, longStates, type MinuteState } from './timeline';

export class Bar {
  #day = day();
  #reach = $derived(Math.max(DAY, nav.route.reach));
  /** Minutes of more than the last 24 hours are not kept. */
  #long = $derived.by(() => this.#reach > DAY || this.#day.date !== null);
  #now = $derived(ticker.minute);
  /** A whole minute. A moment before all that would be shown takes the range along, in whole days. */
  #end = $derived.by(() => {
    const latest = (this.#day.date ? Math.floor(this.#now / MINUTE) : this.#day.newest + 1) * MINUTE;
    const at = moment.settled;
    return at === null || at >= latest - this.#reach
      ? latest
      : Math.min(latest, Math.ceil((at + this.#reach / 2) / DAY) * DAY);
  });
  #ofDate = $derived.by(() => this.#day.date !== null && this.#reach === DAY);
  count = $derived.by(() => (this.#long && !this.#ofDate ? this.#reach / MINUTE : this.#day.count));
  from = $derived.by(() => (this.#long && !this.#ofDate ? this.#end - this.#reach : this.#day.from));
  endsNow = $derived.by(
    () => !this.#ofDate && ticker.now - this.#end < 2 * DAY && this.#end >= this.#now - 10 * MINUTE,
  );
  to = $derived.by(() => Math.max(this.from + this.count * MINUTE, this.endsNow ? ticker.now : 0));

  #incidents: Resource<Incidents>;
  #alerts: Resource<Alerts>;
  #gaps: Resource<Events<GapEvent>>;
  #first: Resource<Events>;

  #troubles = $derived.by(
    (): Incident[] => (this.#long ? this.#incidents.data : this.#day.incidents.data)?.incidents ?? [],
  );
  states = $derived.by((): MinuteState[] => {
    if (!this.#long) return this.#day.states;
    const known = this.#day.date ? [] : this.#day.states;
    const begun = this.#first.data?.events[0]?.event.time;
    const states = longStates(
      Math.floor(this.from / MINUTE),
      this.count,
      { first: Math.floor(this.#day.from / MINUTE), states: known },
      this.#troubles,
      begun ? Date.parse(begun) : null,
      this.#now,
    );
    // Of yesterday some minutes are kept still.
    return this.#ofDate
      ? states.map((state, i) => {
          const kept = this.#day.states[i];
          return kept && kept !== 'no_data' ? kept : state;
        })
      : states;
  });

  incidentMinutes = $derived.by((): IncidentMinutes[] => (this.#long ? [] : this.#day.incidentMinutes));
  /** Whether it shows times whose minutes are not kept, of which shares are known. */
  isLong = $derived.by(() => this.#long);

  constructor() {
    const asked = (path: string, params: Record<string, string | number>): string | null => {
      if (!this.#long || !page.site) return null;
      return url(path, {
        site: page.site,
        from: iso(this.from),
        to: iso(this.from + this.count * MINUTE + MINUTE),
        ...params,
      });
    };
    this.#incidents = new Resource(() => asked('/api/v1/incidents', { limit: 1000 }));
    this.#alerts = new Resource(() => asked('/api/v1/alerts', { limit: 500 }));
    this.#gaps = new Resource(() => asked('/api/v1/events', { type: 'gap', limit: 500, order: 'desc' }));
    this.#first = new Resource(() =>
      this.#long && page.site ? url('/api/v1/events', { site: page.site, limit: 1 }) : null,
    );
    $effect(() =>
      live.listenAlways((_, type) => {
        if (type === 'incident') this.#incidents.reload();
        if (type === 'alert') this.#alerts.reload();
      }),
    );
  }

  stateAt(ms: number): MinuteState {
    return this.states[Math.floor((ms - this.from) / MINUTE)] ?? 'no_data';
  }

  /** Within `room` of a moment: what is narrower than a pointer is met as well. */
  incidentsAt(ms: number, room = MINUTE): Incident[] {
    return this.#troubles.filter(
      (i) => Date.parse(i.opened) < ms + room && (i.closed === null || Date.parse(i.closed) > ms - room + MINUTE),
    );
  }

  /** What was the case in a minute, also where more incidents happened than are listed. */
  typesAt(ms: number): string[] {
    return incidentAt(this.incidentMinutes, Math.floor((ms - this.from) / MINUTE))?.types ?? [];
  }

  gapAt(ms: number): string | null {
    const events = (this.#long ? this.#gaps.data : this.#day.gaps.data)?.events ?? [];
    return events.find((e) => Math.abs(Date.parse(e.event.time) - ms) < 10 * MINUTE)?.event.data.cause || null;
  }

  alertsIn(): Alert[] {
    const alerts = (this.#long ? this.#alerts.data : this.#day.alerts.data)?.alerts ?? [];
    return alerts.filter((a) => Date.parse(a.raised) >= this.from && Date.parse(a.raised) <= this.to);
  }
}

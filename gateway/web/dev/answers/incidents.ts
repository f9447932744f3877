// Incidents, alerts, and what people said of them.

import { alerts, incidents, iso, named, started, type FakeIncident } from '../world.ts';
import { type Schemas, Refused, position, levelOf } from './basics.ts';
import { eventOf } from './events.ts';

/** What was said of each incident. */
const reviews = new Map<string, Schemas['IncidentReview']>();

type Action = Schemas['ReviewEntry']['action'];

export function review(body: Record<string, unknown>): Schemas['Reviews'] {
  const [by, comment] = [String(body['by']), typeof body['comment'] === 'string' ? body['comment'] : null];
  const [action, ids] = [body['action'] as Action, body['incidents'] as string[]];
  const at = iso(Date.now());
  const entry = { id: `review-${at}`, action, by, at, comment, assignee: null, undone_by: null };
  const said = incidents.filter((i) => ids.includes(i.id));
  for (const one of said) {
    const before = incident(one).review;
    const state = action === 'reviewed' || action === 'discarded' ? action : before.state;
    reviews.set(one.id, { ...before, state, by, at, reason: comment, entries: [...before.entries, entry] });
  }
  return { reviews: [entry.id], incidents: said.map((one) => incident(one)) };
}

export function incidentReason(id: string): Schemas['IncidentReason'] {
  const found = incidents.find((one) => one.id === id);
  if (!found) throw new Refused(404, `There is no incident ${id}`);
  const picture = (part: 'first' | 'last' | 'decided', at: number): Schemas['Picture'] => ({
    part,
    time: iso(at),
    url: `/media/${found.site}/${found.device}/thumbnail/${at}`,
  });
  return {
    now: null,
    incident: incident(found),
    rule: { name: found.type, version: 1, text: 'Opened when 80 % of the frames of 30 s show it.' },
    events: [],
    pictures: [picture('first', found.opened), picture('decided', found.opened + 30_000)],
    alert: null,
  };
}

export const mutes = (): Schemas['Mutes'] => ({
  mutes: [
    {
      id: 'mute-1',
      site: 'DEMO',
      devices: ['yard'],
      types: ['freeze'],
      start: iso(started),
      end: iso(started + 3_600_000),
      reason: 'The lens is cleaned',
      by: 'Mara',
      at: iso(started),
      ended_by: null,
      ended: null,
      over: false,
      withheld: 2,
    },
  ],
});

export function incidentFigures(now: number): Schemas['IncidentFigures'] {
  const open = incidents.filter((i) => i.opened <= now && (i.closed === null || i.closed > now)).length;
  return {
    open,
    closed: incidents.length - open,
    not_reviewed: incidents.length - reviews.size,
    without_alert: 0,
    this_week: incidents.length,
    most_common: { type: 'freeze', count: 2 },
  };
}

export function incident(i: FakeIncident, now = Date.now()): Schemas['Incident'] {
  const closed = i.closed !== null && i.closed <= now ? i.closed : null;
  return {
    ...i,
    ...named(i.site, i.device),
    state: closed === null ? 'open' : 'closed',
    opened: iso(i.opened),
    closed: closed === null ? null : iso(closed),
    duration_s: ((closed ?? now) - i.opened) / 1000,
    level: levelOf(i.type),
    priority: ['blackscreen', 'freeze', 'corrupt_rows', 'macroblocks', 'audio_loss'].indexOf(i.type) + 1 || null,
    under: null,
    suppressed: null,
    mute_id: null,
    review: reviews.get(i.id) ?? { state: 'open', by: null, at: null, reason: null, assignee: null, entries: [] },
    rule: i.type,
    rule_version: 1,
    causes: [],
    media: [],
  };
}

export function alertAnswers(q: URLSearchParams, now: number): Schemas['Alerts'] {
  const fits = (a: Schemas['Alert']): boolean =>
    (['site', 'device', 'state', 'id'] as const).every((name) => !q.get(name) || a[name] === q.get(name));
  return {
    alerts: alerts(now)
      .filter(fits)
      .slice(0, Number(q.get('limit') ?? 50)),
  };
}

export function incidentAnswers(q: URLSearchParams, now: number): Schemas['Incidents'] {
  const fits = (i: FakeIncident): boolean =>
    (['site', 'device', 'id'] as const).every((name) => !q.get(name) || i[name] === q.get(name));
  return {
    incidents: incidents
      .filter((i) => i.opened <= now && fits(i))
      .map((i) => incident(i, now))
      .reverse(),
  };
}

export function why(id: string): Schemas['Reason'] {
  const alert = alerts().find((a) => a['id'] === id);
  if (!alert) throw new Refused(404, `There is no alert ${id}`);
  const raised = Date.parse(String(alert['raised']));
  const source = `/sites/${String(alert['site'])}/devices/${String(alert['device'])}`;
  const event = (n: number, type: string, at: number, data: Record<string, unknown>): Schemas['RecordedEvent'] => ({
    position: position() - 900 + n,
    received: iso(at + 60),
    event: eventOf(`why-${n}`, source, type, at, data),
  });
  const media = (alert['media'] as string[]).length
    ? [raised - 20_000, raised - 10_000, raised].map(
        (at) => `/media/${String(alert['site'])}/${String(alert['device'])}/thumbnail/${at}`,
      )
    : [];
  return {
    now: null,
    alert,
    rule: {
      name: alert['type'],
      version: 1,
      text: 'Raised when 80 % of the frames of 30 s show the condition; cleared after 10 s without it.',
    },
    events: [
      event(1, 'frame', raised - 31_000, { freeze: true, freeze_diffs: [0.4, 0.3, 0.4] }),
      event(2, 'frame', raised - 12_000, { freeze: true, freeze_diffs: [0.3, 0.3, 0.2] }),
      event(3, 'incident', raised - 4_000, {
        type: alert['type'],
        state: 'opened',
        share: 0.93,
        ...(alert['details'] as object),
      }),
      event(4, 'alert', raised, { type: alert['type'], level: alert['level'], state: 'raised', message: '' }),
    ],
    media,
  };
}

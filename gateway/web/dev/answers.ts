// The JSON that the played gateway answers with, by path.

import { devices, find, iso, rois } from './world.ts';
import { rules, trial, trials } from './trials.ts';
import { type Schemas, Refused, asOf } from './answers/basics.ts';
import { incidentReason, mutes, incidentFigures, alertAnswers, incidentAnswers, why } from './answers/incidents.ts';
import { agents, health, siteAnswers, deviceAnswers, registration } from './answers/devices.ts';
import { timeline, pastTiles, shares } from './answers/minutes.ts';
import { dashboard } from './answers/dashboard.ts';
import { events } from './answers/events.ts';
import { perDevice } from './answers/one_device.ts';
import { storage, retentionPlan } from './answers/storage.ts';
import { consumers, system } from './answers/hub.ts';

const field = (path: string, minimum: number, maximum: number, unit: string | null): Schemas['SettingsField'] => ({
  path,
  description: null,
  minimum,
  above: null,
  maximum,
  longest: null,
  unit,
  choices: null,
  default: minimum,
});

const session: Schemas['Session'] = { signed_in: true, token_needed: false };

const alive = (): Schemas['Alive'] => ({ status: 'healthy', time: iso(Date.now()), problems: [], version: '0.1.0' });

type Answering = (q: URLSearchParams, now: number, id: string) => unknown;

/** By the first word after `/api/v1/`, where one answer is all there is. */
const families: Record<string, Answering> = {
  settings: (): Schemas['SettingsFields'] => ({
    fields: [field('motion.sensitivity', 0, 100, null), field('motion.min_area', 100, 10_000, 'px')],
  }),
  'roi-sets': (): Schemas['RoiSets'] => ({ sets: { pole_mounted: rois } }),
  session: (): Schemas['Session'] => session,
  alerts: (q, now): Schemas['Alerts'] => alertAnswers(q, now),
  incidents: (q, now, id): Schemas['Incidents'] | Schemas['IncidentReason'] =>
    id ? incidentReason(id) : incidentAnswers(q, now),
  'incident-figures': (_q, now): Schemas['IncidentFigures'] => incidentFigures(now),
  mutes: (): Schemas['Mutes'] => mutes(),
  rules: (): Schemas['Rules'] => ({ rules, version: 3, sentences: {} }),
  trials: (_q, _now, id): Schemas['Trials'] | Schemas['Detailed'] | undefined =>
    id ? trial(id) : { trials: trials() },
  dashboard: (q, _now, id): Schemas['Dashboard'] => dashboard(id, q.get('date')),
  timeline: (_q, _now, id): Schemas['Timeline'] => timeline(id),
  storage: (_q, now, id): Schemas['Storage'] | Schemas['RetentionPlan'] =>
    id === 'retention' ? retentionPlan(now) : storage(),
  consumers: (): Schemas['Consumers'] => consumers(),
  agents: (_q, now): Schemas['Agents'] => agents(now),
  enrolments: (): Schemas['EnrolledAgents'] => ({ enrols: true, agents: [] }),
  system: (): Schemas['System'] => system(),
  events: (q): Schemas['Events'] => events(q),
  health: (_q, now): Schemas['FullHealth'][] => devices.map((d) => health(d, now)),
};

export function answer(path: string, q: URLSearchParams): unknown {
  const part = path.split('/').filter(Boolean).map(decodeURIComponent);
  const [first, , family = '', id = '', third, name = ''] = part;
  const now = asOf(q);
  if (first === 'health') return alive();
  if (family === 'sites' && part.length === 3) return siteAnswers(now);
  if (family === 'sites' && third === 'registration') return registration(id);
  if (family === 'sites' && third === 'devices' && !name) return deviceAnswers(id, now);
  if (family === 'sites' && third === 'devices') {
    const d = find(id, name);
    if (!d) throw new Refused(404, `There is no device ${name} at ${id}`);
    return perDevice(d, part.slice(6).join('/'), q);
  }
  if (family === 'sites' && third === 'readings') return { series: [] } satisfies Schemas['ReadingSeriesList'];
  if (family === 'alerts' && third === 'why') return why(id);
  if (family === 'timeline' && third === 'conditions') return shares(id, q, now);
  if (family === 'timeline' && third === 'past') return pastTiles(id);
  const answering = families[family];
  if (!answering) throw new Refused(404, `Nothing is served at ${path}`);
  return answering(q, now, id);
}

// What is asked about one device.

import { HOUR, iso, objectsAt, peopleAt, rois, started, type FakeDevice } from '../world.ts';
import { type Schemas, Refused, position, asOf } from './basics.ts';
import { deviceAnswer, health } from './devices.ts';
import { settings, settingsOf } from './events.ts';
import { wave, seriesOf, temperatures, thermal } from './measurements.ts';
import { holes, spans } from './recordings.ts';

export function perDevice(d: FakeDevice, what: string, q: URLSearchParams): unknown {
  const to = Date.parse(q.get('to') ?? '') || Date.now();
  const from = Date.parse(q.get('from') ?? '') || to - HOUR;
  const seconds = Number(q.get('step') ?? q.get('bucket') ?? 60);
  if (!Number.isInteger(seconds) || (q.has('step') && seconds < 60))
    throw new Refused(400, 'step: whole minutes, in seconds; bucket: whole seconds');
  switch (what) {
    case '':
      return deviceAnswer(d, asOf(q));
    case 'health':
      return health(d, asOf(q));
    case 'commands':
      return {
        offered: ['settings', 'snapshot', 'record', 'night_mode', 'reconnect', 'restart', 'restart_agent', 'identify'],
        commands: [
          {
            id: 'command-2',
            site: d.site,
            device: d.device,
            name: 'reconnect',
            by: 'Mara',
            asked: iso(started - HOUR),
            state: 'failed',
            detail: 'nothing came within 20 s: no answer',
            ended: iso(started - HOUR + 20_000),
          },
        ],
      };
    case 'settings':
      return settingsOf(d);
    case 'settings/changes':
      return {
        changes: [
          {
            position: 4711,
            time: iso(started - 5 * HOUR),
            by: 'Mara',
            request_id: null,
            settings: { motion: settings.motion },
          },
        ],
      };
    case 'rois':
      return { rois: d.thermal ? rois : [] };
    case 'thumbnails': {
      const times = seriesOf(from, to, 10_000, d);
      const every = Math.max(1, Math.ceil(times.length / Number(q.get('max') ?? 120)));
      const kept = times.filter((_, i) => (times.length - 1 - i) % every === 0);
      return {
        count: kept.length,
        thumbnails: kept.map((at) => ({
          time: iso(at),
          key: `${d.site}/${d.device}/thumbnail/${at}`,
          url: `/media/${d.site}/${d.device}/thumbnail/${at}`,
        })),
      };
    }
    case 'recordings':
      return { recordings: spans(d, from, to) };
    case 'holes':
      return { holes: holes(d, from, to), left_out: 0 };
    case 'motions':
      return {
        motions: seriesOf(from, to, 3_600_000, d)
          .map((at, i) => ({
            started: iso(at),
            latest: iso(at + 12_000),
            is_over: true,
            seconds: 12,
            intensity: 0.1,
            event_class: i % 2 ? 'person' : null,
          }))
          .reverse()
          .filter((one) => !q.get('event_class') || one.event_class === q.get('event_class')),
      };
    case 'motion':
      return {
        bucket_s: seconds,
        buckets: seriesOf(from, to, seconds * 1000, d)
          .map((at) => {
            const events = Math.max(0, Math.round(2 + 3 * wave(at, d.seed, 400_000)));
            return { time: iso(at), events, began: events, seconds: 2 };
          })
          .filter((b) => b.events > 0),
      } satisfies Schemas['MotionCounts'];
    case 'audio':
      return {
        step_s: seconds,
        points: seriesOf(from, to, seconds * 1000, d).map((at) => {
          const db = -44 + 7 * wave(at, d.seed, 900_000);
          return [at, db, Math.round((db + 60) * 2)];
        }),
      };
    case 'temperatures':
      return { step_s: seconds, series: d.thermal ? temperatures(seriesOf(from, to, seconds * 1000, d), d) : [] };
    case 'thermal':
      if (!d.thermal) throw new Refused(404, `${d.name} has no thermal sensor`);
      return thermal();
    case 'detections':
      return {
        detections: seriesOf(Math.max(from, to - 20_000), to, 1000, d)
          .slice(-Number(q.get('limit') ?? 20))
          .map((at) => ({
            time: iso(at),
            position: position(),
            people_count: peopleAt(d, at),
            objects: objectsAt(d, at),
            event_triggers: [],
            media: [],
          })),
      };
    default:
      throw new Refused(404, `There is no ${what} of a device`);
  }
}

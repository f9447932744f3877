// What is shown of one device.

import { OUT_OF_REACH, WAITING, asResource, preview, refused } from '../../../dev/alone';
import { regions, rois } from '../../../dev/world';
import { eventData } from '../../../dev/answers';
import { find } from '../../../dev/world';
import type { ThermalReading } from '../../api/api';
import Acknowledge from '../Acknowledge.svelte';
import AlertWhy from '../why/AlertWhy.svelte';
import Chart from '../Chart.svelte';
import DeviceCharts from '../DeviceCharts.svelte';
import DeviceChoice from '../DeviceChoice.svelte';
import DeviceHealth from '../DeviceHealth.svelte';
import Commands from '../device/Commands.svelte';
import EventClassForm from '../settings/EventClassForm.svelte';
import MotionForm from '../settings/MotionForm.svelte';
import SectionRow, { MOTION_COLUMNS, PICTURE_COLUMNS } from '../settings/SectionRow.svelte';
import SectionTable from '../settings/SectionTable.svelte';
import Motions from '../device/Motions.svelte';
import EvidencePicture from '../why/EvidencePicture.svelte';
import DeviceTroubles from '../DeviceTroubles.svelte';
import InForce from '../InForce.svelte';
import LiveVideo from '../live/LiveVideo.svelte';
import MotionMap from '../MotionMap.svelte';
import Moving from '../Moving.svelte';
import Picture from '../Picture.svelte';
import Regions from '../Regions.svelte';
import Stage from '../Stage.svelte';
import Temperatures from '../Temperatures.svelte';
import Zones from '../Zones.svelte';
import { LONG, asked, device, of, settingsOf, type Case } from './case';
import type { Alert, Alerts } from '../../api/api';

const nothing = (): void => undefined;
const PAST = '/device?site=DEMO&device=transformer&at=';
const [frozen] = asked<Alerts>('/alerts', { device: 'gate', state: 'open' }).alerts as [Alert];
const taken: Alert = {
  ...frozen,
  acknowledged: { by: 'Mara', time: frozen.raised, comment: 'The cable was loose' },
};
const T1 = find('DEMO', 'transformer');
if (!T1) throw new Error('the world of the tests has no transformer');
const measured = {
  ...eventData('thermal', T1, Date.now()),
  time: new Date().toISOString(),
} as unknown as ThermalReading;
const calm = { ...measured, regions: measured.regions.map((one) => ({ ...one, alert_level: 'normal' as const })) };
const now = Date.now();
const minutes = (n: number): string => new Date(now - n * 60_000).toISOString();

export const deviceParts: Case[] = [
  ...of(Acknowledge, 'Acknowledge.svelte', [
    { when: 'typical', props: { alert: frozen, onchanged: nothing }, reads: ['Your name', 'Comment', 'Acknowledge'] },
    {
      when: 'nobody says who',
      props: { alert: frozen, onchanged: nothing },
      press: 'Acknowledge',
      reads: ['Say who you are, so that the others know'],
    },
    {
      when: 'taken note of',
      props: { alert: taken, onchanged: nothing },
      reads: ['Acknowledged by Mara', 'The cable was loose', 'Undo'],
    },
    {
      when: 'refused',
      props: { alert: taken, onchanged: nothing },
      answers: { unacknowledge: refused(409, 'Conflict', { detail: 'somebody else has taken it back' }) },
      press: 'Undo',
      reads: ['Somebody else has taken it back'],
    },
    {
      when: 'out of reach',
      props: { alert: taken, onchanged: nothing },
      answers: { unacknowledge: OUT_OF_REACH },
      press: 'Undo',
      reads: ['The gateway is out of reach'],
    },
    {
      when: 'long names',
      props: {
        alert: { ...taken, acknowledged: { by: LONG, time: frozen.raised, comment: LONG } },
        onchanged: nothing,
      },
      reads: [`Acknowledged by ${LONG}`],
    },
    {
      when: 'the past',
      at: `/alerts?site=DEMO&at=${minutes(1)}`,
      props: { alert: frozen, onchanged: nothing },
      reads: ['Not acknowledged at this moment.'],
      not: [/Your name/],
    },
  ]),
  ...of(EvidencePicture, 'why/EvidencePicture.svelte', [
    { when: 'typical', props: { of: 'DEMO/gate/capture/1', alt: 'First picture' }, reads: ['First picture'] },
  ]),
  ...of(AlertWhy, 'why/AlertWhy.svelte', [
    {
      when: 'typical',
      props: { id: frozen.id, shown: frozen, waiting: false, onchanged: nothing },
      reads: [
        'Why',
        'Picture frozen',
        'open',
        'North gate',
        'The rule',
        'Raised when 80 % of the frames',
        'Events that made it so',
      ],
    },
    {
      when: 'of an address that names nothing',
      props: { id: 'gone', shown: null, waiting: false, onchanged: nothing },
      answers: { why: refused(404, 'nobody asks for it') },
      reads: ['There is no such alert'],
      not: [/Try again/],
    },
    {
      when: 'too old for the list',
      props: { id: frozen.id, shown: null, waiting: false, onchanged: nothing },
      reads: ['Picture frozen', 'Events that made it so'],
    },
    {
      when: 'out of reach',
      props: { id: 'gone', shown: null, waiting: false, onchanged: nothing },
      answers: { alerts: OUT_OF_REACH },
      reads: ['The gateway is out of reach', 'Try again'],
    },
    {
      when: 'waiting',
      props: { id: frozen.id, shown: null, waiting: true, onchanged: nothing },
      answers: { why: WAITING },
      reads: ['Why', 'Loading'],
    },
  ]),
  ...of(Chart, 'Chart.svelte', [
    {
      when: 'typical',
      props: {
        title: 'Temperature',
        unit: '°C',
        from: now - 120_000,
        to: now,
        data: {
          times: [now / 1000 - 60, now / 1000],
          columns: [
            [80, 91.25],
            [50, null],
          ],
        } as never,
        lines: [
          { name: 'top_winding', colour: '#888', thresholds: [{ level: 'warning', value: 80 }] },
          { name: 'bottom_oil', colour: '#999' },
        ],
      },
      reads: [
        'Temperature',
        'Show the thresholds of top_winding',
        /91\.[23] °C/,
        /bottom_oil.* 50\.0 °C/,
        'Temperature over time',
      ],
    },
    {
      when: 'empty',
      props: {
        title: 'Sound',
        unit: 'dB',
        from: now - 120_000,
        to: now,
        data: { times: [], columns: [[]] } as never,
        lines: [{ name: 'level', colour: '#888' }],
      },
      reads: [/^Sound – Sound over time$/],
    },
  ]),
  ...of(DeviceCharts, 'DeviceCharts.svelte', [
    {
      when: 'typical',
      props: { device: device('transformer'), rois },
      reads: ['Over time', 'Temperature, hottest', 'composite', 'Motion', 'Sound', '90 days', 'per hour'],
    },
    {
      when: 'a region over the whole frame',
      props: { device: device('transformer'), rois: [] },
      answers: {
        '/temperatures': {
          step_s: 60,
          series: ['frame', 'full_frame', 'composite'].map((roi) => ({ roi, points: [[now - 60_000, 20, 30, 25]] })),
        },
      },
      reads: ['whole frame', 'whole picture', 'composite'],
    },
    {
      when: 'ninety days of means',
      props: { device: device('transformer'), rois },
      at: '/device?site=DEMO&device=transformer&span=90d&value=mean&per=day',
      reads: ['Temperature, mean', 'top_winding'],
    },
    {
      when: 'empty',
      props: { device: device('yard'), rois: [] },
      answers: { '/motion': { bucket_s: 60, buckets: [] }, '/audio': { step_s: 60, points: [] } },
      reads: ['Nothing was measured in this time'],
    },
    {
      when: 'out of reach',
      props: { device: device('yard'), rois: [] },
      answers: { '/motion': OUT_OF_REACH, '/audio': OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
  ]),
  ...of(DeviceChoice, 'DeviceChoice.svelte', [
    {
      when: 'typical',
      props: { devices: [device('yard'), device('gate')], chosen: ['yard'], most: 4, onchange: nothing },
      reads: ['Devices played in step', 'Yard', 'North gate'],
    },
    {
      when: 'many',
      props: {
        devices: Array.from({ length: 9 }, (_, i) => device('yard', { device: `d${i}`, name: `Hall ${i}` })),
        chosen: ['d0'],
        most: 4,
        onchange: nothing,
      },
      reads: ['Hall 0', 'Add a device …', 'Hall 8'],
    },
    {
      when: 'long names',
      props: { devices: [device('yard', { name: LONG })], chosen: [], most: 4, onchange: nothing },
      reads: [LONG],
    },
    {
      when: 'empty',
      props: { devices: [], chosen: [], most: 4, onchange: nothing },
      reads: [/^Devices played in step$/],
    },
  ]),
  ...of(DeviceHealth, 'DeviceHealth.svelte', [
    {
      when: 'typical',
      props: { device: device('yard') },
      reads: [
        'Health',
        'Healthy',
        'Last picture',
        '960 × 540',
        'Recording since',
        'Captured 12 motions',
        'Camera works',
        'Thermal sensor no answer of the sensor, restarted 1 time',
        'Agent agent-DEMO',
        'wlan0, -61 dBm, 42 ms',
        '2 reconnects, 4 events waiting',
      ],
    },
    {
      when: 'a device that is away',
      props: { device: device('dock') },
      reads: ['Offline', 'Failed attempts in a row 14', 'Recording no'],
    },
    {
      when: 'refused',
      props: { device: device('yard') },
      answers: { health: refused(503, 'no') },
      reads: ['Not ready yet; the page keeps trying'],
    },
    {
      when: 'out of reach',
      props: { device: device('yard') },
      answers: { health: OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
  ]),
  ...of(Commands, 'device/Commands.svelte', [
    {
      when: 'typical',
      props: { device: device('yard') },
      reads: ['Record 1 min', 'Restart agent', 'Reconnect failed', 'nothing came within 20 s: no answer'],
    },
    {
      when: 'a foreign device',
      props: { device: device('yard') },
      answers: { commands: { offered: null, commands: [] } },
      reads: ['This device takes no commands'],
    },
    {
      when: 'refused',
      props: { device: device('yard') },
      answers: { 'commands/restart': refused(409, 'Conflict', { detail: 'yard refused: it has no camera' }) },
      press: 'Restart',
      reads: ['Yard refused: it has no camera'],
    },
    {
      when: 'out of reach',
      props: { device: device('yard') },
      answers: { commands: OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
  ]),
  ...of(MotionForm, 'settings/MotionForm.svelte', [
    {
      when: 'typical',
      props: { device: device('yard'), settings: asResource(settingsOf('yard')), fields: null },
      reads: ['Moves for so many seconds before it counts 0.3', 'Pause in seconds before the next 0', 'Save'],
    },
  ]),
  ...of(EventClassForm, 'settings/EventClassForm.svelte', [
    {
      when: 'typical',
      props: { device: device('yard'), settings: asResource(settingsOf('yard')), fields: null },
      reads: ['Classes of motion', 'Person', 'Size in % of the picture', 'At any hour', 'Add a class'],
    },
    {
      when: 'another class',
      props: { device: device('yard'), settings: asResource(settingsOf('yard')), fields: null },
      press: 'Add a class',
      reads: ['Person', 'Vehicle'],
    },
  ]),
  ...of(Motions, 'device/Motions.svelte', [
    {
      when: 'typical',
      props: { device: device('yard'), classes: settingsOf('yard').event_classes },
      reads: ['Motions', 'All', 'Person', '12 s'],
    },
    {
      when: 'empty',
      props: { device: device('yard'), classes: [] },
      answers: { motions: { motions: [] } },
      reads: ['No motion in the last day'],
    },
    {
      when: 'out of reach',
      props: { device: device('yard'), classes: [] },
      answers: { motions: OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
  ]),
  ...of(DeviceTroubles, 'DeviceTroubles.svelte', [
    {
      when: 'typical',
      props: { device: device('gate') },
      reads: ['Incidents and alerts', 'Picture frozen', 'open', 'Alert open, not acknowledged'],
    },
    {
      when: 'empty',
      props: { device: device('gate') },
      answers: { incidents: { incidents: [] }, alerts: { alerts: [] } },
      reads: ['Nothing has been wrong'],
    },
    {
      when: 'out of reach',
      props: { device: device('gate') },
      answers: { incidents: OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
  ]),
  ...of(InForce, 'InForce.svelte', [
    {
      when: 'typical',
      props: { device: device('yard'), settings: asResource(settingsOf('yard')) },
      reads: [
        'Motion sensitivity 25, from 500 px',
        'Picture black from 95 % black',
        'Ramp (restricted)',
        'by Mara',
        'Edit zones',
      ],
    },
    {
      when: 'empty',
      props: { device: device('transformer'), settings: asResource({ rois: [], zones: [] } as never) },
      reads: ['Regions none', 'Zones none'],
    },
    {
      when: 'nothing reported',
      props: { device: device('gate'), settings: asResource({ reported: [], rois: [], zones: [] } as never) },
      reads: ['The device has not reported any'],
    },
    {
      when: 'out of reach',
      props: { device: device('yard'), settings: asResource(null as never, OUT_OF_REACH) },
      reads: ['The gateway is out of reach'],
    },
    {
      when: 'the past',
      at: `${PAST}${minutes(60)}`,
      props: { device: device('yard'), settings: asResource(settingsOf('yard')) },
      reads: ['in force then'],
      not: [/Edit zones/],
    },
  ]),
  ...of(LiveVideo, 'live/LiveVideo.svelte', [
    { when: 'typical', props: { device: device('yard') }, reads: ['Yard, live video'] },
  ]),
  ...of(MotionMap, 'MotionMap.svelte', [
    {
      when: 'typical',
      props: { device: device('yard'), date: minutes(0).slice(0, 10), today: true },
      reads: ['Where something moved before Yard', /\d+ times?, /],
    },
    {
      when: 'empty',
      props: { device: device('yard'), date: '2026-01-05', today: false },
      answers: { '/motion': { bucket_s: 3600, buckets: [] } },
      reads: ['No motion on this day', 'Yard'],
    },
    {
      when: 'out of reach',
      props: { device: device('yard', { name: LONG }), date: '2026-01-05', today: false },
      answers: { '/motion': OUT_OF_REACH },
      reads: ['Out of reach', LONG],
    },
  ]),
  ...of(SectionRow, 'settings/SectionRow.svelte', [
    {
      when: 'typical',
      props: { device: device('yard'), fields: { fields: [] }, section: 'motion', columns: MOTION_COLUMNS },
      reads: ['Yard', 'Sensitivity, Yard', 'Smallest area, Yard', 'Save'],
    },
    {
      when: 'of the picture',
      props: { device: device('yard'), fields: { fields: [] }, section: 'picture', columns: PICTURE_COLUMNS },
      reads: ['Yard', 'Black from, Yard', 'Rows to, Yard', 'Frozen after, Yard', 'In blocks from, Yard', 'Save'],
    },
    {
      when: 'empty',
      props: { device: device('yard'), fields: null, section: 'motion', columns: MOTION_COLUMNS },
      answers: { settings: { rois: [], zones: [] } },
      reads: ['This device has no motion settings'],
    },
    {
      when: 'refused',
      props: { device: device('yard', { name: LONG }), fields: null, section: 'motion', columns: MOTION_COLUMNS },
      answers: { settings: refused(403, 'no') },
      reads: [LONG, 'This browser may not do that'],
    },
  ]),
  ...of(SectionTable, 'settings/SectionTable.svelte', [
    {
      when: 'typical',
      props: {
        title: 'Faults of the picture',
        hint: 'black: dark pixels',
        section: 'picture',
        columns: PICTURE_COLUMNS,
        fields: null,
        has: (one) => one.device === 'yard',
        none: 'No camera at this site yet',
      },
      reads: ['Faults of the picture', 'black: dark pixels', 'Smeared from', 'Black from, Yard', 'Save'],
      not: [/North gate/],
    },
    {
      when: 'empty',
      props: {
        title: 'Motion',
        hint: 'higher notices more',
        section: 'motion',
        columns: MOTION_COLUMNS,
        fields: null,
        has: () => false,
        none: 'No device at this site yet',
      },
      reads: ['No device at this site yet'],
    },
  ]),
  ...of(Moving, 'Moving.svelte', [
    {
      when: 'typical',
      props: { device: device('yard', { name: LONG }), kind: 'thermal' },
      reads: ['Loading…', `${LONG}, thermal, live`],
    },
    {
      when: 'on a link that carries no live pictures',
      props: { device: device('yard'), kind: 'fusion' },
      answers: { '/fusion.mjpg': refused(404, 'no fusion picture of yard arrives now') },
      reads: ['No live picture arrives now. On a slow link, alerts go first.'],
      not: [/Loading/],
    },
    {
      when: 'with a picture that was kept earlier',
      props: { device: device('yard'), kind: 'visual' },
      answers: { '/visual.mjpg': preview('2026-01-05T10:00:00Z') },
      reads: [/Not live: the newest picture that was kept, of .*\d\d:\d\d:00/, 'picture, not live'],
    },
  ]),
  ...of(Picture, 'Picture.svelte', [
    { when: 'waiting', props: { device: device('yard') }, reads: ['Loading'] },
    { when: 'empty', props: { device: device('yard', { last_frame: null }) }, reads: ['No picture yet'] },
    {
      when: 'a sensor that only measures',
      props: { device: device('yard', { kinds: ['thermal'] }) },
      reads: ['It takes no pictures'],
    },
  ]),
  ...of(Regions, 'Regions.svelte', [
    { when: 'typical', props: { rois, regions: regions(now) }, reads: [/top_winding \d+\.\d °C/, 'bottom_oil'] },
    { when: 'empty', props: { rois: [] }, reads: [/^$/] },
    { when: 'long names', props: { rois: rois.slice(0, 1).map((roi) => ({ ...roi, name: LONG })) }, reads: [LONG] },
    {
      when: 'not measured',
      props: { rois: rois.slice(0, 1).map((roi) => ({ ...roi, enabled: false })) },
      reads: [/^$/],
    },
  ]),
  ...of(Stage, 'Stage.svelte', [
    {
      when: 'typical',
      props: { device: device('transformer'), rois, zones: [], thermal: measured },
      reads: ['Both', 'Picture', 'Thermal', 'Fusion', 'Video', 'Transformer T1, picture, live', 'Hot spot 96.4 °C'],
    },
    {
      when: 'empty',
      props: { device: device('transformer', { online: false }), rois, zones: [], thermal: null },
      reads: ['No thermal picture while the device is away'],
    },
    {
      when: 'the past',
      at: `${PAST}${minutes(60)}`,
      props: { device: device('transformer'), rois, zones: [], thermal: null },
      answers: { events: { events: [], next: null, head: 1 }, thumbnails: { thumbnails: [] } },
      reads: ['Nothing was measured at this moment'],
    },
    {
      when: 'zones',
      props: { device: device('yard'), rois: [], zones: settingsOf('yard').zones ?? [], thermal: null },
      reads: ['Ramp · restricted'],
    },
  ]),
  ...of(Temperatures, 'Temperatures.svelte', [
    {
      when: 'typical',
      props: { device: device('transformer'), thermal: measured, rois },
      reads: ['top_winding', 'Composite 84.6 °C', 'sensor 31.2 °C'],
    },
    {
      when: 'empty',
      props: {
        device: device('transformer'),
        thermal: { ...measured, regions: [], composite_temperature: null, sensor_temp: null } as never,
        rois: [],
      },
      reads: ['Composite –', 'sensor –'],
    },
    {
      when: 'a trend beyond its limit',
      props: { device: device('transformer'), thermal: calm, rois },
      answers: {
        '/incidents': {
          incidents: [{ type: 'temperature_difference', details: { regions: ['bottom_oil'], value: 16, limit: 15 } }],
        },
      },
      reads: ['Warmer than the others', 'Normal'],
    },
  ]),
  ...of(Zones, 'Zones.svelte', [
    { when: 'typical', props: { zones: settingsOf('yard').zones ?? [] }, reads: [/^Ramp · restricted$/] },
    { when: 'empty', props: { zones: [] }, reads: [/^$/] },
    {
      when: 'long names',
      props: {
        zones: [
          {
            name: LONG,
            points: [
              [0, 0],
              [1, 0],
              [1, 1],
            ],
            restricted: false,
            motion: 'normal',
            max_people: null,
          },
        ],
      },
      reads: [LONG],
    },
  ]),
];

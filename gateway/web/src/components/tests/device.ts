// What is shown of one device.

import { OUT_OF_REACH, asResource, refused } from '../../../dev/alone';
import { rois, find } from '../../../dev/world';
import { eventData } from '../../../dev/answers/events';
import type { Events, ThermalReading } from '../../api/api';
import type { ThermalEvent } from '../../api/contract';
import Chart from '../Chart.svelte';
import DeviceCharts from '../DeviceCharts.svelte';
import DeviceChoice from '../DeviceChoice.svelte';
import DeviceHealth from '../DeviceHealth.svelte';
import Commands from '../device/Commands.svelte';
import Motions from '../device/Motions.svelte';
import DeviceTroubles from '../DeviceTroubles.svelte';
import Temperatures from '../Temperatures.svelte';
import { LONG, device, eventsOf, of, settingsOf, type Case } from './case';
import DeviceEvents from '../device/DeviceEvents.svelte';
import TemperaturesCard from '../device/TemperaturesCard.svelte';

const nothing = (): void => undefined;
const T1 = find('DEMO', 'transformer');
if (!T1) throw new Error('the world of the tests has no transformer');
const measured = {
  ...eventData('thermal', T1, Date.now()),
  time: new Date().toISOString(),
} as unknown as ThermalReading;
const calm = { ...measured, regions: measured.regions.map((one) => ({ ...one, alert_level: 'normal' as const })) };
const now = Date.now();

export const deviceParts: Case[] = [
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
        'in 860 segments, 3 snapshots',
        'Last motion',
        'Kept for the next recording 2.9 MB',
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
  ...of(Motions, 'device/Motions.svelte', [
    {
      when: 'typical',
      props: { device: device('yard'), classes: settingsOf('yard').event_classes },
      reads: ['Motions', 'All', 'Person', '12 s'],
    },
    {
      when: 'with zones',
      props: { device: device('yard'), classes: [], zones: settingsOf('yard').zones },
      reads: ['In', 'All of the picture', ...settingsOf('yard').zones.map((one) => one.name)],
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
  ...of(DeviceEvents, 'device/DeviceEvents.svelte', [
    {
      when: 'typical',
      props: { device: device('yard') },
      answers: { events: { events: eventsOf('yard', 'detection'), next: null, head: 9 } },
      reads: ['Events', 'newest first', 'People'],
    },
    { when: 'empty', props: { device: device('yard') }, answers: { events: { events: [] } }, reads: ['No event yet'] },
    {
      when: 'out of reach',
      props: { device: device('yard') },
      answers: { events: OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
  ]),
  ...of(TemperaturesCard, 'device/TemperaturesCard.svelte', [
    {
      when: 'typical',
      props: {
        device: device('transformer'),
        rois,
        measured: asResource<Events<ThermalEvent>>({ events: [] } as never),
        thermal: measured,
        editing: '',
      },
      reads: ['Temperatures', 'Edit regions', 'top_winding'],
    },
    {
      when: 'empty',
      props: {
        device: device('transformer'),
        rois,
        measured: asResource<Events<ThermalEvent>>({ events: [] } as never),
        thermal: null,
        editing: 'rois',
      },
      reads: ['Close editor', 'Nothing measured yet'],
    },
  ]),
];

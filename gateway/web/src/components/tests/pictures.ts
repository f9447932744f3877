// The pictures of a device, and what is drawn over them.

import { OUT_OF_REACH, preview, refused } from '../../../dev/alone';
import { regions, rois, find } from '../../../dev/world';
import { eventData } from '../../../dev/answers/events';
import type { ThermalReading } from '../../api/api';
import LiveVideo from '../live/LiveVideo.svelte';
import MotionMap from '../MotionMap.svelte';
import Moving from '../Moving.svelte';
import Picture from '../Picture.svelte';
import Regions from '../Regions.svelte';
import Stage from '../Stage.svelte';
import Zones from '../Zones.svelte';
import { LONG, device, of, settingsOf, type Case } from './case';

const PAST = '/device?site=DEMO&device=transformer&at=';
const T1 = find('DEMO', 'transformer');
if (!T1) throw new Error('the world of the tests has no transformer');
const measured = {
  ...eventData('thermal', T1, Date.now()),
  time: new Date().toISOString(),
} as unknown as ThermalReading;
const now = Date.now();
const minutes = (n: number): string => new Date(now - n * 60_000).toISOString();

export const pictureParts: Case[] = [
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
    {
      when: 'empty',
      props: { device: device('yard', { has: { hls: true, thermal: false, fusion: false, picture: false } }) },
      reads: ['No picture yet'],
    },
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

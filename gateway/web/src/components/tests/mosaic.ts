// The mosaic of a minute, its table, and why a picture counts as frozen.

import { shares, tile } from '../../../dev/answers/minutes';
import type { Analysis, Tile } from '../../api/api';
import Freeze from '../Freeze.svelte';
import MinuteControls from '../MinuteControls.svelte';
import Mosaic from '../Mosaic.svelte';
import MosaicTable from '../MosaicTable.svelte';
import ShareLane from '../ShareLane.svelte';
import ShareTable from '../ShareTable.svelte';
import TroubleLegend from '../TroubleLegend.svelte';
import { MinutePictures } from '../../state/minute_pictures.svelte';
import { OUT_OF_REACH } from '../../format/problems';
import { bucketsOf } from '../../state/shares';
import { of, type Case } from './case';

const nothing = (): void => undefined;
const minute = Math.floor(Date.now() / 60_000) - 2;
const at = minute * 60_000;
const shown: Tile = tile('DEMO', minute);
const frozen = shown.devices.find((one) => one.analysis_json?.freeze)?.analysis_json as Analysis;
const hour = Math.floor(at / 3_600_000) * 3_600_000;
const range = { from: hour - 23 * 3_600_000, to: hour + 3_600_000 };
const asked = new URLSearchParams({
  step: 'hour',
  from: new Date(range.from).toISOString(),
  to: new Date(range.to).toISOString(),
});
const day = shares('DEMO', asked, Date.now());
const [first] = day.devices;
const of_minute = {
  site: 'DEMO',
  item: { minute, at, index: 1438, slot: '1000' } as never,
  kept: true,
  absent: false,
  unknown: '',
  waiting: false,
  fresh: false,
  pictures: new MinutePictures(),
  sheet: null,
  onloading: nothing,
};

const acts = { show: nothing, toggle: nothing, toIncident: nothing };

export const mosaicParts: Case[] = [
  ...of(MinuteControls, 'MinuteControls.svelte', [
    {
      when: 'typical',
      props: { index: 5, last: 9, atLatest: false, playing: false, pace: 1, types: ['freeze'], ...acts },
      reads: ['Previous minute', 'Play', 'Next minute', 'Play 20 minutes a second', 'Picture frozen'],
    },
    {
      when: 'it plays',
      props: { index: 5, last: 9, atLatest: false, playing: true, pace: 5, types: [], ...acts },
      reads: ['Pause'],
    },
  ]),
  ...of(Freeze, 'Freeze.svelte', [
    {
      when: 'typical',
      props: { device: 'gate', analysis: frozen, at, onclose: nothing },
      reads: [
        'North gate: picture frozen',
        'The one before, 0.4 different',
        'This one, 0.4 different',
        'Device at that moment',
      ],
    },
    {
      when: 'empty',
      props: { device: 'gate', analysis: { ...frozen, last_3_filenames: [], freeze_diffs: [] }, at, onclose: nothing },
      reads: ['The analysis kept no pictures for this minute'],
    },
  ]),
  ...of(Mosaic, 'Mosaic.svelte', [
    { when: 'waiting', props: { ...of_minute, filter: 'all', state: 'ok', tile: shown }, reads: ['Loading…'] },
    {
      when: 'empty',
      props: { ...of_minute, filter: 'all', state: 'no_data', tile: null },
      reads: [/No pictures of \d\d:\d\d/, 'Nothing was received in this minute.'],
    },
    {
      when: 'no incident',
      props: {
        ...of_minute,
        filter: 'ko',
        state: 'ok',
        tile: { ...shown, ko: { width: 0, height: 0, bytes: null, quality: null, cells: [] } },
      },
      reads: ['No device had an incident in this minute'],
    },
    {
      when: 'too long ago',
      props: { ...of_minute, kept: false, filter: 'all', state: 'ok', tile: null },
      reads: ['Every minute is kept for 24 hours'],
    },
    {
      when: 'a picture near it is kept',
      props: {
        ...of_minute,
        kept: false,
        filter: 'all',
        state: 'no_data',
        tile: null,
        past: { minute: minute - 3000, src: '/heatmaps/DEMO/past/1.jpg' },
      },
      reads: ['Loading…'],
    },
    {
      when: 'no minute yet',
      props: { ...of_minute, fresh: true, filter: 'all', state: 'ok', tile: null },
      reads: ['The first minute is on its way'],
    },
    {
      when: 'no device yet',
      props: { ...of_minute, fresh: true, filter: 'all', state: 'ok', tile: null },
      answers: { '/sites/DEMO/devices': { site: 'DEMO', devices: [] } },
      reads: ['No device at this site yet'],
      not: [/on its way/],
    },
    {
      when: 'refused',
      props: { ...of_minute, absent: true, filter: 'all', state: 'ok', tile: null },
      reads: [/No pictures of/],
    },
    {
      when: 'out of reach',
      props: { ...of_minute, unknown: OUT_OF_REACH, filter: 'all', state: 'no_data', tile: null },
      reads: [OUT_OF_REACH, 'The page keeps trying'],
      not: [/No pictures/, /Nothing was received/],
    },
    {
      when: 'nobody known to be well',
      props: {
        ...of_minute,
        filter: 'ok',
        state: 'unknown',
        tile: { ...shown, ok: { width: 0, height: 0, bytes: null, quality: null, cells: [] } },
      },
      reads: ['No device is known to have been well in this minute'],
      not: [/Every device/],
    },
  ]),
  ...of(MosaicTable, 'MosaicTable.svelte', [
    {
      when: 'typical',
      props: { tile: shown, at },
      reads: ['What was seen and heard', '5 devices', 'North gate', 'Picture frozen', 'Sound good', /-4\d\.\d dB/],
    },
    { when: 'empty', props: { tile: { ...shown, devices: [] }, at }, reads: [/^$/] },
    {
      when: 'not analysed',
      props: {
        tile: {
          ...shown,
          devices: shown.devices.map((one, i) => (i ? one : { ...one, analysis_json: null })) as Tile['devices'],
        },
        at,
      },
      reads: ['Not analysed'],
    },
  ]),
  ...of(ShareLane, 'ShareLane.svelte', [
    {
      when: 'typical',
      props: { buckets: first ? bucketsOf(first, day) : [], shown: range, height: 13 },
      reads: [/^$/],
    },
    { when: 'empty', props: { buckets: [], shown: range, height: 13 }, reads: [/^$/] },
  ]),
  ...of(ShareTable, 'ShareTable.svelte', [
    {
      when: 'typical',
      props: { shares: day, failed: false },
      reads: ['Share of time', 'Well', 'In trouble', 'North gate', /\d+\.\d %/],
    },
    { when: 'empty', props: { shares: null, failed: false }, reads: [/^$/] },
    { when: 'refused', props: { shares: null, failed: true }, reads: ['Shares of time are not there yet'] },
  ]),
  ...of(TroubleLegend, 'TroubleLegend.svelte', [
    {
      when: 'typical',
      props: { types: ['freeze', 'offline', 'freeze', 'a_type_of_tomorrow'] },
      reads: ['Offline', 'Picture frozen', 'A type of tomorrow'],
    },
    { when: 'empty', props: { types: [] }, reads: [/^$/] },
  ]),
];

// What playback consists of, in the situations that it can be in.

import { createRawSnippet } from 'svelte';
import { WAITING } from '../../../dev/alone';
import type { Notice } from '../../state/notice.svelte';
import { Playhead } from '../../state/playhead.svelte';
import { HOUR } from '../../format/time';
import CursorPicture from '../CursorPicture.svelte';
import Lane from '../Lane.svelte';
import Lanes from '../Lanes.svelte';
import PassingNotice from '../PassingNotice.svelte';
import PlaybackControls from '../PlaybackControls.svelte';
import RangeStrip from '../RangeStrip.svelte';
import ThermalPicture from '../ThermalPicture.svelte';
import ThermalTools from '../ThermalTools.svelte';
import VideoPane from '../VideoPane.svelte';
import { LONG, device, of, type Case } from './case';

const nothing = (): void => undefined;
const lane = createRawSnippet(() => ({ render: () => '<i></i>' }));
const now = Date.now();
const hour = Math.floor(now / HOUR) * HOUR - HOUR;
const shown = { from: hour, to: hour + HOUR };
const head = new Playhead(hour);
const controls = { head, overlay: true, act: nothing, onspeed: nothing };
const pane = { loaded: shown, at: hour + 1000, isLive: false, overlay: true, alone: false, onplayer: nothing };
const RANGE = `/playback?site=DEMO&range=${new Date(hour).toISOString()}/${new Date(hour + 90_000).toISOString()}`;

export const playbackParts: Case[] = [
  ...of(CursorPicture, 'CursorPicture.svelte', [
    {
      when: 'empty',
      props: { device: device('yard'), at: hour },
      answers: { '.jpg': new Response(null, { status: 204 }) },
      reads: [/^$/],
    },
  ]),
  ...of(Lane, 'Lane.svelte', [
    { when: 'typical', props: { device: device('yard'), shown, height: 24 }, reads: [/^$/] },
    {
      when: 'waiting',
      props: { device: device('yard'), shown, height: 24 },
      answers: { holes: WAITING },
      reads: [/^$/],
    },
  ]),
  ...of(Lanes, 'Lanes.svelte', [
    { when: 'typical', props: { devices: [device('yard'), device('gate')], lane }, reads: ['Yard', 'North gate'] },
    { when: 'alone', props: { devices: [device('yard')], lane }, reads: [/^$/] },
    {
      when: 'long names',
      props: { devices: [device('yard', { name: LONG }), device('gate')], lane },
      reads: [LONG],
    },
  ]),
  ...of(PassingNotice, 'PassingNotice.svelte', [
    { when: 'empty', props: { of: { text: '', number: 0 } as Notice }, reads: [/^$/] },
    { when: 'typical', props: { of: { text: 'Muted', number: 1 } as Notice }, reads: [/^Muted$/] },
  ]),
  ...of(PlaybackControls, 'PlaybackControls.svelte', [
    {
      when: 'typical',
      props: { ...controls, isLive: false },
      reads: ['Previous event', 'Play', 'Next event', '0.25×', '8×', 'Choose a range', 'Boxes and zones', 'Live'],
    },
    { when: 'live', props: { ...controls, isLive: true }, reads: ['Live', 'Today'] },
  ]),
  ...of(RangeStrip, 'RangeStrip.svelte', [
    { when: 'empty', props: { devices: [device('yard')], onplay: nothing }, reads: [/^$/] },
    {
      when: 'typical',
      props: { devices: [device('yard'), device('gate')], onplay: nothing },
      at: RANGE,
      reads: ['Chosen range', '1 min 30 s', '2 devices', 'Play from there', 'Export …', 'Keep …'],
    },
    {
      when: 'kept from deletion',
      props: { devices: [device('yard')], onplay: nothing },
      at: RANGE,
      press: 'Keep …',
      reads: ['Why it is kept', 'Your name', 'Keep it'],
    },
    {
      when: 'exported',
      props: { devices: [device('yard'), device('gate')], onplay: nothing },
      at: RANGE,
      press: 'Export …',
      reads: ['Video (MP4)', '1 min 30 s', 'Yard', 'North gate'],
    },
  ]),
  ...of(ThermalPicture, 'ThermalPicture.svelte', [
    {
      when: 'empty',
      props: { device: device('transformer'), at: hour, rois: [] },
      answers: { events: { events: [], next: null, head: 0 }, thumbnails: { count: 0, thumbnails: [] } },
      reads: ['Nothing was measured at this moment'],
    },
    {
      when: 'typical',
      props: { device: device('transformer'), at: hour, rois: [] },
      answers: {
        events: { events: [], next: null, head: 0 },
        thumbnails: {
          count: 1,
          thumbnails: [
            { time: new Date(hour - 20_000).toISOString(), key: 'a/b/thermal/c', url: '/media/x', tier: 'hot' },
          ],
        },
      },
      reads: ['Transformer T1, thermal picture', 'picture of'],
    },
  ]),
  ...of(ThermalTools, 'ThermalTools.svelte', [
    {
      when: 'typical',
      props: { device: device('transformer'), at: hour, emissivity: null },
      reads: ['Try an emissivity', 'Frames of this hour', 'NumPy', 'table'],
      not: [/A trial/],
    },
    {
      when: 'a trial',
      props: { device: device('transformer'), at: hour, emissivity: 0.8 },
      reads: ['A trial: measured again, nothing is changed'],
    },
  ]),
  ...of(VideoPane, 'VideoPane.svelte', [
    {
      when: 'typical',
      props: { ...pane, device: device('yard') },
      reads: ['Yard, recorded video', 'Yard'],
    },
    { when: 'live', props: { ...pane, device: device('yard'), isLive: true }, reads: ['Yard, live video'] },
    { when: 'long names', props: { ...pane, device: device('yard', { name: LONG }) }, reads: [LONG] },
  ]),
];

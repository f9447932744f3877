// The parts of the playback view alone.

import CursorPicture from '../CursorPicture.svelte';
import Lane from '../Lane.svelte';
import Lanes from '../Lanes.svelte';
import PlaybackControls from '../PlaybackControls.svelte';
import RangeStrip from '../RangeStrip.svelte';
import ThermalPicture from '../ThermalPicture.svelte';
import VideoPane from '../VideoPane.svelte';
import { Playhead } from '../../state/playhead.svelte';
import { WAITING } from '../../../dev/alone';
import type { Holes } from '../../api/api';
import { LONG, device, of, type Case } from './case';

const nothing = (): void => undefined;
const now = Date.now();
const shown = { from: now - 7_200_000, to: now - 3_600_000 };
const at = now - 5_000_000;
const iso = (moment: number): string => new Date(moment).toISOString();

const pane = { loaded: shown, at, isLive: false, alone: true, overlay: false, onplayer: nothing };
const nightly: Holes = {
  holes: [
    {
      start: iso(shown.from),
      end: iso(shown.to),
      cause: 'not_scheduled',
      since: null,
      data: {},
      open: false,
      duration_s: 3600,
    },
  ],
  left_out: 0,
};

const RANGE = `/playback?site=DEMO&device=yard&range=${iso(shown.from)}/${iso(shown.from + 90_000)}`;
const head = (): Playhead => new Playhead(at);
const controls = { isLive: false, overlay: true, act: nothing, onspeed: nothing };

export const playbackParts: Case[] = [
  ...of(CursorPicture, 'CursorPicture.svelte', [
    { when: 'waiting', props: { device: device('yard'), at }, answers: { '.json': WAITING }, reads: [/^$/] },
  ]),
  ...of(Lane, 'Lane.svelte', [
    { when: 'typical', props: { device: device('yard'), shown, height: 26 }, reads: [/^$/] },
  ]),
  ...of(Lanes, 'Lanes.svelte', [
    { when: 'empty', props: { devices: [], shown }, reads: [/^$/] },
    {
      when: 'long names',
      props: { devices: [device('yard'), device('gate', { name: LONG })], shown },
      reads: ['Yard', LONG],
    },
  ]),
  ...of(PlaybackControls, 'PlaybackControls.svelte', [
    {
      when: 'the past',
      props: { ...controls, head: head() },
      reads: ['Previous event', 'Play', 'Next frame', '0.25×', '8×', 'Choose a range', 'Boxes and zones'],
    },
    { when: 'live', props: { ...controls, head: head(), isLive: true }, reads: ['Live'], not: [/Live$/] },
  ]),
  ...of(RangeStrip, 'RangeStrip.svelte', [
    { when: 'empty', props: { devices: [device('yard')], onplay: nothing }, reads: [/^$/] },
    {
      when: 'typical',
      props: { devices: [device('yard'), device('gate')], onplay: nothing },
      at: RANGE,
      reads: ['Chosen range', '2 devices', 'Play from there', 'Choose nothing'],
    },
  ]),
  ...of(ThermalPicture, 'ThermalPicture.svelte', [
    {
      when: 'empty',
      props: { device: device('transformer'), at, rois: [] },
      answers: { '/events': { events: [], next: null }, thumbnails: { thumbnails: [] } },
      reads: ['Nothing was measured at this moment'],
    },
  ]),
  ...of(VideoPane, 'VideoPane.svelte', [
    {
      when: 'waiting',
      props: { ...pane, device: device('yard'), alone: false },
      answers: { holes: WAITING },
      reads: ['Loading…', 'Yard, recorded video'],
    },
    {
      when: 'long names',
      props: { ...pane, device: device('yard', { name: LONG }), alone: false },
      answers: { holes: nightly },
      reads: [`${LONG}, recorded video`],
    },
  ]),
];

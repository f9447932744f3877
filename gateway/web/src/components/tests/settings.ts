// The settings of a device: its sections as forms and as tables.

import { OUT_OF_REACH, asResource, refused } from '../../../dev/alone';
import EventClassForm from '../settings/EventClassForm.svelte';
import MotionForm from '../settings/MotionForm.svelte';
import SectionRow, { MOTION_COLUMNS, PICTURE_COLUMNS } from '../settings/SectionRow.svelte';
import SectionTable from '../settings/SectionTable.svelte';
import InForce from '../InForce.svelte';
import { LONG, device, of, settingsOf, type Case } from './case';
import type { Settings } from '../../api/api';
import Hours from '../settings/Hours.svelte';
import NightForm from '../settings/NightForm.svelte';
import RecordingForm from '../settings/RecordingForm.svelte';
import SectionCard from '../settings/SectionCard.svelte';
import SnapshotForm from '../settings/SnapshotForm.svelte';
import type { Snippet } from 'svelte';
import type { SectionForm, SectionName } from '../../state/section_form.svelte';
import SettingsForms from '../settings/SettingsForms.svelte';

const PAST = '/device?site=DEMO&device=transformer&at=';
const now = Date.now();
const minutes = (n: number): string => new Date(now - n * 60_000).toISOString();
const recording = (changes: Partial<Settings['recording']>): Settings => ({
  ...settingsOf('yard'),
  recording: {
    mode: 'motion',
    schedule: [],
    pre_roll_s: 5,
    post_roll_s: 10,
    longest_s: 300,
    ...changes,
  } as Settings['recording'],
});
const yard = { device: device('yard'), fields: null };
const night = (changes: Partial<Settings['night']>): Settings => ({
  ...settingsOf('yard'),
  night: {
    mode: 'never',
    start: '20:00',
    end: '06:00',
    latitude: null,
    longitude: null,
    sensitivity: 10,
    black_percentage: 99.5,
    controls: { brightness: null, gain: null, exposure: null, infrared_filter: null },
    ...changes,
  },
});
const snapshots = (changes: Partial<Settings['snapshots']>): Settings => ({
  ...settingsOf('yard'),
  snapshots: { every_s: null, schedule: [], caption: true, text: '', ...changes },
});
const refusedForm = {
  message: 'It needs a place',
  wrong: true,
  busy: false,
  isSaved: false,
} as unknown as SectionForm<SectionName>;

export const settingsParts: Case[] = [
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
  ...of(RecordingForm, 'settings/RecordingForm.svelte', [
    {
      when: 'typical',
      props: { device: device('yard'), settings: asResource(recording({})), fields: null },
      reads: ['Recording', 'While something moves', 'Seconds before motion', '5', 'Longest clip in seconds', 'Save'],
      not: [/Add hours/],
    },
    {
      when: 'in certain hours',
      props: {
        device: device('yard'),
        settings: asResource(
          recording({ mode: 'schedule', schedule: [{ days: ['mon'], start: '18:00', end: '06:00' }] }),
        ),
        fields: null,
      },
      reads: ['Monday', '18:00', '06:00', 'Remove hours 1', 'By the clock of the site.'],
      not: [/Seconds before motion/],
    },
    {
      when: 'empty',
      props: { device: device('yard'), settings: asResource<Settings>(null), fields: null },
      reads: [/^$/],
    },
  ]),
  ...of(Hours, 'settings/Hours.svelte', [
    {
      when: 'typical',
      props: { schedule: [{ days: ['mon'], start: '18:00', end: '06:00' }] },
      reads: ['Monday', '18:00', '06:00', 'Remove hours 1', 'Add hours', 'By the clock of the site.'],
    },
    { when: 'empty', props: { schedule: [] }, reads: ['Add hours'], not: [/Monday/] },
  ]),
  ...of(NightForm, 'settings/NightForm.svelte', [
    {
      when: 'typical',
      props: { ...yard, settings: asResource(night({ mode: 'hours' })) },
      reads: ['Night', 'In certain hours', '20:00', '06:00', 'Sensitivity of motion', '10', 'Camera controls', 'Save'],
      not: [/Latitude/],
    },
    {
      when: 'by the sun',
      props: { ...yard, settings: asResource(night({ mode: 'sun', latitude: 52.5, longitude: 13.4 })) },
      reads: ['From sunset to sunrise', 'Latitude, north is positive', '52.5', '13.4', 'Infrared filter', 'as by day'],
    },
    {
      when: 'never',
      props: { ...yard, settings: asResource(night({})) },
      reads: ['It is night', 'Never'],
      not: [/Sensitivity/],
    },
    { when: 'empty', props: { ...yard, settings: asResource<Settings>(null) }, reads: [/^$/] },
  ]),
  ...of(SectionCard, 'settings/SectionCard.svelte', [
    {
      when: 'refused',
      props: { title: 'Night', form: refusedForm, children: (() => undefined) as unknown as Snippet },
      reads: ['Night', 'It needs a place', 'Save'],
    },
  ]),
  ...of(SnapshotForm, 'settings/SnapshotForm.svelte', [
    {
      when: 'typical',
      props: { ...yard, settings: asResource(snapshots({ every_s: 1800, text: LONG })) },
      reads: ['Snapshots', 'Also regularly', '1800', 'Add hours', 'Name and time in the picture', LONG],
    },
    {
      when: 'only on request',
      props: { ...yard, settings: asResource(snapshots({ caption: false })) },
      reads: ['When somebody asks'],
      not: [/Add hours|Text after them/],
    },
    { when: 'empty', props: { ...yard, settings: asResource<Settings>(null) }, reads: [/^$/] },
  ]),
  ...of(SettingsForms, 'settings/SettingsForms.svelte', [
    {
      when: 'typical',
      props: { device: device('yard'), settings: asResource(settingsOf('yard')), fields: null },
      reads: ['Classes of motion'],
    },
    {
      when: 'a device without a camera',
      props: { device: device('yard', { kinds: [] }), settings: asResource(settingsOf('yard')), fields: null },
      reads: [/^$/],
    },
  ]),
];

// What is kept and taken along: clips, when a device records, notes and exports.

import { OUT_OF_REACH, asResource, refused } from '../../../dev/alone';
import type { Annotation, Clips as ClipsAnswer, Export, Hold, Report, RetentionPlan, Settings } from '../../api/api';
import ExportDialog from '../exports/ExportDialog.svelte';
import ExportList from '../exports/ExportList.svelte';
import ReportButton from '../reports/ReportButton.svelte';
import ReportDialog from '../reports/ReportDialog.svelte';
import DeletionsCard from '../marks/DeletionsCard.svelte';
import HoldForm from '../marks/HoldForm.svelte';
import HoldsCard from '../marks/HoldsCard.svelte';
import NoteEditor from '../marks/NoteEditor.svelte';
import NoteMarks from '../marks/NoteMarks.svelte';
import NotesPanel from '../marks/NotesPanel.svelte';
import Clips from '../recording/Clips.svelte';
import Hours from '../settings/Hours.svelte';
import NightForm from '../settings/NightForm.svelte';
import RecordingForm from '../settings/RecordingForm.svelte';
import SectionCard from '../settings/SectionCard.svelte';
import SnapshotForm from '../settings/SnapshotForm.svelte';
import Snapshots from '../recording/Snapshots.svelte';
import type { Snippet } from 'svelte';
import type { SectionForm, SectionName } from '../../state/section_form.svelte';
import { LONG, device, of, settingsOf, type Case } from './case';

const nothing = (): void => undefined;
const position = Date.now() - 3_600_000;
const at = new Date(position).toISOString();
const note: Annotation = {
  id: 'note-1',
  site: 'DEMO',
  devices: ['yard'],
  start: at,
  end: at,
  text: 'The lorry waits',
  colour: '#ff9500',
  by: 'Mara',
  created: at,
  changed_by: null,
  changed: null,
  removed: false,
};
const report: Report = {
  id: 'report-1',
  site: 'DEMO',
  name: 'Night shift',
  start: at,
  end: at,
  incident: null,
  by: 'Mara',
  asked: at,
  state: 'done',
  detail: null,
  devices: 4,
  incidents: 1,
  url: '/api/v1/reports/report-1',
};
const made: Export = {
  id: 'export-1',
  site: 'DEMO',
  devices: ['yard', 'gate'],
  start: at,
  end: at,
  form: 'zip',
  exact: false,
  speed: 1,
  originals: false,
  tables: false,
  by: 'Mara',
  asked: at,
  state: 'done',
  before: null,
  progress: 1,
  ended: at,
  detail: null,
  size: 412_000_000,
  sha256: 'ab',
  files: [{ name: 'yard.zip', url: '/exports/yard.zip' }] as Export['files'],
};
const notes = (annotations: Annotation[]) => ({ annotations: { annotations, next: null } });
const exports = (found: Export[]) => ({ exports: { exports: found, next: null } });
const planned: RetentionPlan['deletions'][number] = {
  rule: 'segment: kept for 24 h',
  site: 'DEMO',
  device: 'yard',
  kind: 'segment',
  start: at,
  end: at,
  goes: at,
  files: 360,
  bytes: 90_000_000,
  held_by: [],
};
const sum = { site: 'DEMO', device: 'yard', kind: 'segment', first_goes: at, files: 360, bytes: 90_000_000 };
const plan: RetentionPlan = { deletions: [planned], sums: [sum], files: 360, bytes: 90_000_000 };
const where = { devices: ['yard'], position };

const clip: ClipsAnswer['clips'][number] = {
  id: 'clip-1',
  site: 'DEMO',
  device: 'yard',
  trigger: 'MOTION',
  start: at,
  end: at,
  duration_s: 42,
  ended: true,
  playable: true,
  picture: null,
  url: '/hls/DEMO/yard/clip.m3u8',
};
const hold: Hold = {
  kind: 'hold',
  id: 'hold-1',
  site: 'DEMO',
  devices: ['yard'],
  start: at,
  end: at,
  reason: 'The police asks for it',
  by: 'Mara',
  since: at,
  released: false,
};
const clips = (found: ClipsAnswer['clips']) => ({ '/clips': { clips: found } });
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

export const kept: Case[] = [
  ...of(DeletionsCard, 'marks/DeletionsCard.svelte', [
    {
      when: 'typical',
      props: {},
      answers: { '/storage/retention': { ...plan, deletions: [planned, { ...planned, held_by: ['note note-1'] }] } },
      reads: ['Deleted next', '360 files, 90', 'Yard', 'Video', 'segment: kept for 24 h', 'kept: note note-1'],
    },
    {
      when: 'empty',
      props: {},
      answers: { '/storage/retention': { deletions: [], sums: [], files: 0, bytes: 0 } },
      reads: ['Nothing is deleted'],
      not: ['Each deletion'],
    },
  ]),
  ...of(HoldForm, 'marks/HoldForm.svelte', [
    {
      when: 'typical',
      props: {
        devices: ['yard'],
        range: { from: position, to: position + 60_000 },
        onheld: nothing,
        oncancel: nothing,
      },
      reads: ['Keep from deletion', 'Why it is kept', 'Your name', 'Keep it', 'Cancel'],
    },
  ]),
  ...of(HoldsCard, 'marks/HoldsCard.svelte', [
    {
      when: 'typical',
      props: {},
      answers: { '/holds': { holds: [hold, { ...hold, kind: 'note', id: 'note-1', reason: LONG }] } },
      reads: ['Kept from deletion', 'Held', 'Yard', 'The police asks for it · Mara', 'Release …', 'Noted', LONG],
    },
    { when: 'empty', props: {}, answers: { '/holds': { holds: [] } }, reads: [/^$/] },
    {
      when: 'a reason first',
      props: {},
      answers: { '/holds': { holds: [hold] } },
      press: 'Release …',
      reads: ['Why it may go', 'Cancel'],
    },
  ]),
  ...of(Clips, 'recording/Clips.svelte', [
    {
      when: 'typical',
      props: { device: device('yard') },
      answers: clips([clip]),
      reads: ['Clips', 'No picture', '42 s', 'Motion'],
      not: [/no video kept|still going on/],
    },
    { when: 'empty', props: { device: device('yard') }, answers: clips([]), reads: ['No clip in the last day'] },
    {
      when: 'not over, and without its video',
      props: { device: device('yard') },
      answers: clips([{ ...clip, ended: false, playable: false }]),
      reads: ['still going on', 'no video kept'],
    },
    {
      when: 'out of reach',
      props: { device: device('yard') },
      answers: { '/clips': OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
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
  ...of(Snapshots, 'recording/Snapshots.svelte', [
    {
      when: 'typical',
      props: { device: device('yard') },
      answers: {
        '/events': {
          events: [
            {
              position: 7,
              received: at,
              event: {
                id: 's',
                source: '/sites/DEMO/devices/yard',
                type: 'watchpost.snapshot.v1',
                time: at,
                data: { trigger: 'schedule', media: ['DEMO/yard/capture/1'] },
              },
            },
          ],
          next: null,
          head: 7,
        },
      },
      reads: ['Snapshots', 'of the last day', 'Yard, snapshot'],
    },
    {
      when: 'empty',
      props: { device: device('yard') },
      answers: { '/events': { events: [], next: null, head: 0 } },
      reads: [/^$/],
    },
    {
      when: 'out of reach',
      props: { device: device('yard', { name: LONG }) },
      answers: { '/events': OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
  ]),
  ...of(NoteEditor, 'marks/NoteEditor.svelte', [
    {
      when: 'empty',
      props: { ...where, note: null, onsaved: nothing, oncancel: nothing },
      reads: ['New note', 'A moment', 'Your name', 'About all of the site', 'Add note'],
    },
    {
      when: 'typical',
      props: { ...where, note, onsaved: nothing, oncancel: nothing },
      reads: ['Change note', 'Save'],
    },
  ]),
  ...of(NoteMarks, 'marks/NoteMarks.svelte', [
    {
      when: 'typical',
      props: { from: position - 60_000, to: position + 60_000 },
      answers: notes([note]),
      reads: ['Note: The lorry waits', 'Mara'],
    },
    {
      when: 'empty',
      props: { from: position - 60_000, to: position + 60_000 },
      answers: notes([]),
      reads: [/^$/],
    },
    {
      when: 'long names',
      props: { from: position - 60_000, to: position + 60_000 },
      answers: notes([{ ...note, text: LONG }]),
      reads: [`Note: ${LONG}`],
    },
  ]),
  ...of(NotesPanel, 'marks/NotesPanel.svelte', [
    {
      when: 'typical',
      props: where,
      answers: notes([note]),
      reads: ['Notes', 'The lorry waits', 'Yard · Mara', 'Change'],
    },
    { when: 'empty', props: where, answers: notes([]), reads: ['Nobody has noted anything yet'] },
    { when: 'one more', props: where, answers: notes([]), press: 'Note this moment', reads: ['New note', 'Add note'] },
    {
      when: 'refused',
      props: where,
      answers: {
        'note-1/remove': refused(409, 'Conflict', { detail: 'somebody has changed it' }),
        ...notes([note]),
      },
      press: 'Remove note: The lorry waits',
      reads: ['Somebody has changed it'],
    },
  ]),
  ...of(ExportDialog, 'exports/ExportDialog.svelte', [
    {
      when: 'typical',
      props: { ...where, onasked: nothing, onclose: nothing },
      reads: ['Export', '2 min', 'Video (MP4)', 'Side by side', 'Yard', 'Your name', 'Cancel'],
    },
    {
      when: 'a range and many cameras',
      props: {
        ...where,
        devices: ['yard', 'gate'],
        range: { from: position, to: position + 600_000 },
        onasked: nothing,
        onclose: nothing,
      },
      reads: ['10 min', 'With the recordings as they were kept, as evidence'],
    },
  ]),
  ...of(ReportDialog, 'reports/ReportDialog.svelte', [
    {
      when: 'typical',
      props: { at: position, incident: null, onclose: nothing },
      answers: { '/api/v1/reports': { reports: [report] } },
      reads: ['This minute and the 9 before', 'Night shift', 'Open', 'Mara'],
    },
    {
      when: 'of an incident',
      props: { at: position, incident: 'incident-1', onclose: nothing },
      answers: { '/api/v1/reports': { reports: [] } },
      reads: ['of this incident', 'No report was made yet'],
    },
    {
      when: 'failed',
      props: { at: position, incident: null, onclose: nothing },
      answers: {
        '/api/v1/reports': { reports: [{ ...report, state: 'failed', url: null, detail: 'nothing of it is kept' }] },
      },
      reads: ['Failed: nothing of it is kept'],
    },
  ]),
  ...of(ReportButton, 'reports/ReportButton.svelte', [
    { when: 'typical', props: { at: position }, reads: ['Generate report'] },
    {
      when: 'pressed',
      props: { at: position },
      answers: { '/api/v1/reports': { reports: [] } },
      press: 'Generate report',
      reads: ['Your name', 'No report was made yet'],
    },
  ]),
  ...of(ExportList, 'exports/ExportList.svelte', [
    {
      when: 'typical',
      props: where,
      answers: exports([made]),
      reads: ['Exports', 'ZIP', 'Yard, North gate', 'Ready', 'Download (412 MB)', 'Remove export'],
    },
    { when: 'empty', props: where, answers: exports([]), reads: ['Nothing was exported yet'] },
    {
      when: 'running',
      props: where,
      answers: exports([{ ...made, state: 'running', progress: 0.4, files: [] }]),
      reads: ['Being made', 'Cancel'],
      not: [/Download/],
    },
    {
      when: 'waiting',
      props: where,
      answers: exports([{ ...made, state: 'waiting', before: 3, progress: 0, files: [] }]),
      reads: ['Waits its turn, behind 3 others', 'Cancel'],
    },
    {
      when: 'failed',
      props: where,
      answers: exports([{ ...made, state: 'failed', files: [], detail: LONG }]),
      reads: [`Failed: ${LONG}`],
    },
    {
      when: 'out of reach',
      props: where,
      answers: { exports: OUT_OF_REACH },
      reads: ['Exports', 'Export …'],
      not: [/Nothing was exported/],
    },
  ]),
];

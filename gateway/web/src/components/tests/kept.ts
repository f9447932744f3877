// What is kept of a device: clips, snapshots, notes and holds.

import { OUT_OF_REACH, refused } from '../../../dev/alone';
import type { Annotation, Clips as ClipsAnswer, Hold, RetentionPlan } from '../../api/api';
import DeletionsCard from '../marks/DeletionsCard.svelte';
import HoldForm from '../marks/HoldForm.svelte';
import HoldsCard from '../marks/HoldsCard.svelte';
import NoteEditor from '../marks/NoteEditor.svelte';
import NoteMarks from '../marks/NoteMarks.svelte';
import NotesPanel from '../marks/NotesPanel.svelte';
import Clips from '../recording/Clips.svelte';
import Snapshots from '../recording/Snapshots.svelte';
import { LONG, device, of, type Case } from './case';

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
const notes = (annotations: Annotation[]) => ({ annotations: { annotations, next: null } });
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

export const kept: Case[] = [
  ...of(DeletionsCard, 'marks/DeletionsCard.svelte', [
    {
      when: 'typical',
      props: {},
      answers: { '/storage/retention': { ...plan, deletions: [planned, { ...planned, held_by: ['note note-1'] }] } },
      reads: ['Deleted next', '360 files, 90', 'Yard', 'Video', 'Kept for 24 h', 'Kept by a note'],
      not: [/segment/, /note-1/],
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
      when: 'not over, and its video not there yet',
      props: { device: device('yard') },
      answers: clips([{ ...clip, ended: false, playable: false }]),
      reads: ['still going on', 'video on its way'],
    },
    {
      when: 'over, and without its video',
      props: { device: device('yard') },
      answers: clips([{ ...clip, playable: false }]),
      reads: ['no video kept'],
      not: [/still going on/],
    },
    {
      when: 'out of reach',
      props: { device: device('yard') },
      answers: { '/clips': OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
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
];

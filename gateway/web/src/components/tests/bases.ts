// The small parts of which the others are made.

import { createRawSnippet, type Component, type Snippet } from 'svelte';
import { asResource, refused, OUT_OF_REACH } from '../../../dev/alone';
import Boxes from '../Boxes.svelte';
import DateField from '../DateField.svelte';
import Dialog from '../Dialog.svelte';
import Dot from '../Dot.svelte';
import EventList from '../EventList.svelte';
import Head from '../Head.svelte';
import Icon from '../Icon.svelte';
import LevelIcon from '../LevelIcon.svelte';
import Loaded from '../Loaded.svelte';
import Meter from '../Meter.svelte';
import MomentField from '../MomentField.svelte';
import Note from '../Note.svelte';
import ReasonedList from '../ReasonedList.svelte';
import SignedComment from '../SignedComment.svelte';
import Time from '../Time.svelte';
import WarningStrip from '../WarningStrip.svelte';
import Wide from '../Wide.svelte';
import Evidence from '../why/Evidence.svelte';
import WhyPanel from '../why/WhyPanel.svelte';
import WhereMark from '../trials/WhereMark.svelte';
import { LONG, eventsOf, of, type Case } from './case';
import { ApiError } from '../../api/api';
import type { Resource } from '../../api/resource.svelte';

const text = (words: string) => createRawSnippet(() => ({ render: () => `<p>${words}</p>` }));
const body = createRawSnippet<[string]>((given) => ({ render: () => `<p>${given()}</p>` }));
/** Of what a component with a parameter of its own type takes, only this is asked here. */
const LoadedText = Loaded as unknown as Component<{
  of: Resource<string>;
  children: Snippet<[string]>;
  empty?: (data: string) => boolean;
  none?: string;
  hint?: string;
}>;
const NOON = '2026-01-05T12:00:00.000Z';

const NamesList = ReasonedList as unknown as Component<Record<string, unknown>>;
const names = (items: string[]) => ({
  label: 'Muted',
  items,
  keyOf: (name: string) => name,
  verb: 'End',
  asks: 'Why it ends',
  limits: { maxlength: 200 },
  canEnd: (name: string) => name !== 'fixed',
  end: () => Promise.resolve(true),
  onended: () => undefined,
  about: body,
});

export const bases: Case[] = [
  ...of(NamesList, 'ReasonedList.svelte', [
    { when: 'empty', props: names([]), reads: [/^$/] },
    { when: 'typical', props: names(['gate']), reads: ['Muted', 'gate', 'End …'] },
    { when: 'it cannot be ended', props: names(['fixed']), reads: ['fixed'], not: [/End …/] },
    { when: 'pressed', props: names(['gate']), press: 'End …', reads: ['Why it ends', 'Cancel'] },
  ]),
  ...of(SignedComment, 'SignedComment.svelte', [
    {
      when: 'typical',
      props: {
        by: 'Mara',
        comment: '',
        limits: { by: {}, comment: {} },
        placeholder: 'What it was',
        problem: 'Write the comment first',
        children: text('Reviewed'),
      },
      reads: ['Your name', 'Comment', 'Reviewed', 'Write the comment first'],
    },
  ]),
  ...of(WhyPanel, 'why/WhyPanel.svelte', [
    {
      when: 'typical',
      props: { title: 'Incident', close: '#', children: text('Black') },
      reads: ['Incident', 'Black'],
    },
  ]),
  ...of(Evidence, 'why/Evidence.svelte', [
    {
      when: 'empty',
      props: { pictures: [], type: 'freeze', details: {}, rule: null, events: [] },
      reads: ['Events that made it so'],
    },
    {
      when: 'typical',
      props: {
        type: 'blackscreen',
        pictures: [{ url: '/media/DEMO/gate/evidence/1', name: 'First', time: NOON }],
        details: { share: 0.9, without_sound: true },
        rule: { title: 'The rule then', text: 'Raised when 80 % were black.' },
        events: eventsOf('yard', 'detection'),
        children: text('Between'),
      },
      reads: ['First', 'Pictures affected', '90 %', 'The rule then', 'Between', 'Events that made it so'],
    },
  ]),
  ...of(Boxes, 'Boxes.svelte', [
    { when: 'empty', props: { objects: [] }, reads: [/^$/] },
    {
      when: 'typical',
      props: { objects: [{ label: 'person', score: 0.954, box: [0.1, 0.2, 0.1, 0.3], zone: null }] },
      reads: [/^person 95 %$/],
    },
    {
      when: 'long names',
      props: { objects: [{ label: LONG, score: 1, box: [0.9, 0.9, 4, 4], zone: null }] },
      reads: [`${LONG} 100 %`],
    },
  ]),
  ...of(DateField, 'DateField.svelte', [
    {
      when: 'typical',
      props: { id: 'date', label: 'Date', value: '2026-01-05', max: '2026-01-06', onchoose: () => undefined },
      reads: ['Date', 'Mon 5 Jan 2026'],
    },
  ]),
  ...of(MomentField, 'MomentField.svelte', [
    {
      when: 'typical',
      props: { label: 'From', value: Date.parse('2026-01-05T09:15:00Z'), onchoose: () => undefined },
      reads: ['From'],
      not: ['UTC'],
    },
    {
      when: 'the clock shows the same twice',
      props: { label: 'From', value: Date.parse('2025-10-26T01:30:00Z'), onchoose: () => undefined },
      reads: ['From', 'UTC+2', 'UTC+1'],
    },
  ]),
  ...of(Dot, 'Dot.svelte', [{ when: 'typical', props: { tone: 'crit' }, reads: [/^$/] }]),
  ...of(EventList, 'EventList.svelte', [
    { when: 'empty', props: { events: [] }, reads: [/^$/] },
    { when: 'typical', props: { events: eventsOf('yard', 'detection') }, reads: ['People', 'people', 'Event 9'] },
    {
      when: 'a family that is younger than the page',
      props: {
        events: [
          {
            position: 7,
            received: NOON,
            event: { ...eventsOf('yard', 'motion')[0]?.event, type: 'watchpost.door_bell.v1', data: {} },
          },
        ] as never,
      },
      reads: ['Door bell', 'Event 7 of the journal'],
    },
  ]),
  ...of(Head, 'Head.svelte', [
    {
      when: 'typical',
      props: { title: 'Wall', children: text('Search'), about: text('4 devices') },
      reads: ['Wall 4 devices Search'],
    },
    { when: 'empty', props: { title: 'Wall' }, reads: ['Wall'] },
    { when: 'long names', props: { title: LONG }, reads: [LONG] },
  ]),
  ...of(Icon, 'Icon.svelte', [{ when: 'typical', props: { name: 'camera' }, reads: [/^$/] }]),
  ...of(LevelIcon, 'LevelIcon.svelte', [
    { when: 'typical', props: { level: 'warning' }, reads: [/^$/] },
    { when: 'a level that is younger than the page', props: { level: 'catastrophe' as never }, reads: [/^$/] },
  ]),
  ...of(LoadedText, 'Loaded.svelte', [
    { when: 'typical', props: { of: asResource('Four devices'), children: body }, reads: [/^Four devices$/] },
    {
      when: 'empty',
      props: {
        of: asResource(''),
        empty: (data: string) => !data,
        none: 'No device yet',
        hint: 'It comes.',
        children: body,
      },
      reads: ['No device yet It comes.'],
    },
    { when: 'waiting', props: { of: asResource<string>(null), children: body }, reads: ['Loading'] },
    {
      when: 'refused',
      props: { of: asResource<string>(null, new ApiError(403, 'no')), children: body },
      reads: ['This browser may not do that', 'Try again'],
      not: [/keeps trying/],
    },
    {
      when: 'out of reach',
      props: { of: asResource<string>(null, OUT_OF_REACH), children: body },
      reads: ['The gateway is out of reach', 'The page keeps trying', 'Try again'],
    },
    {
      when: 'refused after it was there',
      props: { of: asResource('Four devices', refused(500, 'no')), children: body },
      reads: [/^Not answered since \d\d:\d\d:\d\d: .* Four devices$/],
    },
  ]),
  ...of(Dialog, 'Dialog.svelte', [
    {
      when: 'typical',
      props: { title: 'Keys', width: 440, onclose: () => undefined, children: text('What they do') },
      reads: [/Keys Close What they do$/],
    },
  ]),
  ...of(Meter, 'Meter.svelte', [
    {
      when: 'typical',
      props: { name: 'Disk', percent: 85.25, detail: '34 GB free' },
      reads: [/^Disk 85\.[23] % 34 GB free$/],
    },
    { when: 'empty', props: { name: 'Disk', percent: 0 }, reads: [/^Disk 0\.0 %$/] },
    { when: 'not measured yet', props: { name: 'CPU', percent: null }, reads: [/^CPU –$/] },
  ]),
  ...of(Note, 'Note.svelte', [
    {
      when: 'typical',
      props: { title: 'No event yet', text: 'They come.', children: text('Again') },
      reads: [/^No event yet They come. Again$/],
    },
    { when: 'long names', props: { title: LONG }, reads: [LONG] },
  ]),
  ...of(Time, 'Time.svelte', [
    { when: 'empty', props: { at: null, none: 'never' }, reads: [/^never$/] },
    { when: 'typical', props: { at: NOON }, reads: ['Mon 5 Jan 2026, 13:00:00 Europe/Berlin (UTC+1)'] },
    { when: 'a moment that is none', props: { at: 'yesterday' }, reads: [/^–$/] },
  ]),
  ...of(WarningStrip, 'WarningStrip.svelte', [
    { when: 'typical', props: { role: 'status', children: text('Out of reach') }, reads: [/^Out of reach$/] },
  ]),
  ...of(Wide, 'Wide.svelte', [
    {
      when: 'typical',
      props: { label: 'Storage in full', children: text('A table') },
      reads: ['Storage in full A table'],
    },
  ]),
  ...of(WhereMark, 'trials/WhereMark.svelte', [{ when: 'typical', props: { where: 'only_live' }, reads: [/^$/] }]),
];

// Incidents, what people say of them, and what they do not want to hear of for a while.

import { OUT_OF_REACH, WAITING } from '../../../dev/alone';
import type { Incident, Incidents, RuleReading, WhyNot } from '../../api/api';
import IncidentFilters from '../incidents/IncidentFilters.svelte';
import IncidentList from '../incidents/IncidentList.svelte';
import IncidentWhy from '../why/IncidentWhy.svelte';
import IncidentsPanel from '../incidents/IncidentsPanel.svelte';
import MuteForm from '../incidents/MuteForm.svelte';
import MutesCard from '../incidents/MutesCard.svelte';
import ReviewForm from '../incidents/ReviewForm.svelte';
import WhyNotPanel from '../incidents/WhyNot.svelte';
import { LONG, asked, device, of, type Case } from './case';

const nothing = (): void => undefined;
const { incidents } = asked<Incidents>('/incidents', { site: 'DEMO' });
const [first] = incidents as [Incident, ...Incident[]];
const settled: Incident = {
  ...first,
  suppressed: 'mute',
  review: {
    state: 'discarded',
    by: 'Mara',
    at: first.opened,
    reason: 'A spider',
    assignee: null,
    entries: [
      {
        id: 'review-1',
        action: 'discarded',
        by: 'Mara',
        at: first.opened,
        comment: 'A spider',
        assignee: null,
        undone_by: null,
      },
      {
        id: 'review-0',
        action: 'assigned',
        by: 'Mara',
        at: first.opened,
        comment: null,
        assignee: 'Eve',
        undone_by: 'Eve',
      },
    ],
  },
};
const reason = { ...asked<object>(`/incidents/${first.id}`), incident: settled };
const at = '/alerts?site=DEMO&tab=incidents';

const reading = (rule: string, more: Partial<RuleReading> = {}): RuleReading => ({
  rule,
  sentence: 'At least 80 % of the frames of 30 s were black.',
  outcome: 'not_met',
  missing: 'Black for 12 s of 30 s; 24 s are needed.',
  nearest: first.opened,
  seen: { share: 0.4 },
  incidents: [],
  mute: null,
  cool_down_until: null,
  ...more,
});
const whyNot: WhyNot = {
  site: 'DEMO',
  device: 'yard',
  at: first.opened,
  start: first.opened,
  end: first.opened,
  events: 90,
  rules: [
    reading('blackscreen'),
    reading('freeze', {
      outcome: 'open',
      missing: null,
      cool_down_until: first.opened,
      mute: asked<{ mutes: NonNullable<RuleReading['mute']>[] }>('/mutes').mutes[0] ?? null,
      incidents: [
        {
          id: 'inc-9',
          level: 'warning',
          opened: first.opened,
          closed: null,
          suppressed: 'cool_down',
          alert: null,
          acknowledged: null,
        },
      ],
    }),
    reading('hot_spot', { outcome: 'unknown', missing: 'Nothing was measured.', nearest: null, seen: {} }),
  ],
};

export const incidentParts: Case[] = [
  ...of(WhyNotPanel, 'incidents/WhyNot.svelte', [
    {
      when: 'typical',
      props: { device: device('yard') },
      answers: { 'why-not': whyNot },
      press: 'Explain this moment',
      reads: [
        'Picture black No incident Black for 12 s of 30 s; 24 s are needed.',
        'Pictures affected 40 %',
        'Picture frozen Incident',
        'No alert: another had just been raised',
        'Muted by Mara until',
        'After the alert before, another is raised from',
        'Hot spot Not known Nothing was measured.',
      ],
    },
    { when: 'not asked', props: { device: device('yard') }, reads: ['Why no alert?', 'Explain this moment'] },
    {
      when: 'out of reach',
      props: { device: device('yard') },
      answers: { 'why-not': OUT_OF_REACH },
      press: 'Explain this moment',
      reads: ['The gateway is out of reach'],
    },
  ]),
  ...of(IncidentFilters, 'incidents/IncidentFilters.svelte', [
    {
      when: 'typical',
      at: `${at}&text=lens`,
      props: { zones: ['kiln'], types: ['freeze', 'younger_than_the_page'] },
      reads: ['Picture frozen', 'Younger than the page', 'kiln', 'Last 7 days', 'Not reviewed', 'lens'],
    },
    { when: 'empty', at, props: { zones: [], types: [] }, reads: ['Every type'], not: [/Every region/] },
    { when: 'of a mute', at: `${at}&mute=mute-1`, props: { zones: [], types: [] }, reads: ['Also with an alert'] },
  ]),
  ...of(IncidentList, 'incidents/IncidentList.svelte', [
    {
      when: 'typical',
      at,
      props: {
        incidents: [settled, ...incidents.slice(1)],
        shown: null,
        chosen: new Set([first.id]),
        onchoose: nothing,
      },
      reads: [`Choose all ${incidents.length}`, 'Discarded · Muted', 'Not reviewed'],
    },
    {
      when: 'long names',
      at,
      props: {
        incidents: [{ ...first, device_name: LONG }],
        shown: null,
        chosen: new Set<string>(),
        onchoose: nothing,
      },
      reads: [LONG],
    },
  ]),
  ...of(IncidentWhy, 'why/IncidentWhy.svelte', [
    {
      when: 'typical',
      at,
      props: { id: first.id, listed: true, onchanged: nothing },
      reads: ['The rule then', 'First picture', 'Decided picture', 'Your name', 'Reviewed', 'Mute …'],
    },
    {
      when: 'settled',
      at,
      props: { id: first.id, listed: true, onchanged: nothing },
      answers: { [first.id]: reason },
      reads: ['Discarded', 'Discarded by Mara', 'A spider', 'Assigned to Eve by Mara', 'taken back by Eve', 'Muted'],
    },
    {
      when: 'the past',
      at: `${at}&at=2026-07-01T10:00:00Z`,
      props: { id: first.id, listed: true, onchanged: nothing },
      answers: { [first.id]: reason },
      reads: ['The rule then'],
      not: [/Your name/, /Mute …/],
    },
    {
      when: 'not in the list',
      at,
      props: { id: first.id, listed: false, onchanged: nothing },
      reads: ['The rule then', 'First picture'],
    },
    {
      when: 'of an address that names nothing',
      at,
      props: { id: 'nobody', listed: false, onchanged: nothing },
      reads: ['There is no such incident'],
      not: [/Try again/],
    },
    {
      when: 'opened after the moment',
      at: `${at}&at=2020-07-01T10:00:00Z`,
      props: { id: first.id, listed: false, onchanged: nothing },
      reads: ['This incident was not known at this moment', 'As it is now'],
    },
    {
      when: 'out of reach',
      at,
      props: { id: 'nobody', listed: false, onchanged: nothing },
      answers: { incidents: OUT_OF_REACH },
      reads: ['The gateway is out of reach', 'Try again'],
    },
  ]),
  ...of(IncidentsPanel, 'incidents/IncidentsPanel.svelte', [
    {
      when: 'typical',
      at,
      props: {},
      reads: ['Still the case', 'In the last 7 days', 'Most common', 'Picture frozen, 2', 'Not reviewed', 'Mute …'],
    },
    {
      when: 'empty',
      at,
      props: {},
      answers: { incidents: { incidents: [] }, mutes: { mutes: [] } },
      reads: ['No incident', 'among what the filters let through'],
    },
    {
      when: 'out of reach',
      at,
      props: {},
      answers: { incidents: OUT_OF_REACH, 'incident-figures': OUT_OF_REACH, mutes: OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
    { when: 'waiting', at, props: {}, answers: { 'incident-figures': WAITING }, reads: ['Incidents'] },
  ]),
  ...of(MuteForm, 'incidents/MuteForm.svelte', [
    {
      when: 'typical',
      props: { site: 'DEMO', devices: ['yard'], types: ['freeze'], onmuted: nothing, oncancel: nothing },
      reads: ['Nobody is alerted to what happens at', '1 hour', 'Picture frozen', 'Why', 'Cancel'],
    },
    {
      when: 'of the hub',
      props: { site: '_hub', devices: [], types: [], onmuted: nothing, oncancel: nothing },
      reads: ['at the hub', 'Everything'],
    },
  ]),
  ...of(MutesCard, 'incidents/MutesCard.svelte', [
    {
      when: 'typical',
      props: { site: 'DEMO' },
      reads: ['Muted', 'Picture frozen', 'The lens is cleaned · Mara', '2 incidents withheld', 'End …'],
    },
    { when: 'asked to end', props: { site: 'DEMO' }, press: 'End …', reads: ['Why it ends', 'Cancel'] },
    { when: 'of another device', props: { site: 'DEMO', device: 'gate' }, reads: [], not: [/Muted/] },
  ]),
  ...of(ReviewForm, 'incidents/ReviewForm.svelte', [
    {
      when: 'typical',
      props: { ids: ['a', 'b'], open: true, onsaid: nothing },
      reads: ['Your name', 'Comment', 'Reviewed', 'Discard', 'Assign …'],
      not: [/Not reviewed/],
    },
    {
      when: 'discarded without a reason',
      props: { ids: ['a'], open: false, onsaid: nothing },
      press: 'Discard',
      reads: ['Say why it is discarded', 'Not reviewed'],
    },
    {
      when: 'nobody signs',
      props: { ids: ['a'], open: true, onsaid: nothing },
      press: 'Reviewed',
      reads: ['Say who you are'],
    },
  ]),
];

// Rules, and what others would have raised.

import { OUT_OF_REACH, refused } from '../../../dev/alone';
import { rules, trial, trials } from '../../../dev/trials';
import { compared, type Trial } from '../../state/trials';
import RuleTable from '../trials/RuleTable.svelte';
import RulesPanel from '../trials/RulesPanel.svelte';
import TrialLanes from '../trials/TrialLanes.svelte';
import TrialList from '../trials/TrialList.svelte';
import TrialResult from '../trials/TrialResult.svelte';
import TrialTable from '../trials/TrialTable.svelte';
import { LONG, of, type Case } from './case';

const nothing = (): void => undefined;
const done = trial('trial-1') as Trial;
const rows = compared(done, []);
const [since, until] = [Date.parse(done.since), Date.parse(done.until)];

export const trialParts: Case[] = [
  ...of(RuleTable, 'trials/RuleTable.svelte', [
    { when: 'typical', props: { rules, typed: {} }, reads: ['Hot spot', '80 °C', 'Hot spot to try, in °C'] },
    { when: 'empty', props: { rules: [], typed: {} }, reads: ['Rule', 'In force', 'To try'] },
    {
      when: 'a value that does not fit',
      props: { rules, typed: { hot_spot_c: 'warm', raise_share: '7' } },
      reads: ['Give a number', 'From 0.01 to 1'],
    },
    {
      when: 'long names',
      props: {
        rules: [{ name: 'younger_than_the_page', value: 1, unit: 's', description: LONG, minimum: 0, maximum: 2 }],
        typed: {},
      },
      reads: ['Younger than the page', LONG],
    },
  ]),
  ...of(RulesPanel, 'trials/RulesPanel.svelte', [
    {
      when: 'typical',
      props: {},
      reads: ['Rules in force', 'Hot spot', 'Change a value to try it', 'Hot spot 75 °C', 'Try on the past'],
    },
    {
      when: 'empty',
      props: {},
      answers: { trials: { trials: [] }, rules: { rules: [], version: 1, sentences: {} } },
      reads: ['No rules yet', 'Nothing has been tried yet'],
    },
    {
      when: 'out of reach',
      props: {},
      answers: { trials: OUT_OF_REACH, rules: OUT_OF_REACH },
      reads: ['The gateway is out of reach'],
    },
  ]),
  ...of(TrialLanes, 'trials/TrialLanes.svelte', [
    {
      when: 'typical',
      props: { rows, since, until },
      reads: ['Live', 'Trial', 'Transformer T1', 'Hot spot: only in the trial'],
    },
    { when: 'empty', props: { rows: [], since, until }, reads: [], not: [/Live|Trial/] },
  ]),
  ...of(TrialList, 'trials/TrialList.svelte', [
    {
      when: 'typical',
      props: { trials: trials(), rules, chosen: null, onend: nothing },
      reads: ['Hot spot 75 °C', '3 more, 1 fewer', '24 h', 'Demo yard', 'Delete the trial Hot spot 75 °C'].filter(
        (one) => one !== '24 h',
      ),
    },
    { when: 'empty', props: { trials: [], rules, chosen: null, onend: nothing }, reads: [/^$/] },
    {
      when: 'failed',
      props: {
        trials: trials().map((one) => ({ ...one, state: 'failed' as const, error: LONG })),
        rules,
        chosen: null,
        onend: nothing,
      },
      reads: ['Failed', LONG],
    },
    {
      when: 'running',
      props: {
        trials: trials().map((one) => ({ ...one, state: 'running' as const, progress: 0.42 })),
        rules,
        chosen: null,
        onend: nothing,
      },
      reads: ['42 %', 'Stop the trial'],
    },
  ]),
  ...of(TrialResult, 'trials/TrialResult.svelte', [
    {
      when: 'typical',
      props: { id: 'trial-1', rules, listed: true },
      reads: ['Result of the trial', 'Hot spot 75 °C', '9 alerts live', 'Only in the trial 3', 'Only live 1'],
    },
    {
      when: 'empty',
      props: { id: 'trial-1', rules, listed: true },
      answers: {
        'trial-1': {
          ...done,
          both: [],
          only_trial: [],
          only_live: [],
          raised: [],
          counts: { raised: 0, both: 0, only_trial: 0, only_live: 0 },
        },
      },
      reads: ['No alert in this time, neither live nor with these rules'],
    },
    {
      when: 'failed',
      props: { id: 'trial-1', rules, listed: true },
      answers: { 'trial-1': { ...done, state: 'failed', error: 'the journal is away' } },
      reads: ['The trial failed', 'the journal is away'],
    },
    {
      when: 'refused',
      props: { id: 'gone', rules, listed: true },
      answers: { gone: refused(404, 'no') },
      reads: ['There is nothing of this here'],
    },
    {
      when: 'empty',
      props: { id: 'gone', rules, listed: false },
      reads: ['There is no such trial'],
    },
  ]),
  ...of(TrialTable, 'trials/TrialTable.svelte', [
    { when: 'typical', props: { rows }, reads: ['Found', 'Only live', 'No sound', 'Yard', 'Why'] },
    { when: 'empty', props: { rows: [] }, reads: ['Found', 'Alert', 'Device'] },
    {
      when: 'many',
      props: {
        rows: Array.from({ length: 30 }, (_, n) =>
          rows.map((row) => ({ ...row, raised: { ...row.raised, id: `${n}-${row.raised.id}` } })),
        ).flat(),
      },
      reads: [/Show \d+ more of \d+/],
    },
  ]),
];

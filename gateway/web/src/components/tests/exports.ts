// Exports and reports: what is taken along.

import { OUT_OF_REACH } from '../../../dev/alone';
import type { Export, Report } from '../../api/api';
import ExportDialog from '../exports/ExportDialog.svelte';
import ExportList from '../exports/ExportList.svelte';
import RecordedSize from '../exports/RecordedSize.svelte';
import ReportButton from '../reports/ReportButton.svelte';
import ReportDialog from '../reports/ReportDialog.svelte';
import { LONG, of, type Case } from './case';

const nothing = (): void => undefined;
const position = Date.now() - 3_600_000;
const at = new Date(position).toISOString();
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
const exports = (found: Export[]) => ({ exports: { exports: found, next: null } });
const where = { devices: ['yard'], position };

export const exportParts: Case[] = [
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
    {
      when: 'a range that ends before it begins',
      props: { ...where, range: { from: position, to: position - 1000 }, onasked: nothing, onclose: nothing },
      reads: ['It ends before it begins'],
      not: [/ min,/],
    },
    {
      when: 'a range that has not passed',
      props: { ...where, range: { from: position, to: position + 600_000_000 }, onasked: nothing, onclose: nothing },
      reads: ['Export'],
      not: [/has not come yet/],
    },
  ]),
  ...of(RecordedSize, 'exports/RecordedSize.svelte', [
    {
      when: 'typical',
      props: { device: 'yard', from: position, to: position + 60_000 },
      answers: { '/recordings': { recordings: [{ bytes: 1_200_000 }, { bytes: 800_000 }] } },
      reads: ['about 2.0 MB'],
    },
    {
      when: 'empty',
      props: { device: 'yard', from: position, to: position + 60_000 },
      answers: { '/recordings': { recordings: [] } },
      reads: ['nothing recorded then'],
    },
    {
      when: 'out of reach',
      props: { device: 'yard', from: position, to: position + 60_000 },
      answers: { '/recordings': OUT_OF_REACH },
      reads: [/^$/],
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

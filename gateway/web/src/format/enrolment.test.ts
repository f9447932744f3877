import { describe, expect, it } from 'vitest';
import type { EnrolledAgent } from '../api/api';
import {
  agentStateWord,
  changeWord,
  codeState,
  enrolCommand,
  outcomeWord,
  versionWord,
  type ShownCode,
} from './enrolment';

const version = (n: number): NonNullable<EnrolledAgent['wanted']> => ({
  version: n,
  configuration: '{}',
  devices: ['DEMO/yard'],
  by: 'Mara',
  time: '2026-01-05T10:00:00.000Z',
});
const agent = (changes: Partial<EnrolledAgent>): EnrolledAgent => ({
  node: 'pi-1',
  state: 'enrolled',
  by: 'Mara',
  since: null,
  code_expires: null,
  devices: [],
  wanted: version(2),
  in_force: version(2),
  forgotten: null,
  refused: null,
  ...changes,
});

describe('an agent on another machine', () => {
  it.each([
    [agent({}), 'Runs version 2'],
    [agent({ in_force: version(1) }), 'Runs version 1; version 2 is on its way'],
    [
      agent({ in_force: version(1), refused: { version: 2, reason: 'no picture', time: '2026-01-05T10:00:00.000Z' } }),
      'Runs version 1, which came up last',
    ],
    [agent({ in_force: null }), ''],
    [
      agent({ in_force: null, forgotten: 5 }),
      'Runs version 5, which this hub does not know any more: send it its configuration again',
    ],
  ])('runs a version %#', (one, words) => {
    expect(versionWord(one)).toBe(words);
  });

  it.each([
    ['valid', {}, 0],
    ['expired', {}, 900],
    ['used', { since: '2026-01-05T10:05:00.000Z' }, 0],
    ['used', { since: '2026-01-05T10:05:00.000Z' }, 900],
    ['valid', { state: 'code_issued', since: '2026-01-05T10:00:01.000Z' }, 0],
    [null, { state: 'revoked' }, 0],
    [null, { node: 'pi-2' }, 0],
  ])('has a code that is %s', (state, changes, laterS) => {
    const code: ShownCode = { node: 'pi-1', code: 'A-B', expires: '2026-01-05T10:15:00.000Z', since: null };
    const now = Date.parse('2026-01-05T10:00:05.000Z') + laterS * 1000;
    expect(codeState(code, agent(changes), now)).toBe(state);
  });

  it.each([
    ['enrolled', 'Enrolled'],
    ['revoked', 'Revoked'],
    ['code_issued', 'Waits for its code'],
    ['new', 'Not enrolled yet'],
  ])('is %s', (state, words) => {
    expect(agentStateWord(agent({ state }))).toBe(words);
  });

  it.each([
    [2, null, 'in force'],
    [1, 'applied', 'was in force'],
    [1, 'refused', 'not taken'],
    [3, null, 'on its way'],
    [1, null, 'never ran'],
  ] as const)('has a version %i that is said to be %s: %s', (of, state, words) => {
    const outcome = state && { state, time: '2026-01-05T10:00:00.000Z', reason: null };
    expect(outcomeWord({ version: of, outcome }, agent({ wanted: version(3) }))).toBe(words);
  });

  it.each([
    ['sites.YARD.devices.GATE.rates.thermal_fps', '4.0', '5.0', 'YARD/GATE rates.thermal_fps: 4.0 → 5.0'],
    ['sites.YARD.devices.GATE.visual.url', '"rtsp://gate"', null, 'YARD/GATE visual.url: rtsp://gate, gone'],
    ['comes_up_within_s', null, '10.0', 'comes_up_within_s: 10.0, new'],
  ])('changes %s', (path, before, after, words) => {
    expect(changeWord({ path, before, after })).toBe(words);
  });

  it('is enrolled by a command that names the hub as the page is reached', () => {
    const code = 'AAAA-BBBB-CCCC';
    expect(enrolCommand(code, { protocol: 'https:', host: 'hub.example' })).toBe(
      'watchpost edge --enrol AAAA-BBBB-CCCC@hub.example',
    );
    expect(enrolCommand(code, { protocol: 'http:', host: '127.0.0.1:8080' })).toBe(
      'watchpost edge --enrol AAAA-BBBB-CCCC@http://127.0.0.1:8080',
    );
  });
});

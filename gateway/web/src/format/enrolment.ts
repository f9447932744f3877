// Agents on other machines, in words.

import type { EnrolledAgent, EnrolmentCode, ListedVersion } from '../api/api';

export function agentStateWord(agent: EnrolledAgent): string {
  switch (agent.state) {
    case 'enrolled':
      return 'Enrolled';
    case 'revoked':
      return 'Revoked';
    case 'code_issued':
      return 'Waits for its code';
    default:
      return 'Not enrolled yet';
  }
}

/** Which configuration it runs, and which it is to run. */
export function versionWord(agent: EnrolledAgent): string {
  if (agent.forgotten !== null)
    return `Runs version ${agent.forgotten}, which this hub does not know any more: send it its configuration again`;
  const [running, wanted] = [agent.in_force?.version, agent.wanted?.version];
  if (running === undefined) return '';
  if (wanted === undefined || wanted === running) return `Runs version ${running}`;
  if (wanted === agent.refused?.version) return `Runs version ${running}, which came up last`;
  return `Runs version ${running}; version ${wanted} is on its way`;
}

/** What became of a version at its agent. */
export function outcomeWord(one: Pick<ListedVersion, 'version' | 'outcome'>, agent: EnrolledAgent): string {
  if (one.version === agent.in_force?.version) return 'in force';
  if (one.outcome?.state === 'refused') return 'not taken';
  if (one.outcome) return 'was in force';
  return one.version === agent.wanted?.version ? 'on its way' : 'never ran';
}

/** A value that differs from the version before; the names of lists are left out. */
export function changeWord({ path, before, after }: ListedVersion['changes'][number]): string {
  const where = path
    .replace(/^sites\./, '')
    .replace('.devices.', '/')
    .replace('.', ' ');
  const [was, is] = [before, after].map((json) => json?.replace(/^"(.*)"$/, '$1'));
  if (was === undefined) return `${where}: ${is}, new`;
  return is === undefined ? `${where}: ${was}, gone` : `${where}: ${was} → ${is}`;
}

/** A code that was made here, and since when its agent was what it was then. */
export interface ShownCode extends EnrolmentCode {
  since: string | null;
}

/** What became of a code; nothing of one for another agent, or of an agent that is revoked. */
export function codeState(
  code: ShownCode | null,
  agent: EnrolledAgent,
  now: number,
): 'valid' | 'used' | 'expired' | null {
  if (code?.node !== agent.node || agent.state === 'revoked') return null;
  if (agent.state === 'enrolled' && agent.since !== code.since) return 'used';
  return now < Date.parse(code.expires) ? 'valid' : 'expired';
}

/** What is typed at the machine. */
export function enrolCommand(code: string, page: { protocol: string; host: string }): string {
  const address = page.protocol === 'https:' ? page.host : `http://${page.host}`;
  return `watchpost edge --enrol ${code}@${address}`;
}

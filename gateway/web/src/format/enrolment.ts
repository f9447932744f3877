// Agents on other machines, in words.

import type { EnrolledAgent, EnrolmentCode } from '../api/api';

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

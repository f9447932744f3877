import { describe, expect, it } from 'vitest';
import { commandActions, commandStateWord, commandWord } from './commands';

describe('the commands of a device', () => {
  it('have a button each where they are offered, and none where they are not', () => {
    expect(commandActions(['settings', 'snapshot', 'reconnect']).map((action) => action.label)).toEqual(['Reconnect']);
    expect(commandActions(['night_mode']).map((action) => action.arguments['night'])).toEqual([true, false, null]);
    expect(commandActions([])).toEqual([]);
  });

  it('have words, also those of other devices', () => {
    expect(commandWord('restart_agent')).toBe('Restart of the agent');
    expect(commandWord('open_gate')).toBe('Open gate');
    expect(commandStateWord('timed_out')).toBe('not answered in time');
  });
});

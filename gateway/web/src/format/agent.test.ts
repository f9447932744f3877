import { describe, expect, it } from 'vitest';
import { linkWord, machineWord } from './agent';

const SYSTEM = {
  cpu_percent: 31.4,
  memory_percent: 44,
  disk_percent: null,
  disk_free_bytes: null,
  temperature: 52.1,
  uptime_seconds: 90_000,
};

describe('what an agent says', () => {
  it('of its machine is said as far as it is known', () => {
    expect(machineWord(SYSTEM, false)).toBe('CPU 31 %, memory 44 %, 52 °C, clock not synchronised');
    expect(machineWord({ ...SYSTEM, cpu_percent: null, memory_percent: null, temperature: null }, true)).toBe('–');
  });

  it('of its link is the network that is used', () => {
    const down = { name: 'eth0', is_up: false, is_used: false, signal_dbm: null, speed_mbit: null };
    const radio = { name: 'wlan0', is_up: true, is_used: true, signal_dbm: -61, speed_mbit: null };
    expect(linkWord([down, radio], null)).toBe('wlan0, -61 dBm');
    expect(linkWord([down], null)).toBe('eth0, down');
    expect(linkWord([], null)).toBe('–');
  });
});

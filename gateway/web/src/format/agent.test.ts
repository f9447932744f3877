import { describe, expect, it } from 'vitest';
import { failedWord, linkWord, machineWord, thermalWord } from './agent';

const SYSTEM = {
  cpu_percent: 31.4,
  memory_percent: 44,
  disk_percent: null,
  disk_free_bytes: null,
  temperature: 52.1,
  uptime_seconds: 90_000,
};

const LINK = {
  messages: 10,
  bytes_sent: 4000,
  bytes_saved: 900,
  reconnects: 0,
  events_resent: 0,
  round_trip_ms: null,
  durable_ms: null,
  pictures: null,
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

  it('of its messages is said where not all were sent at once', () => {
    expect(failedWord({ ...LINK, messages_failed: 0, retries: 0 })).toBe('');
    expect(failedWord({ ...LINK, messages_failed: 1200, retries: 3 })).toBe('1,200 failed, 3 arrived later');
  });

  it('of its thermal frames is said as far as there is something to say', () => {
    const usual = { frames: 4800, bad_pixels: 0, averaged_frames: 5, hot_spots: 0, filtered: true };
    expect(thermalWord(usual)).toBe('4,800 frames, the newest 5 averaged');
    expect(thermalWord({ ...usual, bad_pixels: 12, hot_spots: 1, filtered: false })).toBe(
      '4,800 frames, not filtered, 12 pixels replaced, 1 hot spot remembered',
    );
  });
});

import { describe, expect, it } from 'vitest';
import { FragmentSound } from './fragment_sound';

const [VIDEO, AUDIO, TABLE] = [0x100, 0x101, 0x1000];
const CLOCK = 90_000;

/** A packet whose payload is at its end. */
function packet(pid: number, payload: number[]): number[] {
  const stuffing = 184 - payload.length;
  const field = stuffing
    ? [stuffing - 1, ...(stuffing > 1 ? [0] : []), ...new Array(Math.max(0, stuffing - 2)).fill(255)]
    : [];
  return [0x47, 0x40 | (pid >> 8), pid & 255, stuffing ? 0x30 : 0x10, ...field, ...payload];
}

function table(audioType: number): number[] {
  const streams = [0x1b, 0xe1, 0x00, 0xf0, 0, audioType, 0xe1, 0x01, 0xf0, 0];
  return packet(TABLE, [0, 2, 0xb0, 13 + streams.length, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0, ...streams, 1, 2, 3, 4]);
}

function unit(pid: number, time: number, content: number[]): number[] {
  const stamp = [
    0x21 | (Math.floor(time / 2 ** 29) & 14),
    (time >>> 22) & 255,
    ((time >>> 14) & 254) | 1,
    (time >>> 7) & 255,
    ((time << 1) & 254) | 1,
  ];
  return packet(pid, [0, 0, 1, pid === VIDEO ? 0xe0 : 0xc0, 0, 0, 0x80, 0x80, 5, ...stamp, ...content]);
}

const SPOKEN = [0xff, 0xf1, 0x60, 0x40, 1, 0xbf, 0xfc, 1, 2, 3, 4, 5, 6];

/** Ten seconds of pictures, with one piece of sound where `sounds`; the time is beyond 32 bits. */
function segment(sounds: boolean, from = 2 ** 32 + 10 * CLOCK): ArrayBuffer {
  const bytes = [
    ...packet(0, [0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xf0, 0, 1, 2, 3, 4]),
    ...table(0x0f),
    ...unit(VIDEO, from, [0, 0, 1, 0x65]),
    ...(sounds ? unit(AUDIO, from, SPOKEN) : []),
    ...unit(VIDEO, from + 10 * CLOCK, [0, 0, 1, 0x41]),
  ];
  return new Uint8Array(bytes).buffer;
}

const namesSound = (buffer: ArrayBuffer): boolean =>
  new Uint8Array(buffer).subarray(188, 376).some((byte, i, all) => byte === 0x0f && all[i + 1] === 0xe1);
const packetsOf = (buffer: ArrayBuffer, pid: number): number =>
  [...Array(buffer.byteLength / 188).keys()].filter((n) => {
    const at = new Uint8Array(buffer, n * 188, 3);
    return ((at[1] ?? 0) & 31) * 256 + (at[2] ?? 0) === pid;
  }).length;

describe('the sound of a recorded segment', () => {
  it('stays as it is where there is some', () => {
    const given = segment(true);
    expect(new FragmentSound().whole(given)).toBe(given);
  });
  it('is not named while none has come', () => {
    const made = new FragmentSound().whole(segment(false));
    expect(namesSound(made)).toBe(false);
    expect(made.byteLength).toBe(segment(false).byteLength);
  });
  it('is silence as long as the pictures where it pauses', () => {
    const sound = new FragmentSound();
    sound.whole(segment(true));
    const made = sound.whole(segment(false));
    expect(namesSound(made)).toBe(true);
    // 16 kHz: frames of 64 ms, eight in a packet.
    expect(packetsOf(made, AUDIO)).toBe(Math.ceil(10 / (8 * 0.064)));
    expect(made.byteLength % 188).toBe(0);
  });
  it('of what is no transport stream is left alone', () => {
    const other = new Uint8Array([0, 0, 0, 24, 0x66, 0x74, 0x79, 0x70]).buffer;
    expect(new FragmentSound().whole(other)).toBe(other);
  });
});

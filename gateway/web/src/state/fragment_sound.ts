// Makes the sound of a recorded segment reach as far as its pictures: a browser shows no picture for which sound is
// missing. A camera may name sound and never send any, or pause it for as long as a segment.

const PACKET = 188;
const SYNC = 0x47;
const CLOCK = 90_000;
const AAC = 0x0f;
/** A type of stream that no player knows, and leaves out. */
const UNKNOWN = 0xff;
const FRAME_SAMPLES = 1024;
const RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];
/** A frame of AAC-LC without a header, by its channels. */
const SILENCE: Record<1 | 2, readonly number[]> = {
  1: [0x00, 0xc8, 0x00, 0x80, 0x23, 0x80],
  2: [0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80],
};
/** Frames in one packet: those of two channels just fit. */
const FRAMES_PER_PACKET = 8;

export interface SoundForm {
  rate: number;
  channels: 1 | 2;
}

interface Streams {
  video: number;
  audio: number;
  /** Where the type of the stream of sound stands, in each table of the segment. */
  types: number[];
}

const pidOf = (data: Uint8Array, at: number): number => ((data[at + 1] ?? 0) & 0x1f) * 256 + (data[at + 2] ?? 0);
const begins = (data: Uint8Array, at: number): boolean => ((data[at + 1] ?? 0) & 0x40) !== 0;
/** Where the payload of a packet begins. */
const payloadOf = (data: Uint8Array, at: number): number =>
  at + 4 + ((data[at + 3] ?? 0) & 0x20 ? 1 + (data[at + 4] ?? 0) : 0);

/** The tables of programs (ISO/IEC 13818-1, 2.4.4), each of which fits into its packet. */
function streamsOf(data: Uint8Array): Streams | null {
  let tables = -1;
  const found: Streams = { video: -1, audio: -1, types: [] };
  for (let at = 0; at + PACKET <= data.length; at += PACKET) {
    if (!begins(data, at)) continue;
    const pid = pidOf(data, at);
    const section = payloadOf(data, at) + 1 + (data[payloadOf(data, at)] ?? 0);
    if (pid === 0) tables = ((data[section + 10] ?? 0) & 0x1f) * 256 + (data[section + 11] ?? 0);
    else if (pid === tables) readTable(data, section, found);
  }
  return found.video < 0 || found.audio < 0 ? null : found;
}

function readTable(data: Uint8Array, section: number, found: Streams): void {
  const end = section + 3 + (((data[section + 1] ?? 0) & 0x0f) * 256 + (data[section + 2] ?? 0)) - 4;
  let at = section + 12 + (((data[section + 10] ?? 0) & 0x0f) * 256 + (data[section + 11] ?? 0));
  for (; at + 5 <= end; at += 5 + (((data[at + 3] ?? 0) & 0x0f) * 256 + (data[at + 4] ?? 0))) {
    const pid = ((data[at + 1] ?? 0) & 0x1f) * 256 + (data[at + 2] ?? 0);
    if (data[at] === AAC) {
      found.audio = pid;
      found.types.push(at);
    } else if (data[at] === 0x1b || data[at] === 0x24) found.video = pid;
  }
}

/** The time in front of a unit, or null where it has none. */
function timeOf(data: Uint8Array, at: number): number | null {
  const [, , , a = 0, b = 0, c = 0, d = 0, e = 0] = data.subarray(at + 6, at + 14);
  if (((data[at + 7] ?? 0) & 0x80) === 0) return null;
  return (a & 0x0e) * 2 ** 29 + b * 2 ** 22 + (c & 0xfe) * 2 ** 14 + d * 2 ** 7 + (e >> 1);
}

function formOf(data: Uint8Array, at: number): SoundForm | null {
  const head = at + 9 + (data[at + 8] ?? 0);
  if (data[head] !== 0xff || ((data[head + 1] ?? 0) & 0xf6) !== 0xf0) return null;
  const rate = RATES[((data[head + 2] ?? 0) >> 2) & 0x0f];
  const channels = (((data[head + 2] ?? 0) & 1) << 2) | ((data[head + 3] ?? 0) >> 6);
  return rate === undefined ? null : { rate, channels: channels === 1 ? 1 : 2 };
}

export class FragmentSound {
  /** That of the last segment that had sound. */
  #form: SoundForm | null = null;

  /** The segment with silence where it has no sound at all; without the name of its sound while nobody knows its form. */
  whole(buffer: ArrayBuffer): ArrayBuffer {
    const data = new Uint8Array(buffer);
    if (data[0] !== SYNC || data.length % PACKET) return buffer;
    const streams = streamsOf(data);
    if (!streams) return buffer;
    let first: number | null = null;
    let last: number | null = null;
    for (let at = 0; at + PACKET <= data.length; at += PACKET) {
      if (!begins(data, at)) continue;
      const pid = pidOf(data, at);
      if (pid === streams.audio) {
        this.#form = formOf(data, payloadOf(data, at)) ?? this.#form;
        return buffer;
      }
      const time = pid === streams.video ? timeOf(data, payloadOf(data, at)) : null;
      first ??= time;
      last = time ?? last;
    }
    if (this.#form && first !== null && last !== null)
      return joined(data, silence(streams.audio, this.#form, first, Math.max(last, first + CLOCK / 25)));
    for (const at of streams.types) data[at] = UNKNOWN;
    return buffer;
  }
}

function joined(data: Uint8Array, more: readonly Uint8Array[]): ArrayBuffer {
  const whole = new Uint8Array(data.length + more.length * PACKET);
  whole.set(data);
  more.forEach((packet, i) => whole.set(packet, data.length + i * PACKET));
  return whole.buffer;
}

/** Packets of silence from one time to another. */
function silence(pid: number, form: SoundForm, from: number, to: number): Uint8Array[] {
  const lasts = (FRAME_SAMPLES * CLOCK) / form.rate;
  const made: Uint8Array[] = [];
  for (let frame = 0; from + frame * lasts < to; frame += FRAMES_PER_PACKET)
    made.push(packetOf(pid, form, Math.round(from + frame * lasts), made.length));
  return made;
}

function packetOf(pid: number, form: SoundForm, time: number, count: number): Uint8Array {
  const frame = [...headerOf(form), ...SILENCE[form.channels]];
  const frames = Array.from({ length: FRAMES_PER_PACKET }, () => frame).flat();
  const high = Math.floor(time / 2 ** 30) & 7;
  const unit = [
    ...[0, 0, 1, 0xc0, 0, frames.length + 8, 0x80, 0x80, 5],
    ...[0x21 | (high << 1), (time >>> 22) & 0xff, ((time >>> 14) & 0xfe) | 1],
    ...[(time >>> 7) & 0xff, ((time << 1) & 0xfe) | 1],
    ...frames,
  ];
  const stuffing = PACKET - 4 - unit.length;
  const field = stuffing > 1 ? [stuffing - 1, 0, ...new Array<number>(stuffing - 2).fill(0xff)] : [stuffing - 1];
  return new Uint8Array([SYNC, 0x40 | (pid >> 8), pid & 0xff, 0x30 | (count & 15), ...field, ...unit]);
}

/** ISO/IEC 13818-7, 6.2. */
function headerOf({ rate, channels }: SoundForm): number[] {
  const length = SILENCE[channels].length + 7;
  return [
    ...[0xff, 0xf1, 0x40 | (RATES.indexOf(rate) << 2), channels << 6],
    ...[length >> 3, ((length & 7) << 5) | 0x1f, 0xfc],
  ];
}
